using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Headwater.Conflicts;
using Headwater.Core.Positions;
using Headwater.Servers;
using Headwater.Verify;

namespace Headwater.IntegrationTests.Failover;

/// <summary>
/// Members of a ring are killed and frozen while each of them is written to, and the gateway too. In the end every write that was acknowledged is on every member, once:
/// also what one that died had shipped to nobody, as it comes back with it. (That holds while disks do: each flushes what it acknowledges.)
/// </summary>
sealed class RingFaults(int members, int rounds, ulong seed, Action<string> tell)
{
    readonly ConcurrentDictionary<string, bool> _acknowledged = new();
    readonly ConcurrentQueue<string> _violations = new();
    readonly List<double> _outages = [];
    long _refused, _unknown, _reads, _toldLost;
    volatile bool _isOver;
    long _lastGatewayWrite;

    public IReadOnlyCollection<string> Violations => _violations;
    public string Summary => string.Create(CultureInfo.InvariantCulture,
        $"{rounds} rounds in a ring of {members}: {_acknowledged.Count} writes acknowledged, {_refused} refused, {_unknown} unknown, {_reads} own reads, {_toldLost} told lost for now; outages at the gateway {string.Join(", ", _outages.Select(static outage => outage.ToString("0.0", CultureInfo.InvariantCulture)))} s");

    public async Task RunAsync()
    {
        await using var cluster = await RingCluster.StartAsync(members);
        await UntilWholeAsync(cluster);
        await using (var first = await cluster.GatewayAsync())
            await first.QueryMultiAsync("CREATE DATABASE shop; CREATE TABLE shop.t (id INT AUTO_INCREMENT PRIMARY KEY, token VARCHAR(40) UNIQUE)", default);
        await cluster.UntilAllHaveAsync(0);
        // A definition is on a replica before its position is: one that is killed in between would do it again, and stop at that. That is MariaDB's.
        await cluster.UntilAsync(async () =>
        {
            var defined = (await cluster.Servers[0].ExecuteAsync("SELECT @@gtid_binlog_pos")).Scalar;
            foreach (var server in cluster.Servers.Skip(1))
                if (!Has((await server.ExecuteAsync("SELECT @@gtid_slave_pos")).Scalar, defined)) return false;
            return true;
        }, "the table's position on every member");
        _lastGatewayWrite = Stopwatch.GetTimestamp();
        var writers = cluster.Servers.Select(server => Task.Run(() => WriteAsync($"db{server.Id}", server.ConnectAsync, false)))
            .Append(Task.Run(() => WriteAsync("gateway", () => cluster.GatewayAsync(), true))).ToArray();
        var chance = new Random((int)seed);
        for (var round = 1; round <= rounds; round++)
        {
            var server = cluster.Servers[chance.Next(members)];
            var away = TimeSpan.FromMilliseconds(chance.Next(300, 5_000));
            var isKill = chance.Next(3) > 0;
            var wasPrimary = cluster.View.Primary?.Id.Name == $"db{server.Id}";
            tell($"round {round}: db{server.Id}{(wasPrimary ? ", the primary," : "")} is {(isKill ? "killed" : "frozen")} for {away.TotalMilliseconds:0} ms");
            if (isKill) await server.KillAsync();
            else server.Freeze();
            await Task.Delay(away);
            if (isKill) await server.StartAgainAsync();
            else server.Thaw();
            await UntilWholeAsync(cluster);
        }
        _isOver = true;
        await Task.WhenAll(writers);
        await CheckAsync(cluster);
    }

    static async Task UntilWholeAsync(RingCluster cluster)
    {
        await cluster.UntilAsync(() => cluster.View.Primary is not null && cluster.View.Ring.Length == cluster.Servers.Length && cluster.View.Servers.All(static server => server is { Replicating: true, Outcome: Core.Topology.ProbeOutcome.Answered }), "the ring to be whole");
        // Through it all the way: each writer's transactions reach all.
        foreach (var server in cluster.Servers)
        {
            var written = (await server.ExecuteAsync("SELECT @@gtid_binlog_pos")).Scalar;
            foreach (var other in cluster.Servers.Where(other => other != server))
                await cluster.UntilAsync(async () => (await other.ExecuteAsync($"SELECT MASTER_GTID_WAIT('{written}', 1)")).Scalar == "0" || Has((await other.ExecuteAsync("SELECT @@gtid_binlog_pos")).Scalar, written), $"db{other.Id} to have {written}");
        }
    }

