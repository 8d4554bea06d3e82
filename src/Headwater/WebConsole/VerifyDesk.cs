using System.Text;
using Headwater.Core.Topology;
using Headwater.Core.Verify;
using Headwater.Servers;
using Headwater.Verify;

namespace Headwater.WebConsole;

/// <summary>The outcome of a comparison: why nothing was compared, or the report.</summary>
sealed record VerifyOutcome(bool Applied, IReadOnlyList<string> Sentences, VerifyReport? Report);

/// <summary>Compares replicas with their primary at an operator's wish, one comparison at a time; it goes on when whoever asked has gone. It reads only.</summary>
sealed class VerifyDesk(Func<ClusterView> view, Func<ServerLogin> login, TimeProvider time, Action changed)
{
    readonly Lock _lock = new();
    Task<VerifyOutcome>? _running;
    Line? _line;

    public VerifyOutcome? Last { get; private set; }

    public VerifyState? State => _line is { } line ? new VerifyState(_running is { IsCompleted: false }, line.Text, line.Since) : null;

    /// <param name="tables">schema.table, schema.*; none: all.</param>
    /// <param name="only">The replica that is compared; null: each.</param>
    public Task<VerifyOutcome> RunAsync(IReadOnlyList<string> tables, string? only, bool dryRun, CancellationToken stopping)
    {
        var seen = view();
        if (seen.Primary is not { } primary) return Task.FromResult(Refused("There is no primary to compare with."));
        var replicas = seen.Servers.Where(server => server.Role == ServerRole.Replica && !server.IsWitness && (only is null || server.Id.Name == only)).ToList();
        if (replicas.Count == 0) return Task.FromResult(Refused(only is null ? "There is no replica to compare." : $"{only} is no replica."));
        if (dryRun)
            return Task.FromResult(new VerifyOutcome(true, [$"{string.Join(" and ", replicas.Select(static server => server.Id.Name))} {(replicas.Count == 1 ? "is" : "are")} compared with {primary.Id}, chunk by chunk and exactly, while all work; nothing is changed.",
                "Reading pauses while a replica is more than 1 s behind or the primary runs more than 25 statements."], null));
        lock (_lock)
        {
            if (_running is { IsCompleted: false }) return Task.FromResult(Refused("A comparison runs already; one at a time."));
            _line = new Line(time.GetUtcNow());
            _running = Task.Run(() => CompareAsync(primary, replicas, tables, _line, stopping), stopping);
            return _running;
        }
    }

    async Task<VerifyOutcome> CompareAsync(ServerView primary, IReadOnlyList<ServerView> replicas, IReadOnlyList<string> tables, Line line, CancellationToken ct)
    {
        ServerDoor Door(ServerView server) => new(server.Id.Name, server.Address, login(), login());
        var progress = new VerifyProgress(line, time);
        try
        {
            var report = await new VerifyRun(Door(primary), [.. replicas.Select(Door)], new VerifyOptions { Tables = tables }, progress).RunAsync(ct);
            Last = new VerifyOutcome(report.Equal, [Summary(report)], report);
        }
        catch (VerifyException trouble)
        {
            Last = Refused(trouble.Message);
        }
        catch (Exception trouble) when (trouble is ServerException or ServerUnreachableException or OperationCanceledException)
        {
            Last = Refused($"It has ended before its end: {trouble.Message}");
        }
        line.Text = Last.Sentences[0];
        changed();
        return Last;
    }

    static string Summary(VerifyReport report)
    {
        var differ = report.Tables.Count(static table => !table.Equal);
        return report.Equal ? $"All is equal: {report.Tables.Length} tables, {report.Rows} rows, in {report.Seconds:0.0} s."
            : differ > 0 ? $"{differ} of {report.Tables.Length} tables differ or could not be compared." : $"Not all could be compared: {string.Join("; ", report.Troubles)}";
    }

    static VerifyOutcome Refused(string why) => new(false, [why], null);

    /// <summary>Takes what would be written over one line of a terminal.</summary>
    sealed class Line(DateTimeOffset since) : TextWriter
    {
        public DateTimeOffset Since => since;
        public string Text { get; set; } = "";
        public override Encoding Encoding => Encoding.UTF8;
        public override void Write(string? value) => Text = value?.Trim('\r', ' ') is { Length: > 0 } text ? text : Text;
        public override void Write(char value)
        {
            // Only whole lines are written.
        }
    }
}
