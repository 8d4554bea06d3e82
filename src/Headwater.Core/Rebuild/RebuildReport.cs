using System.Globalization;
using System.Text;

namespace Headwater.Core.Rebuild;

/// <summary>What became of a rebuild, for people and programs.</summary>
public sealed record RebuildReport
{
    /// <summary>The rule of the finding that tells how far it has come.</summary>
    public const string Progress = "rebuilding";

    public required string Server { get; init; }
    public required string Source { get; init; }
    public required string Primary { get; init; }
    public required bool DryRun { get; init; }

    /// <summary>By which means the data came, and why by these.</summary>
    public string Method { get; init; } = "";
    public IReadOnlyList<string> Plan { get; init; } = [];

    /// <summary>Settings that refuse the server, or that it should have; with what mends each.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>The place in the log at which the copy was whole.</summary>
    public string Position { get; init; } = "";
    public int Schemas { get; init; }
    public int Tables { get; init; }
    public long Rows { get; init; }
    public long Bytes { get; init; }

    /// <summary>Views, routines, triggers, events and sequences.</summary>
    public int Programs { get; init; }
    public int Accounts { get; init; }

    /// <summary>What the source has and the copy has not, or not for certain; a sentence each.</summary>
    public IReadOnlyList<string> NotCopied { get; init; } = [];

    /// <summary>It follows the primary.</summary>
    public bool Follows { get; init; }

    /// <summary>How often it was begun: a definition that changes under it begins it anew.</summary>
    public int Attempts { get; init; }
    public double CopySeconds { get; init; }
    public double PausedSeconds { get; init; }
    public double Seconds { get; init; }

    /// <summary>What is left to the operator: lines for the configuration.</summary>
    public IReadOnlyList<string> Next { get; init; } = [];

    /// <summary>What ended it before its end; null when it came to its end.</summary>
    public string? Trouble { get; init; }

    /// <summary>In a sentence, for the journal.</summary>
    public string Summary => Trouble is { } trouble ? $"{Server} is not rebuilt: {trouble}"
        : DryRun ? $"{Server} could be copied from {Source}"
        : string.Create(CultureInfo.InvariantCulture, $"{Server} follows {Primary} with a copy of {Source} at {Position}: {Rows} rows, {Bytes} bytes, in {Seconds:0.0} s{(NotCopied.Count > 0 ? $"; not copied: {string.Join("; ", NotCopied)}" : "")}");

    public string ToText()
    {
        var invariant = CultureInfo.InvariantCulture;
        var text = new StringBuilder();
        void Line(string line) => text.Append(line).Append('\n');
        Line($"{Server}, from {Source}{(DryRun ? " (dry run: nothing is changed)" : "")}");
        if (Method.Length > 0) Line($"  {Method}");
        foreach (var line in Plan) Line($"  {line}");
        foreach (var line in Settings) Line($"  {line}");
        if (Rows > 0 || Tables > 0 || Schemas > 0)
            Line(string.Create(invariant, $"  copied {Rows:N0} rows ({Bytes / 1e6:N1} MB) of {Tables} tables in {Schemas} schemas, {Programs} views and programs, {Accounts} accounts, in {CopySeconds:0.0} s{(CopySeconds > 0 ? $" ({Rows / CopySeconds:N0} rows/s, {Bytes / 1e6 / CopySeconds:0.0} MB/s)" : "")}"));
        if (Attempts > 1) Line($"  begun {Attempts} times: a definition was changed meanwhile");
        if (Position.Length > 0) Line($"  the copy stands at {Position}");
        foreach (var line in NotCopied) Line($"  not copied: {line}");
        if (Follows) Line($"  {Server} follows {Primary}; headwater verify compares its rows with the primary's");
        foreach (var line in Next) Line($"  {line}");
        if (Trouble is not null) Line($"  ENDED EARLY: {Trouble}");
        Line(string.Create(invariant, $"  {Seconds:0.0} s{(PausedSeconds > 0.05 ? $", of them {PausedSeconds:0.0} s paused for the source" : "")}"));
        return text.ToString();
    }
}
