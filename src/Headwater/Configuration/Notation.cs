using System.Globalization;
using System.Net;
using Headwater.Core.Positions;
using Headwater.Core.Topology;
using Headwater.WebConsole;

namespace Headwater.Configuration;

/// <summary>False when the text is not allowed; the value means nothing then.</summary>
delegate bool ReadText<T>(string text, out T value);

/// <summary>How a value is written: a name for people, what is allowed (reads after "allowed: "), and how its text becomes a value.</summary>
sealed record Notation<T>(string Name, string Allowed, ReadText<T> Read);

/// <summary>Host and port to listen on; port 0 lets the system choose.</summary>
sealed record ListenAddress(string Host, int Port)
{
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}

static class Notations
{
    static readonly (string Suffix, TimeSpan Unit)[] DurationUnits =
    [
        ("ms", TimeSpan.FromMilliseconds(1)), ("us", TimeSpan.FromMicroseconds(1)), ("s", TimeSpan.FromSeconds(1)),
        ("m", TimeSpan.FromMinutes(1)), ("h", TimeSpan.FromHours(1)),
    ];

    static readonly (string Suffix, long Unit)[] SizeUnits = [("KB", 1L << 10), ("MB", 1L << 20), ("GB", 1L << 30), ("B", 1)];

    public static readonly Notation<string> Text = new("text", "any text", static (string text, out string value) =>
    {
        value = text;
        return text.Length > 0;
    });

    public static readonly Notation<string> Path = Text with { Name = "path", Allowed = "a path; a relative one starts at this file's directory" };

    public static readonly Notation<string> Word = new("name", "letters, digits, '-', '_' and '.', at most 64", static (string text, out string value) =>
    {
        value = text;
        return text.Length is > 0 and <= 64 && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
    });

    public static readonly Notation<bool> Flag = new("flag", "true or false", static (string text, out bool value) =>
    {
        value = text is "true";
        return text is "true" or "false";
    });

    public static readonly Notation<Level> AnyLevel = new("level", "eventual, bounded and a time (such as bounded 200ms), monotonic, session, prefix or strong",
        static (string text, out Level value) => Level.TryParse(text, out value, out _));

    public static readonly Notation<ServerAddress> ServerAddress = new("address", "host or host:port (port 3306 when absent), an IPv6 address in brackets: [::1]:3306",
        static (string text, out ServerAddress value) =>
        {
            value = TryHostPort(text, 3306, out var host, out var port) && port > 0 ? new ServerAddress(host, port) : null!;
            return value is not null;
        });

    public static readonly Notation<IPNetwork> Network = new("network", "a network or address such as 10.0.0.0/8, 192.168.1.7 or fd00::/8",
        static (string text, out IPNetwork value) =>
        {
            if (IPAddress.TryParse(text, out var single))
            {
                value = new IPNetwork(single, single.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? 32 : 128);
                return true;
            }
            return IPNetwork.TryParse(text, out value);
        });

    public static readonly Notation<PasswordHash> PasswordHash = new("password hash", "what headwater console password prints: pbkdf2-sha512$rounds$salt$key", WebConsole.PasswordHash.TryParse);

    public static readonly Notation<Uri> HttpUri = new("URL", "a URL that starts with http:// or https://", static (string text, out Uri value) =>
        Uri.TryCreate(text, UriKind.Absolute, out value!) && value.Scheme is "http" or "https");

    /// <summary>Where to listen: an address of this machine, not a name, so that nothing else is bound by surprise.</summary>
    public static Notation<ListenAddress> ListenAddress(int defaultPort) => new("endpoint",
        $"address:port of this machine (port {defaultPort} when absent), such as 127.0.0.1:{defaultPort}, 0.0.0.0:{defaultPort} or [::]:{defaultPort}",
        (string text, out ListenAddress value) =>
        {
            value = null!;
            if (!TryHostPort(text, defaultPort, out var host, out var port)) return false;
            if (host == "localhost") host = "127.0.0.1";
            if (!IPAddress.TryParse(host, out _)) return false;
            value = new ListenAddress(host, port);
            return true;
        });

    public static Notation<TimeSpan> Duration(TimeSpan least, TimeSpan most) => new("duration",
        $"a duration such as 200ms, 10s, 5m or 1h, from {Show(least)} to {Show(most)}", (string text, out TimeSpan value) =>
        {
            value = default;
            foreach (var (suffix, unit) in DurationUnits)
            {
                if (!text.EndsWith(suffix, StringComparison.Ordinal)) continue;
                if (!TryDecimal(text[..^suffix.Length], out var count) || count > (decimal)(most / unit)) return false;
                value = TimeSpan.FromTicks((long)(count * unit.Ticks));
                return value >= least && value <= most;
            }
            return text == "0" && least == TimeSpan.Zero;
        });

