using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Headwater.Gateway;
using Headwater.Http;
using Headwater.WebConsole;

namespace Headwater.Commands;

/// <summary>headwater top: the status, live, with the statements that take most of the servers' time.</summary>
static class TopCommand
{
    const int MostStatements = 8;

    public static Command Build()
    {
        var where = new Target();
        var every = new Option<double>("--every") { Description = "Seconds between two screens", DefaultValueFactory = static _ => 1, HelpName = "seconds" };
        var count = new Option<int?>("--count") { Description = "Ends after so many screens; each is printed below the one before", HelpName = "number" };
        every.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<double>() is not (>= 0.5 and <= 3600)) result.AddError("--every must be from 0.5 to 3600 seconds.");
        });
        var command = new Command("top", "Shows the cluster live: what needs attention, throughput, copies, the busiest statements. Ends with q or Ctrl-C.") { where.Directory, where.Http, every, count };
        command.SetAction(async (parsed, ct) =>
        {
            var output = parsed.InvocationConfiguration.Output;
            var colours = Line.HasColours(output);
            var (address, screens) = (where.HttpOf(parsed), parsed.GetValue(count));
            // On a terminal it is one picture that moves; elsewhere, and where a number is asked for, one below the other.
            var moves = colours && screens is null;
            using var signals = new Signals(onReload: static () => { });
            using var end = CancellationTokenSource.CreateLinkedTokenSource(ct, signals.Stopping);
            if (moves) await output.WriteAsync("\e[?1049h\e[?25l");
            try
            {
                await ShowAsync(address, TimeSpan.FromSeconds(parsed.GetValue(every)), screens, moves, colours, output, end.Token);
            }
            catch (OperationCanceledException) when (end.IsCancellationRequested)
            {
                // Enough.
            }
            finally
            {
                if (moves) await output.WriteAsync("\e[?25h\e[?1049l");
            }
            return ExitCode.Ok;
        });
        return command;
    }

    static async Task ShowAsync(string address, TimeSpan every, int? screens, bool moves, bool colours, TextWriter output, CancellationToken ct)
    {
        Dictionary<string, DigestSummary> before = [];
        LiveJson? known = null;
        var (seenAt, askedAt) = (DateTimeOffset.UtcNow, DateTimeOffset.UtcNow);
        for (var shown = 0; screens is null || shown < screens; shown++)
        {
            string? trouble = null;
            IReadOnlyList<DigestSummary> digests = [];
            try
            {
                known = await AskAsync(address, "/api/picture", ConsoleJson.Default.LiveJson, ct);
                digests = await AskAsync(address, "/api/digests", ApiJson.Default.IReadOnlyListDigestSummary, ct);
                seenAt = DateTimeOffset.UtcNow;
            }
            catch (CommandException gone) when (known is not null && moves)
            {
                trouble = gone.Message;
            }
            var width = moves ? Math.Max(ClusterScreen.Narrowest, Console.WindowWidth) : 100;
            IEnumerable<Line> lines = [.. Trouble(trouble, seenAt), .. ClusterScreen.Of(known!, width), Line.Empty, .. Busiest(before, digests, (seenAt - askedAt).TotalSeconds, width)];
            if (digests.Count > 0) (before, askedAt) = (digests.ToDictionary(static digest => digest.Digest), seenAt);
            if (moves) await output.WriteAsync("\e[H" + string.Concat(lines.Take(Console.WindowHeight - 1).Select(line => line.Show(colours) + "\e[K\n")) + "\e[J");
            else await output.WriteLineAsync(string.Join('\n', lines.Select(line => line.Show(colours))) + "\n");
            if (screens is not null && shown + 1 == screens) return;
            for (var waited = TimeSpan.Zero; waited < every; waited += TimeSpan.FromMilliseconds(100))
            {
                if (moves && !Console.IsInputRedirected && Console.KeyAvailable && Console.ReadKey(intercept: true).Key is ConsoleKey.Q or ConsoleKey.Escape) return;
                await Task.Delay(TimeSpan.FromMilliseconds(100), ct);
            }
        }
    }

    static IEnumerable<Line> Trouble(string? trouble, DateTimeOffset seenAt)
    {
        if (trouble is null) yield break;
        yield return new Line(Tone.Bad, string.Create(CultureInfo.InvariantCulture, $"Last seen {(DateTimeOffset.UtcNow - seenAt).TotalSeconds:0} s ago. {trouble}"));
    }

    static IEnumerable<Line> Busiest(Dictionary<string, DigestSummary> before, IReadOnlyList<DigestSummary> digests, double seconds, int width)
    {
        if (before.Count == 0 || seconds <= 0) yield break;
        var busiest = digests
            .Select(digest => (digest.Digest, Count: digest.Count - (before.GetValueOrDefault(digest.Digest)?.Count ?? 0), Milliseconds: digest.TotalMilliseconds - (before.GetValueOrDefault(digest.Digest)?.TotalMilliseconds ?? 0),
                OnReplicas: digest.OnReplicas - (before.GetValueOrDefault(digest.Digest)?.OnReplicas ?? 0)))
            .Where(static one => one.Count > 0).OrderByDescending(static one => one.Milliseconds).Take(MostStatements).ToList();
        if (busiest.Count == 0) yield break;
        yield return new Line(Tone.Dim, $"{"per s",8} {"mean",9} {"busy",6} {"replicas",9}  statement");
        foreach (var one in busiest)
            yield return new Line(Tone.Plain, ClusterScreen.Cut(string.Create(CultureInfo.InvariantCulture,
                $"{ClusterScreen.Number(one.Count / seconds),8} {ClusterScreen.Time(one.Milliseconds / one.Count),9} {one.Milliseconds / 1000 / seconds,6:0.00} {(double)one.OnReplicas / one.Count,9:0%}  {one.Digest}"), width));
    }

    static async Task<T> AskAsync<T>(string address, string path, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, CancellationToken ct)
    {
        var (status, body) = await ApiClient.SendAsync(HttpMethod.Get, address, path, ct, TimeSpan.FromSeconds(5));
        if (status != 200) throw new CommandException(ExitCode.Failed, $"The gateway answered with HTTP {status}: {body.Split('\n')[0]}");
        return JsonSerializer.Deserialize(body, type)!;
    }
}
