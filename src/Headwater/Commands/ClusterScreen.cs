using System.Globalization;
using Headwater.WebConsole;

namespace Headwater.Commands;

/// <summary>The cluster on one screen of a terminal, 80 columns or more: what needs attention first, then what goes through, then where every copy stands. Pure.</summary>
static class ClusterScreen
{
    public const int Narrowest = 80;

    public static IEnumerable<Line> Of(LiveJson now, int width)
    {
        width = Math.Max(width, Narrowest);
        return [.. Head(now, width), .. Attention(now, width), Line.Empty, .. Traffic(now, width), Line.Empty, .. Servers(now, width), .. Feed(now, width)];
    }

    static IEnumerable<Line> Head(LiveJson now, int width)
    {
        yield return new Line(Tone.Bold, Cut($"headwater {now.Version}, cluster {now.Cluster}, epoch {now.Epoch}, primary {now.Primary ?? "unknown"}{(now.Ready ? "" : ", NOT READY")}", width));
        if (now.Control is { } control)
            yield return new Line(Tone.Plain, Cut($"controller {(control.Paused ? "PAUSED" : "acts")}{(control.InMaintenance.Count > 0 ? $", in maintenance: {string.Join(", ", control.InMaintenance)}" : "")}{(now.Change is { } change ? $", {change.Kind} from {change.From}{(change.To is { } to ? $" to {to}" : "")}: {change.Step}" : "")}{(control.Lease is { } lease ? $"; {lease}" : "")}", width));
        foreach (var line in Wrapped(now.Promise.Sentence, width, "", "")) yield return new Line(now.Promise.Kept switch { true => Tone.Good, false => Tone.Bad, null => Tone.Plain }, line);
    }

    static IEnumerable<Line> Attention(LiveJson now, int width)
    {
        if (now.Attention.Count == 0)
        {
            yield return new Line(Tone.Good, "Nothing needs attention.");
            yield break;
        }
        yield return Line.Empty;
        foreach (var one in now.Attention)
        {
            var tone = one.Severity switch { "critical" => Tone.Bad, "warning" => Tone.Warn, _ => Tone.Plain };
            foreach (var line in Wrapped(one.Sentence, width, one.Severity == "info" ? "- " : "! ", "  ")) yield return new Line(tone, line);
            if (one.Mend is { } mend)
                foreach (var line in Wrapped($"mended by: {mend}", width, "    ", "    ")) yield return new Line(Tone.Plain, line);
        }
    }

    static IEnumerable<Line> Traffic(LiveJson now, int width)
    {
        double? Of(string name) => now.Sample?.GetValueOrDefault(name);
        if (Of("statements") is { } statements)
        {
            var (reads, onReplicas) = (Of("reads") ?? 0, (Of("replica_reads") ?? 0) + (Of("cache_hits") ?? 0));
            yield return new Line(Tone.Plain, Cut($"{Number(statements)} statements/s: {Number(reads)} reads{(reads > 0 ? $" ({onReplicas / reads:0.0%} off the primary)" : "")}, {Number(Of("writes") ?? 0)} writes, {Number(Of("errors") ?? 0)} errors", width));
            if (Of("read_p99") is not null || Of("write_p99") is not null) yield return new Line(Tone.Plain, $"1 of 100 takes longer than: reads {Time(Of("read_p99"))}, writes {Time(Of("write_p99"))}");
        }
        yield return new Line(Tone.Plain, $"{now.Gateway.Sessions} sessions, {now.Gateway.Holding} of them hold a connection");
    }

    static IEnumerable<Line> Servers(LiveJson now, int width)
    {
        const string Columns = "{0,-18} {1,-8} {2,-8} {3,9} {4,7} {5,7}  {6}";
        yield return new Line(Tone.Dim, string.Format(CultureInfo.InvariantCulture, Columns, "server", "role", "health", "lag", "behind", "stmt/s", "position"));
        foreach (var (server, branch) in Tree(now))
        {
            var line = string.Format(CultureInfo.InvariantCulture, Columns, Cut(branch + server.Name, 18), server.Role, server.InMaintenance ? "maint." : server.Health, server.Role == "replica" ? Lag(server) : "",
                server.LagTransactions?.ToString(CultureInfo.InvariantCulture) ?? "", Number(server.StatementsPerSecond), server.Position);
            yield return new Line(server.Health switch { "up" => Tone.Plain, "down" => Tone.Bad, _ => Tone.Warn }, Cut(line, width));
        }
        if (now.Ring is { Count: > 0 } ring) yield return new Line(Tone.Plain, Cut($"ring {string.Join(" → ", ring.Append(ring[0]))}", width));
    }

    static IEnumerable<Line> Feed(LiveJson now, int width)
    {
        if (now.Feed is not { } feed) yield break;
        yield return Line.Empty;
        yield return new Line(feed.Following ? Tone.Plain : Tone.Warn, Cut($"the log {(feed.Following ? "is followed" : "STANDS STILL")}, up to {feed.End}", width));
        foreach (var sink in feed.Sinks)
            yield return new Line(sink.Runs ? Tone.Plain : Tone.Warn, Cut($"sink {sink.Name} ({sink.Kind}){(sink.LagTransactions is { } behind ? $", {behind} transactions behind, {sink.Sent} sent" : "")}: {sink.Sentence}", width));
    }

    /// <summary>Each server under the one that it follows; who follows nobody that is known stands at the top, the primary first.</summary>
    static List<(LiveServer Server, string Branch)> Tree(LiveJson now)
    {
        var seen = new HashSet<string>();
        var tops = now.Servers.Where(server => SourceOf(server) is null).OrderBy(server => server.Name != now.Primary).ToList();
        // A ring has no top: it is shown from its first on.
        return [.. tops.SelectMany(server => Below(server, "", "")), .. now.Servers.SelectMany(server => Below(server, "", ""))];

        IEnumerable<(LiveServer, string)> Below(LiveServer server, string branch, string indent)
        {
            if (!seen.Add(server.Name)) yield break;
            yield return (server, branch);
            var followers = now.Servers.Where(other => SourceOf(other) == server && !seen.Contains(other.Name)).ToList();
            for (var i = 0; i < followers.Count; i++)
                foreach (var below in Below(followers[i], indent + (i == followers.Count - 1 ? "└─ " : "├─ "), indent + (i == followers.Count - 1 ? "   " : "│  "))) yield return below;
        }

        LiveServer? SourceOf(LiveServer server) => server.Role == "primary" ? null : now.Servers.FirstOrDefault(other => other != server && server.Source == other.Name);
    }

    static string Lag(LiveServer server) => server.LagSeconds is { } seconds ? Time(seconds * 1000) : "unknown";

    public static string Time(double? milliseconds) => milliseconds switch
    {
        null => "-",
        < 10 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds:0.0} ms"),
        < 10_000 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds:0} ms"),
        < 600_000 => string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 1000:0.0} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{milliseconds / 60_000:0} min"),
    };

    public static string Number(double value) => value.ToString(value is > 0 and < 10 ? "0.#" : "0", CultureInfo.InvariantCulture);

    public static string Cut(string text, int width) => text.Length <= width ? text : text[..(width - 1)] + "…";

    /// <summary>Broken between words where it is longer; a word that is longer than a line stays whole.</summary>
    public static IEnumerable<string> Wrapped(string text, int width, string first, string others)
    {
        var line = first;
        var begun = false;
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (begun && line.Length + 1 + word.Length > width)
            {
                yield return line;
                (line, begun) = (others, false);
            }
            line += begun ? $" {word}" : word;
            begun = true;
        }
        if (begun) yield return line;
    }
}