    public static Notation<long> Size(long least, long most) => new("size",
        $"a size such as 512KB, 64MB or 1GB (powers of 1024), from {ShowSize(least)} to {ShowSize(most)}", (string text, out long value) =>
        {
            value = 0;
            foreach (var (suffix, unit) in SizeUnits)
            {
                if (!text.EndsWith(suffix, StringComparison.Ordinal)) continue;
                if (!TryDecimal(text[..^suffix.Length], out var count) || count > (decimal)most / unit) return false;
                value = (long)(count * unit);
                return value >= least && value <= most;
            }
            return false;
        });

    public static Notation<int> Integer(int least, int most) => new("integer",
        string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}"), (string text, out int value) =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= least && value <= most);

    public static Notation<double> Number(double least, double most) => new("number",
        string.Create(CultureInfo.InvariantCulture, $"a number from {least} to {most}"), (string text, out double value) =>
            double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value) && value >= least && value <= most);

    /// <summary>As <see cref="Choice{T}"/> reads it.</summary>
    public static string NameOf<T>(T choice) where T : struct, Enum => Kebab(choice.ToString());

    /// <summary>One of the names of an enum, in lower case.</summary>
    static string Kebab(string name) => string.Concat(name.Select(static (c, i) => i > 0 && char.IsUpper(c) ? $"-{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));

    public static Notation<T> Choice<T>(params T[] choices) where T : struct, Enum => new("choice",
        InWords([.. choices.Select(NameOf)]), (string text, out T value) =>
        {
            foreach (var choice in choices)
                if (NameOf(choice) == text)
                {
                    value = choice;
                    return true;
                }
            value = default;
            return false;
        });

    public static Notation<T?> OrWord<T>(string word, Notation<T> notation) where T : struct => new(notation.Name, $"{word}, or {notation.Allowed}",
        (string text, out T? value) =>
        {
            value = null;
            if (text == word) return true;
            if (!notation.Read(text, out var some)) return false;
            value = some;
            return true;
        });

    public static Notation<T?> OrWordFor<T>(string word, Notation<T> notation) where T : class => new(notation.Name, $"{word}, or {notation.Allowed}",
        (string text, out T? value) =>
        {
            value = null;
            if (text == word) return true;
            var read = notation.Read(text, out var some);
            value = some;
            return read;
        });

    public static string InWords(IReadOnlyList<string> words) =>
        words.Count == 1 ? words[0] : $"{string.Join(", ", words.Take(words.Count - 1))} or {words[^1]}";

    public static string Show(TimeSpan span) => span switch
    {
        { Ticks: 0 } => "0s",
        _ when span.Ticks % TimeSpan.TicksPerHour == 0 => Invariant(span.TotalHours, "h"),
        _ when span.Ticks % TimeSpan.TicksPerMinute == 0 => Invariant(span.TotalMinutes, "m"),
        _ when span.Ticks % TimeSpan.TicksPerSecond == 0 => Invariant(span.TotalSeconds, "s"),
        _ => Invariant(span.TotalMilliseconds, "ms"),
    };

    public static string ShowSize(long bytes)
    {
        foreach (var (suffix, unit) in SizeUnits.Take(3).Reverse())
            if (bytes >= unit && bytes % unit == 0) return Invariant(bytes / unit, suffix);
        return Invariant(bytes, "B");
    }

    static string Invariant(double number, string unit) => number.ToString(CultureInfo.InvariantCulture) + unit;

    static bool TryDecimal(string text, out decimal value) =>
        decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out value);

    static bool TryHostPort(string text, int defaultPort, out string host, out int port)
    {
        (host, port) = (text, defaultPort);
        if (text.Length == 0 || text.Any(static c => char.IsWhiteSpace(c) || c is '/' or '@')) return false;
        var portText = "";
        if (text[0] == '[')
        {
            var close = text.IndexOf(']', StringComparison.Ordinal);
            if (close < 0 || !IPAddress.TryParse(text[1..close], out _)) return false;
            host = text[1..close];
            var rest = text[(close + 1)..];
            if (rest.Length == 0) return true;
            if (rest[0] != ':') return false;
            portText = rest[1..];
        }
        else if (text.Count(static c => c == ':') == 1)
        {
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            (host, portText) = (text[..colon], text[(colon + 1)..]);
        }
        else
            // Several colons without brackets: an IPv6 address without a port, or nothing we could read without guessing.
            return !text.Contains(':', StringComparison.Ordinal) || IPAddress.TryParse(text, out _);
        return host.Length > 0 && int.TryParse(portText, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port <= 65535;
    }
}
