using Headwater.Core.Positions;
using Headwater.Core.Rebuild;
using Headwater.Servers;

namespace Headwater.Control.Rebuild;

/// <summary>What is asked of, and done to, the server that is to be rebuilt, beside its data.</summary>
static class TargetState
{
    const string System = "('information_schema','performance_schema','mysql','sys')";

    static readonly TimeSpan Notice = TimeSpan.FromSeconds(1);

    public static async Task<IReadOnlyList<string>> SchemasAsync(ServerConnection target, CancellationToken ct) =>
        [.. (await target.QueryAsync($"SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN {System}", ct)).Rows.Select(static row => row[0]!)];

    /// <summary>A table, view or routine of users; null when there is none.</summary>
    public static async Task<string?> AnyDataAsync(ServerConnection target, CancellationToken ct) => (await target.QueryAsync($"""
        SELECT CONCAT(table_schema, '.', table_name) FROM information_schema.tables WHERE table_schema NOT IN {System}
        UNION ALL SELECT CONCAT(routine_schema, '.', routine_name) FROM information_schema.routines WHERE routine_schema NOT IN {System} LIMIT 1
        """, ct)).Scalar;

    /// <summary>Servers that receive its log now.</summary>
    public static async Task<long> FollowersAsync(ServerConnection target, CancellationToken ct) =>
        (await target.QueryAsync("SELECT id FROM information_schema.PROCESSLIST WHERE command IN ('Binlog Dump')", ct)).Rows.Count;

    /// <summary>
    /// From here on it is nobody's replica, and can be made nobody's: <see cref="RebuildMark"/>. It acknowledges nothing, only this account writes there,
    /// and no session of others holds a table.
    /// </summary>
    public static async Task SetAsideAsync(ServerConnection target, Position primary, TimeProvider time, CancellationToken ct)
    {
        await target.QueryAsync("SET GLOBAL read_only = ON", ct);
        var links = (await target.QueryAsync("SHOW ALL SLAVES STATUS", ct)) is var status ? Enumerable.Range(0, status.Rows.Count).Select(row => status.Value(row, "Connection_name") ?? "").ToList() : [];
        foreach (var link in links) await target.QueryAsync($"STOP SLAVE {Name(link)}", ct);
        // By then every gateway has seen that it follows no more, and sends nothing there; what runs may end.
        if (links.Count > 0) await Task.Delay(Notice, time, ct);
        if ((await target.QueryAsync("SHOW GLOBAL VARIABLES LIKE 'rpl_semi_sync_slave_enabled'", ct)).Rows.Count > 0) await target.QueryAsync("SET GLOBAL rpl_semi_sync_slave_enabled = OFF", ct);
        foreach (var link in links) await target.QueryAsync($"RESET SLAVE {Name(link)} ALL", ct);
        await EndSessionsAsync(target, ct);
        await StandAtAsync(target, RebuildMark.For(primary), ct);
    }

    /// <summary>An empty log, and the place that everything before it is taken to have led to.</summary>
    public static async Task StandAtAsync(ServerConnection target, Position position, CancellationToken ct)
    {
        await target.QueryAsync("RESET MASTER", ct);
        await target.QueryAsync($"SET GLOBAL gtid_slave_pos = '{position}'", ct);
    }

    static async Task EndSessionsAsync(ServerConnection target, CancellationToken ct)
    {
        var sessions = await target.QueryAsync(
            "SELECT id FROM information_schema.PROCESSLIST WHERE command NOT IN ('Binlog Dump', 'Slave_IO', 'Slave_SQL', 'Slave_worker', 'Daemon') AND user NOT IN ('system user', 'event_scheduler') AND id <> CONNECTION_ID()", ct);
        foreach (var row in sessions.Rows)
            try
            {
                await target.QueryAsync($"KILL {row[0]}", ct);
            }
            catch (ServerException)
            {
                // It has ended by itself.
            }
    }

    static string Name(string link) => link.Length == 0 ? "" : Recovery.Sql.Plain(link);
}
