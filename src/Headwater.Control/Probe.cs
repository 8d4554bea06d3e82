using System.Collections.Immutable;
using System.Globalization;
using Headwater.Core;
using Headwater.Core.Positions;
using Headwater.Core.Topology;
using Headwater.Servers;

namespace Headwater.Control;

/// <summary>A server that has registered with its source, as SHOW SLAVE HOSTS tells it.</summary>
readonly record struct Follower(uint Number, ServerAddress Address);

/// <summary>
/// One look at one server: who it is, what it follows, who follows it. Source: https://mariadb.com/kb/en/show-replica-status/ .
/// </summary>
static class Probe
{
    const string Self = "SELECT @@global.server_id, @@global.read_only, @@global.log_slave_updates, @@global.gtid_binlog_pos, @@global.gtid_slave_pos, @@global.gtid_binlog_state, @@global.gtid_domain_id;";
    const string Questions = Self
        + "SHOW STATUS WHERE Variable_name IN ('Uptime', 'Rpl_semi_sync_master_status', 'Rpl_semi_sync_master_clients', 'Rpl_semi_sync_master_wait_sessions', 'Rpl_semi_sync_master_no_tx', 'Rpl_semi_sync_slave_status');"
        + "SHOW ALL SLAVES STATUS; SELECT @@global.rpl_semi_sync_master_enabled, @@global.rpl_semi_sync_slave_enabled";

    // What needs no temporary table.
    const string PlainQuestions = Self + "SHOW PROCESSLIST; SHOW ALL SLAVES STATUS; SELECT @@global.rpl_semi_sync_master_enabled, @@global.rpl_semi_sync_slave_enabled";

    const string Commits = "SELECT COUNT(*), SUM(state = '" + ThreadStates.OutOfRoom + "') FROM information_schema.PROCESSLIST WHERE state IN ('" + ThreadStates.InCommit + "', '" + ThreadStates.OutOfRoom + "')";

    /// <param name="before">The look before this one, if there was any.</param>
    public static async Task<Observation> AskAsync(ServerConnection connection, WatchedServer server, Observation? before, Instant askedAt, TimeProvider time, CancellationToken ct)
    {
        IReadOnlyList<QueryResult> results;
        (int Committing, bool DiskFull) commits;
        try
        {
            results = await connection.QueryMultiAsync(Questions, ct);
            commits = HasNotMoved(before, results[0].Rows[0]) ? await CommitsAsync(connection, ct) : default;
        }
        catch (ServerException e) when (before is not null && e.Message.Contains("(Errcode: 28", StringComparison.Ordinal))
        {
            return await AskPlainlyAsync(connection, server, before, askedAt, time, ct);
        }
        var status = results[1].Rows.ToDictionary(static row => row[0]!, static row => row[1] ?? "");
        return Told(results, connection, server, askedAt, time) with
        {
            Uptime = TimeSpan.FromSeconds(long.Parse(status["Uptime"], CultureInfo.InvariantCulture)),
            SemiSync = Settings(results[3].Rows[0], new SemiSync
            {
                Waiting = IsOn(status.GetValueOrDefault("Rpl_semi_sync_master_status")),
                Acknowledgers = (int)Number(status.GetValueOrDefault("Rpl_semi_sync_master_clients")),
                Unacknowledged = Number(status.GetValueOrDefault("Rpl_semi_sync_master_no_tx")),
                WaitingCommits = (int)Number(status.GetValueOrDefault("Rpl_semi_sync_master_wait_sessions")),
                Acknowledging = IsOn(status.GetValueOrDefault("Rpl_semi_sync_slave_status")),
            }),
            Committing = commits.Committing,
            DiskFull = commits.DiskFull,
        };
    }

    /// <summary>What both ways of asking are told.</summary>
    static Observation Told(IReadOnlyList<QueryResult> results, ServerConnection connection, WatchedServer server, Instant askedAt, TimeProvider time)
    {
        var self = results[0].Rows[0];
        return new Observation
        {
            Server = server,
            AskedAt = askedAt,
            AnsweredAt = time.Now(),
            ThreadId = connection.ThreadId,
            Outcome = ProbeOutcome.Answered,
            Number = uint.Parse(self[0]!, CultureInfo.InvariantCulture),
            Domain = Number(self[6]),
            ReadOnly = IsOn(self[1]),
            LogsReplicated = IsOn(self[2]),
            BinlogPosition = PositionOf(self[3]),
            SlavePosition = PositionOf(self[4]),
            BinlogState = GtidsOf(self[5]),
            Links = [.. Enumerable.Range(0, results[2].Rows.Count).Select(row => LinkOf(results[2], row))],
            // MASTER_GTID_WAIT came with MariaDB 10.0 and the tracker with 10.2, older than anything watched here; a server of another
            // family does not know the variables above, and has said so by an error.
            Capabilities = new ServerCapabilities
            {
                Version = connection.ServerVersion,
                TracksLastGtid = true,
                WaitsForGtid = true,
                ProtocolCapabilities = (ulong)connection.Capabilities,
            },
        };
    }

    static SemiSync Settings(string?[] row, SemiSync counted) => counted with { Waits = IsOn(row[0]), Acknowledges = IsOn(row[1]) };

