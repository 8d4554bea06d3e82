using System.Collections.Immutable;
using System.Globalization;
using Headwater.Core.Topology;

namespace Headwater.Core.Failover;

public enum AuditWeight : byte
{
    /// <summary>The promise cannot be kept with it.</summary>
    Breaks,

    /// <summary>The promise holds, with less margin or for fewer kinds of accidents.</summary>
    Weakens,
}

/// <summary>One thing that stands against the promise.</summary>
/// <param name="Mend">The statement that mends it while the server runs; empty where none does, and the sentence says what would.</param>
public sealed record AuditFinding(AuditWeight Weight, ServerId Server, string Setting, string Sentence, string Mend);

/// <summary>The settings of one server that bear on the promise, as SHOW GLOBAL VARIABLES and SHOW ALL SLAVES STATUS say them.</summary>
public sealed record ServerSettings(ServerId Server, ServerRole Role, ImmutableDictionary<string, string> Values)
{
    public string Of(string name) => Values.GetValueOrDefault(name, "");
}

/// <summary>
/// What stands between a cluster and its promise to lose nothing that was acknowledged, in words. Rules as rows; each says what it found, why it matters,
/// and what mends it. Sources: https://mariadb.com/kb/en/semisynchronous-replication/ , https://mariadb.com/kb/en/gtid/ .
/// </summary>
public static class PromiseAudit
{
    /// <summary>The variables to ask each server for.</summary>
    public static readonly ImmutableArray<string> Variables =
    [
        "rpl_semi_sync_master_enabled", "rpl_semi_sync_master_wait_point", "rpl_semi_sync_master_wait_no_slave", "rpl_semi_sync_master_timeout", "rpl_semi_sync_slave_enabled",
        "sync_binlog", "innodb_flush_log_at_trx_commit", "sync_relay_log", "binlog_format", "binlog_row_image", "log_slave_updates", "gtid_strict_mode", "gtid_domain_id", "server_id",
        "read_only", "slave_net_timeout", "replicate_do_db", "replicate_ignore_db", "replicate_do_table", "replicate_ignore_table", "replicate_wild_do_table", "replicate_wild_ignore_table",
        "version", "log_bin", "init_rpl_role", "tcp_keepalive_time", "slave_exec_mode", "auto_increment_increment", "auto_increment_offset",
    ];

    static readonly TimeSpan LeastTimeout = TimeSpan.FromHours(1);

    internal sealed record Row(AuditWeight Weight, string Setting, Func<ServerSettings, bool> Wrong, Func<ServerSettings, string> Says, string Mend);

    static readonly ImmutableArray<Row> OfPrimary =
    [
        new(AuditWeight.Breaks, "rpl_semi_sync_master_enabled", s => !On(s, "rpl_semi_sync_master_enabled"), _ => "commits do not wait for any replica: what is acknowledged may be on the primary alone", "SET GLOBAL rpl_semi_sync_master_enabled = ON"),
        new(AuditWeight.Breaks, "rpl_semi_sync_master_wait_point", s => s.Of("rpl_semi_sync_master_wait_point") != "AFTER_SYNC", s => $"is {s.Of("rpl_semi_sync_master_wait_point")}: others see a commit before a replica has it, and see it vanish with the primary", "SET GLOBAL rpl_semi_sync_master_wait_point = 'AFTER_SYNC'"),
        new(AuditWeight.Breaks, "rpl_semi_sync_master_wait_no_slave", s => !On(s, "rpl_semi_sync_master_wait_no_slave"), _ => "with no replica connected the primary acknowledges alone", "SET GLOBAL rpl_semi_sync_master_wait_no_slave = ON"),
        new(AuditWeight.Breaks, "rpl_semi_sync_master_timeout", s => Number(s, "rpl_semi_sync_master_timeout") < LeastTimeout.TotalMilliseconds, s => $"after {s.Of("rpl_semi_sync_master_timeout")} ms without an answer the primary goes on alone, and says so only in a status variable", "SET GLOBAL rpl_semi_sync_master_timeout = 86400000"),
    ];

