using System.Diagnostics;
using Headwater.Core.Topology;
using Headwater.Servers;

namespace Headwater.Demo;

/// <summary>Where the demo's workers connect, as any application would: one address, one account.</summary>
internal sealed record DemoTarget(ServerAddress Gateway, ServerLogin Login);

/// <summary>
/// One session of the demo: takes a turn, pauses, takes the next, and opens a new connection when the old one is lost.
/// A turn gets the connection and its own chance, and counts what it sees.
/// </summary>
internal sealed class DemoWorker(DemoTarget target, DemoCounters counters, Func<DemoSession, CancellationToken, Task> turn, TimeSpan pause, ulong seed)
{
    static readonly TimeSpan AfterLoss = TimeSpan.FromMilliseconds(200);

    public async Task RunAsync(TimeProvider time, CancellationToken ct)
    {
        var chance = new SeededChance(seed);
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await using var connection = await ServerConnection.ConnectAsync(target.Gateway, target.Login, ct);
                var session = new DemoSession(connection, chance);
                while (connection.IsOpen)
                {
                    await TurnAsync(session, ct);
                    // Half to one and a half times, or all of them would march in step.
                    if (pause > TimeSpan.Zero) await Task.Delay(pause * (0.5 + chance.Share()), time, ct);
                }
            }
            catch (Exception e) when (e is IOException or ServerException)
            {
                counters.Error(e.Message);
                await Task.Delay(AfterLoss, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    async Task TurnAsync(DemoSession session, CancellationToken ct)
    {
        try
        {
            await turn(session, ct);
        }
        catch (ServerException e) when (e.Code is Deadlock or LockWaitTimeout)
        {
            // Two fans meant the same row: an application takes its turn again, and so does this one.
            await session.Connection.QueryAsync("ROLLBACK", ct);
        }
    }

    // ER_LOCK_DEADLOCK, ER_LOCK_WAIT_TIMEOUT
    const int Deadlock = 1213, LockWaitTimeout = 1205;
}

/// <summary>A worker's connection and what it remembers on it.</summary>
internal sealed class DemoSession(ServerConnection connection, SeededChance chance)
{
    public ServerConnection Connection => connection;
    public SeededChance Chance => chance;

    /// <summary>The newest post that this session has seen.</summary>
    public long NewestSeen { get; set; }

    public async Task<QueryResult> RunAsync(string sql, Latencies into, CancellationToken ct)
    {
        var began = Stopwatch.GetTimestamp();
        var result = await connection.QueryAsync(sql, ct);
        into.Add(Stopwatch.GetElapsedTime(began));
        return result;
    }
}