    static bool HasNotMoved(Observation? before, string?[] self) => before is { ReadOnly: false } && !IsOn(self[1]) && PositionOf(self[3]) == before.BinlogPosition;

    /// <summary>Where there is no room for temporary tables, which may be on another disk than the log: what is counted is taken from the look before.</summary>
    static async Task<Observation> AskPlainlyAsync(ServerConnection connection, WatchedServer server, Observation before, Instant askedAt, TimeProvider time, CancellationToken ct)
    {
        var results = await connection.QueryMultiAsync(PlainQuestions, ct);
        var states = Enumerable.Range(0, results[1].Rows.Count).Select(row => results[1].Value(row, "State") ?? "").ToList();
        var stands = HasNotMoved(before, results[0].Rows[0]);
        return Told(results, connection, server, askedAt, time) with
        {
            Uptime = before.Uptime + (askedAt - before.AskedAt),
            SemiSync = Settings(results[3].Rows[0], (before.SemiSync ?? new SemiSync()) with { WaitingCommits = states.Count(static state => state.StartsWith(ThreadStates.UnacknowledgedBegin, StringComparison.Ordinal)) }),
            Committing = stands ? states.Count(static state => state is ThreadStates.InCommit or ThreadStates.OutOfRoom) : 0,
            DiskFull = stands && states.Contains(ThreadStates.OutOfRoom),
        };
    }

    /// <summary>
    /// Whether its receiver waits for room on the disk, which it does for a minute even when there is room again, and with the lock that SHOW SLAVE STATUS and STOP SLAVE need. So this
    /// is asked by itself, of a server that has left the other questions unanswered.
    /// </summary>
    public static async Task<bool> IsReceiverOutOfRoomAsync(ServerConnection connection, CancellationToken ct) =>
        (await connection.QueryAsync($"SELECT 1 FROM information_schema.PROCESSLIST WHERE {ThreadStates.ReceiverOutOfRoom}", ct)).Rows.Count > 0;

    static async Task<(int Committing, bool DiskFull)> CommitsAsync(ServerConnection connection, CancellationToken ct)
    {
        var row = (await connection.QueryAsync(Commits, ct)).Rows[0];
        return ((int)Number(row[0]), Number(row[1]) > 0);
    }

    /// <summary>Empty, and never an error, for a monitor that may not ask.</summary>
    public static async Task<ImmutableArray<Follower>> FollowersAsync(ServerConnection connection, CancellationToken ct)
    {
        try
        {
            var hosts = await connection.QueryAsync("SHOW SLAVE HOSTS", ct);
            return [.. Enumerable.Range(0, hosts.Rows.Count)
                .Select(row => new Follower(Number(hosts.Value(row, "Server_id")), new ServerAddress(hosts.Value(row, "Host") ?? "", (int)Number(hosts.Value(row, "Port")))))
                .Where(static follower => follower.Address.Host.Length > 0 && follower.Address.Port > 0)];
        }
        catch (ServerException)
        {
            return [];
        }
    }

    static bool IsOn(string? value) => value is "1" or "ON";

    public static Position PositionOf(string? text) =>
        Position.TryParse(text ?? "", out var position) ? position : throw new InvalidDataException($"the server's position cannot be read: {text}");

    static ReplicationLink LinkOf(QueryResult status, int row) => new()
    {
        Name = status.Value(row, "Connection_name") ?? "",
        SourceHost = status.Value(row, "Master_Host") ?? "",
        SourcePort = (int)Number(status.Value(row, "Master_Port")),
        SourceNumber = Number(status.Value(row, "Master_Server_Id")),
        Receiving = status.Value(row, "Slave_IO_Running") switch
        {
            "Yes" => LinkState.Running,
            "Connecting" or "Preparing" => LinkState.Connecting,
            _ => LinkState.Stopped,
        },
        Received = PositionOf(status.Value(row, "Gtid_IO_Pos")),
        ReceivedTo = new LogPlace(status.Value(row, "Master_Log_File") ?? "", long.TryParse(status.Value(row, "Read_Master_Log_Pos"), NumberStyles.None, CultureInfo.InvariantCulture, out var offset) ? offset : 0),
        Heartbeats = Number(status.Value(row, "Slave_received_heartbeats")),
        Applying = status.Value(row, "Slave_SQL_Running") == "Yes",
        Delay = TimeSpan.FromSeconds(Number(status.Value(row, "SQL_Delay"))),
        Error = status.Value(row, "Last_SQL_Error") is { Length: > 0 } error ? error : status.Value(row, "Last_IO_Error") ?? "",
        Unreached = status.Value(row, "Last_SQL_Error") is null or "" && IsOfTheNetwork(Number(status.Value(row, "Last_IO_Errno"))),
    };

    /// <summary>The errors after which a receiver tries again by itself (is_network_error in sql/slave.cc), among them 1040, which a source says whose connections are all taken.</summary>
    static bool IsOfTheNetwork(uint error) => error is 1040 or 1053 or 1158 or 1159 or 1160 or 1161 or 1203 or 1927 or 2002 or 2003 or 2006 or 2013;

    static uint Number(string? text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    // One domain may stand there several times, once per server that ever wrote in it, so this is no position.
    static ImmutableArray<Gtid> GtidsOf(string? state) =>
        [.. (state ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(PositionOf).Where(static one => !one.IsEmpty).Select(static one => one[0])];
}