    static bool Has(string? one, string? other) => Position.TryParse(one ?? "", out var all) && Position.TryParse(other ?? "", out var needed) && all.Covers(in needed);

    async Task WriteAsync(string name, Func<Task<ServerConnection>> connect, bool isGateway)
    {
        ServerConnection? connection = null;
        for (var number = 0; !_isOver; number++)
        {
            var token = string.Create(CultureInfo.InvariantCulture, $"{name}-{number}");
            try
            {
                connection ??= await connect();
                await connection.QueryAsync($"INSERT INTO shop.t (token) VALUES ('{token}')", default);
                _acknowledged[token] = true;
                if (isGateway)
                {
                    var now = Stopwatch.GetTimestamp();
                    if (Stopwatch.GetElapsedTime(_lastGatewayWrite, now).TotalSeconds is > 0.5 and var outage) _outages.Add(outage);
                    _lastGatewayWrite = now;
                    await ReadOwnAsync(connection, token);
                }
            }
            catch (ServerException e) when (e.SqlState.StartsWith("08", StringComparison.Ordinal) || e.Code is 1290 or 1053 or 1927)
            {
                // 08007: the outcome is unknown, and it may be there or not.
                if (e.SqlState == "08007") Interlocked.Increment(ref _unknown);
                else Interlocked.Increment(ref _refused);
            }
            catch (ServerException e)
            {
                if (!isGateway) _violations.Enqueue($"{token}: {e.Code} {e.Message}");
                else Interlocked.Increment(ref _toldLost);
            }
            catch (Exception e) when (e is ServerUnreachableException or IOException or ObjectDisposedException or InvalidOperationException)
            {
                Interlocked.Increment(ref _unknown);
                if (connection is not null) await connection.DisposeAsync();
                connection = null;
            }
            await Task.Delay(5);
        }
        if (connection is not null) await connection.DisposeAsync();
    }

    /// <summary>The session's own write is there, or it is told that it is not, for as long as who has it is away.</summary>
    async Task ReadOwnAsync(ServerConnection connection, string token)
    {
        var count = (await connection.QueryAsync($"SELECT COUNT(*) FROM shop.t WHERE token = '{token}'", default)).Scalar;
        Interlocked.Increment(ref _reads);
        if (count != "1") _violations.Enqueue($"{token} was written by the session and not shown to it: {count} rows");
    }

    async Task CheckAsync(RingCluster cluster)
    {
        await UntilWholeAsync(cluster);
        foreach (var server in cluster.Servers)
        {
            var rows = (await server.ExecuteAsync("SELECT token FROM shop.t")).Rows.Select(static row => row[0]!).ToHashSet();
            var lost = _acknowledged.Keys.Where(token => !rows.Contains(token)).Order(StringComparer.Ordinal).ToList();
            if (lost.Count > 0) _violations.Enqueue($"db{server.Id} lacks {lost.Count} acknowledged writes: {string.Join(", ", lost.Take(5))}");
        }
        var sums = new List<string?>();
        foreach (var server in cluster.Servers) sums.Add((await server.ExecuteAsync("CHECKSUM TABLE shop.t")).Rows[0][1]);
        if (sums.Distinct().Count() > 1) _violations.Enqueue($"the members' tables differ: {string.Join(", ", sums)}");
        var report = await new ConflictSearch([.. cluster.Servers.Select(static server => new ServerDoor($"db{server.Id}", server.Address, server.Login, server.Login))], Position.Empty, TimeProvider.System).RunAsync(default);
        foreach (var conflict in report.Conflicts.Take(3)) _violations.Enqueue($"a conflict: {conflict}");
        foreach (var trouble in report.Troubles) _violations.Enqueue(trouble);
        tell($"{report.Compared} transactions compared in the members' logs: {report.Conflicts.Length} conflicts");
    }
}
