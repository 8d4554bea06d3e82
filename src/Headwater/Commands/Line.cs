namespace Headwater.Commands;

/// <summary>How a line of a screen is meant.</summary>
enum Tone
{
    Plain,
    Bold,
    Dim,
    Good,
    Warn,
    Bad,
}

/// <summary>A line of a screen. Colour says nothing that the words do not say too.</summary>
readonly record struct Line(Tone Tone, string Text)
{
    public static readonly Line Empty = new(Tone.Plain, "");

    /// <summary>With the terminal's colours (ECMA-48 SGR), or as plain text.</summary>
    public string Show(bool colours) => !colours || Text.Length == 0 ? Text : Tone switch
    {
        Tone.Bold => $"\e[1m{Text}\e[0m",
        Tone.Dim => $"\e[2m{Text}\e[0m",
        Tone.Good => $"\e[32m{Text}\e[0m",
        Tone.Warn => $"\e[33m{Text}\e[0m",
        Tone.Bad => $"\e[31m{Text}\e[0m",
        _ => Text,
    };

    /// <summary>Only where a person looks on, and has not asked for none (https://no-color.org).</summary>
    public static bool HasColours(TextWriter output) =>
        ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && Environment.GetEnvironmentVariable("TERM") is not (null or "dumb");
}
