using Headwater.Control;
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
    Run? _run;

    public VerifyOutcome? Last { get; private set; }

    public VerifyState? State
    {
        get
        {
            lock (_lock)
            {
                if (_run is not { } run) return null;
                if (run.Outcome is not null || _running!.IsCompleted) return new VerifyState(false, run.Outcome ?? "It has ended before its end.", run.Since);
                var at = run.Progress.Now;
                return new VerifyState(true, at.Doing, run.Since, at.Pace?.Seen(time.Now()));
            }
        }
    }

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
        Task<VerifyOutcome> running;
        lock (_lock)
        {
            if (_running is { IsCompleted: false }) return Task.FromResult(Refused("A comparison runs already; one at a time."));
            var run = new Run(time.GetUtcNow(), new VerifyProgress(time));
            _run = run;
            _running = running = Task.Run(() => CompareAsync(primary, replicas, tables, run, stopping), stopping);
        }
        changed();
        return running;
    }

    async Task<VerifyOutcome> CompareAsync(ServerView primary, IReadOnlyList<ServerView> replicas, IReadOnlyList<string> tables, Run run, CancellationToken ct)
    {
        ServerDoor Door(ServerView server) => new(server.Id.Name, server.Address, login(), login());
        try
        {
            var report = await new VerifyRun(Door(primary), [.. replicas.Select(Door)], new VerifyOptions { Tables = tables }, run.Progress).RunAsync(ct);
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
        lock (_lock) _run = run with { Outcome = Last.Sentences[0] };
        changed();
        return Last;
    }

    static string Summary(VerifyReport report)
    {
        var differ = report.Tables.Count(static table => !table.Equal);
        return report.Equal ? $"All is equal: {report.Tables.Length} tables, {report.Rows} rows, in {report.Seconds:0.0} s."
            : differ > 0 ? $"{differ} of {report.Tables.Length} tables differ or could not be compared." : $"Not all could be compared: {string.Join("; ", report.Troubles)}";
    }

    sealed record Run(DateTimeOffset Since, VerifyProgress Progress, string? Outcome = null);

    static VerifyOutcome Refused(string why) => new(false, [why], null);
}