    static readonly ImmutableArray<Row> OfReplica =
    [
        new(AuditWeight.Breaks, "rpl_semi_sync_slave_enabled", s => !On(s, "rpl_semi_sync_slave_enabled"), _ => "it acknowledges nothing", "SET GLOBAL rpl_semi_sync_slave_enabled = ON"),
        new(AuditWeight.Weakens, "sync_relay_log", s => Number(s, "sync_relay_log") != 1, s => $"is {s.Of("sync_relay_log")}: it acknowledges what a crash of its machine can take from it; a crash of both machines at once can lose it", "SET GLOBAL sync_relay_log = 1"),
        new(AuditWeight.Weakens, "rpl_semi_sync_master_enabled", s => On(s, "rpl_semi_sync_master_enabled"), _ => "it waits for acknowledgements of what it replicates, though it has no replicas of its own to give them", "SET GLOBAL rpl_semi_sync_master_enabled = OFF"),
        new(AuditWeight.Breaks, "read_only", s => !On(s, "read_only"), _ => "it can be written to beside the primary", "SET GLOBAL read_only = ON"),
        new(AuditWeight.Weakens, "slave_net_timeout", s => Number(s, "slave_net_timeout") > 10, s => $"is {s.Of("slave_net_timeout")} s: for that long it does not notice that no packet comes from its source any more", "SET GLOBAL slave_net_timeout = 4"),
        new(AuditWeight.Breaks, "replicate_*", s => s.Values.Any(static pair => pair.Key.StartsWith("replicate_", StringComparison.Ordinal) && pair.Value.Length > 0), _ => "it leaves out a part of the log, which would be missing if it were promoted", ""),
    ];

