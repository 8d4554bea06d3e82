using System.Collections.Immutable;
using System.Globalization;
using Headwater.Core;
using Headwater.Core.Positions;
using Headwater.Core.Topology;
using Headwater.Servers;

namespace Headwater.Control;

/// <summary>
/// One look at one server: who it is, what it follows, who follows it. Source: https://mariadb.com/kb/en/show-replica-status/ .
/// </summary>
static class Probe
{
    const string Questions =
        "SELECT @@global.server_id, @@global.read_only, @@global.log_slave_updates, @@global.gtid_binlog_pos, @@global.gtid_slave_pos, @@global.gtid_binlog_state;"
        + "SHOW STATUS LIKE 'Uptime'; SHOW ALL SLAVES STATUS";

    public static async Task<ServerFacts> AskAsync(ServerConnection connection, TimeProvider time, CancellationToken ct)
    {
        var results = await connection.QueryMultiAsync(Questions, ct);
        var answeredAt = time.Now();
        var self = results[0].Rows[0];
        var applied = PositionOf(self[4]);
        return new ServerFacts
        {
            Number = uint.Parse(self[0]!, CultureInfo.InvariantCulture),
            ReadOnly = self[1] is not ("0" or "OFF"),
            LogsReplicated = self[2] is "1" or "ON",
            Logged = PositionOf(self[3]),
            Applied = applied,
            History = HistoryOf(self[5], applied),
            StartedAt = answeredAt - TimeSpan.FromSeconds(long.Parse(results[1].Rows[0][1]!, CultureInfo.InvariantCulture)),
            ConnectionId = connection.ThreadId,
            Links = [.. Enumerable.Range(0, results[2].Rows.Count).Select(row => LinkOf(results[2], row))],
            // These variables and MASTER_GTID_WAIT came together in MariaDB 10.0 and the tracker in 10.2, older than anything watched here;
            // a server of another family does not know the variables above, and has said so by an error.
            Capabilities = new ServerCapabilities
            {
                Version = connection.ServerVersion, TracksLastGtid = true, WaitsForGtid = true, ProtocolCapabilities = (ulong)connection.Capabilities,
            },
        };
    }

    /// <summary>Empty, and never an error, for a monitor that may not ask.</summary>
    public static async Task<ImmutableArray<Follower>> FollowersAsync(ServerConnection connection, CancellationToken ct)
    {
        try
        {
            var hosts = await connection.QueryAsync("SHOW SLAVE HOSTS", ct);
            return [.. Enumerable.Range(0, hosts.Rows.Count)
                .Select(row => new Follower(Number(hosts.Value(row, "Server_id")), hosts.Value(row, "Host") ?? "", (int)Number(hosts.Value(row, "Port"))))
                .Where(static follower => follower.Host.Length > 0 && follower.Port > 0)];
        }
        catch (ServerException)
        {
            return [];
        }
    }

    public static Position PositionOf(string? text) =>
        Position.TryParse(text ?? "", out var position) ? position : throw new InvalidDataException($"the server's position cannot be read: {text}");

    static ReplicationLink LinkOf(QueryResult status, int row)
    {
        var error = status.Value(row, "Last_SQL_Error") is { Length: > 0 } sql ? sql : status.Value(row, "Last_IO_Error") ?? "";
        return new ReplicationLink(
            status.Value(row, "Master_Host") ?? "", (int)Number(status.Value(row, "Master_Port")), Number(status.Value(row, "Master_Server_Id")),
            StateOf(status.Value(row, "Slave_IO_Running")), StateOf(status.Value(row, "Slave_SQL_Running")),
            TimeSpan.FromSeconds(Number(status.Value(row, "SQL_Delay"))), error);
    }

    static LinkThread StateOf(string? running) => running switch
    {
        "Yes" => LinkThread.Running,
        "Connecting" or "Preparing" => LinkThread.Connecting,
        _ => LinkThread.Stopped,
    };

    static uint Number(string? text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    // The state names the last transaction of each server in each domain, where a position names only the last of all.
    static ImmutableArray<Gtid> HistoryOf(string? state, Position applied)
    {
        var all = new List<Gtid>();
        foreach (var one in (state ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            if (Position.TryParse(one, out var position) && !position.IsEmpty) all.Add(position[0]);
        for (var i = 0; i < applied.DomainCount; i++)
        {
            var gtid = applied[i];
            var known = all.FindIndex(g => g.Domain == gtid.Domain && g.Server == gtid.Server);
            if (known < 0) all.Add(gtid);
            else if (all[known].Sequence < gtid.Sequence) all[known] = gtid;
        }
        return [.. all];
    }
}