    internal static readonly ImmutableArray<Row> OfAll =
    [
        new(AuditWeight.Breaks, "log_bin", s => !On(s, "log_bin"), _ => "it keeps no binary log, so nobody can follow it; it is set at the server's start", ""),
        new(AuditWeight.Breaks, "sync_binlog", s => Number(s, "sync_binlog") != 1, s => $"is {s.Of("sync_binlog")}: a crash of the machine takes commits out of the binary log that replicas may have, or must have", "SET GLOBAL sync_binlog = 1"),
        new(AuditWeight.Breaks, "innodb_flush_log_at_trx_commit", s => Number(s, "innodb_flush_log_at_trx_commit") is not (1 or 3), s => $"is {s.Of("innodb_flush_log_at_trx_commit")}: a crash of the machine takes up to a second of commits from the tables", "SET GLOBAL innodb_flush_log_at_trx_commit = 1"),
        new(AuditWeight.Breaks, "log_slave_updates", s => !On(s, "log_slave_updates"), _ => "it does not log what it replicates, so it can never be promoted; it is set at the server's start", ""),
        new(AuditWeight.Weakens, "gtid_strict_mode", s => !On(s, "gtid_strict_mode"), _ => "it takes transactions out of order, so that two histories can mix unnoticed", "SET GLOBAL gtid_strict_mode = ON"),
        new(AuditWeight.Weakens, "binlog_format", s => s.Of("binlog_format") != "ROW", s => $"is {s.Of("binlog_format")}: a tail of statements cannot be compared with the rows of the new primary, so it cannot be recovered by itself", "SET GLOBAL binlog_format = ROW"),
        new(AuditWeight.Weakens, "tcp_keepalive_time", s => Number(s, "tcp_keepalive_time") is 0 or > 600, s => $"is {(s.Of("tcp_keepalive_time") == "0" ? "0, the system's: 2 hours as a rule" : s.Of("tcp_keepalive_time") + " s")}: connections of machines that vanished stand for so long, and can take every one there is, also the one that a replica needs to acknowledge", "SET GLOBAL tcp_keepalive_time = 60, GLOBAL tcp_keepalive_interval = 10, GLOBAL tcp_keepalive_probes = 3"),
        new(AuditWeight.Weakens, "binlog_row_image", s => s.Of("binlog_row_image") is not ("FULL" or "FULL_NODUP"), s => $"is {s.Of("binlog_row_image")}: a tail cannot be undone on a former primary, which must be rebuilt then", "SET GLOBAL binlog_row_image = FULL"),
    ];

    public static ImmutableArray<AuditFinding> Audit(IReadOnlyList<ServerSettings> servers)
    {
        var found = ImmutableArray.CreateBuilder<AuditFinding>();
        void Apply(ServerSettings server, ImmutableArray<Row> rows)
        {
            foreach (var row in rows)
                if (row.Wrong(server)) found.Add(new AuditFinding(row.Weight, server.Server, row.Setting, row.Says(server), row.Mend));
        }
        foreach (var server in servers)
        {
            Apply(server, OfAll);
            Apply(server, server.Role == ServerRole.Primary ? OfPrimary : OfReplica);
        }
        if (servers.FirstOrDefault(static server => server.Role == ServerRole.Primary) is not { } primary) return found.ToImmutable();
        var replicas = servers.Where(static server => server.Role != ServerRole.Primary).ToList();
        if (replicas.Count == 0)
            found.Add(new AuditFinding(AuditWeight.Breaks, primary.Server, "replicas", "there is no replica that could have a copy", ""));
        else if (replicas.Count == 1)
            found.Add(new AuditFinding(AuditWeight.Weakens, replicas[0].Server, "replicas", "it alone acknowledges: while it is away commits wait, and when it is lost with the primary nobody may be promoted", ""));
        foreach (var replica in replicas)
        {
            if (replica.Of("gtid_domain_id") != primary.Of("gtid_domain_id"))
                found.Add(new AuditFinding(AuditWeight.Breaks, replica.Server, "gtid_domain_id", $"is {replica.Of("gtid_domain_id")}, the primary's is {primary.Of("gtid_domain_id")}: promoted, it would begin another order beside the one there is", $"SET GLOBAL gtid_domain_id = {primary.Of("gtid_domain_id")}"));
            if (Version(replica) < Version(primary))
                found.Add(new AuditFinding(AuditWeight.Weakens, replica.Server, "version", $"is {replica.Of("version")}, older than the primary's {primary.Of("version")}: it may not understand what that logs, and must not be promoted over newer ones", ""));
        }
        foreach (var same in servers.GroupBy(static server => server.Of("server_id")).Where(static group => group.Count() > 1))
            found.Add(new AuditFinding(AuditWeight.Breaks, same.First().Server, "server_id", $"is {same.Key}, as that of {Election.Names(same.Skip(1).Select(static server => server.Server))}: their GTIDs cannot be told apart", ""));
        return found.ToImmutable();
    }

    /// <summary>Why a finding's statement is the operator's to give, and not ours; null when it is ours. Only at <see cref="LossPromise.Zero"/> does the controller keep those who acknowledge.</summary>
    public static string? WhyNotToMend(AuditFinding finding, LossPromise promise, bool isRing = false) => promise == LossPromise.Zero || !finding.Setting.StartsWith("rpl_semi_sync", StringComparison.Ordinal) || isRing && finding.Mend.EndsWith("= OFF", StringComparison.Ordinal)
        ? null : $"{finding.Server}: {finding.Setting} is left as it is: unless control.rpo is zero nobody sees to it that somebody acknowledges, and commits could wait for ever";

    static bool On(ServerSettings server, string name) => server.Of(name) is "ON" or "1";

    internal static long Number(ServerSettings server, string name) => long.TryParse(server.Of(name), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : -1;

    /// <summary>Major and minor only: within a series any version understands the other's log.</summary>
    static int Version(ServerSettings server)
    {
        var parts = server.Of("version").Split('.', '-');
        return parts.Length >= 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major) && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var minor) ? major * 1000 + minor : 0;
    }
}
