using System.Collections.Immutable;
using System.Globalization;
using Headwater.Core.Topology;

namespace Headwater.Core.Failover;

/// <summary>
/// What stands between the members of a ring and writing side by side, in words. Sources: https://mariadb.com/kb/en/gtid/#gtid_domain_id , https://mariadb.com/kb/en/auto_increment/ ,
/// https://mariadb.com/kb/en/replication-and-binary-log-system-variables/#slave_exec_mode .
/// </summary>
public static class RingAudit
{
    public static ImmutableArray<AuditFinding> Audit(IReadOnlyList<ServerSettings> members)
    {
        var found = ImmutableArray.CreateBuilder<AuditFinding>();
        void Found(AuditWeight weight, ServerSettings server, string setting, string sentence, string mend = "") => found.Add(new AuditFinding(weight, server.Server, setting, sentence, mend));
        foreach (var server in members)
        {
            foreach (var row in PromiseAudit.OfAll)
                if (row.Wrong(server)) Found(row.Weight, server, row.Setting, row.Says(server), row.Mend);
            if (server.Of("slave_exec_mode") != "STRICT") Found(AuditWeight.Breaks, server, "slave_exec_mode", $"is {server.Of("slave_exec_mode")}: a row that is there already is overwritten, and one that is not there is skipped, without a word", "SET GLOBAL slave_exec_mode = 'STRICT'");
            if (server.Of("rpl_semi_sync_master_enabled") == "ON") Found(AuditWeight.Weakens, server, "rpl_semi_sync_master_enabled", "its commits wait for the one member after it, and so for a ring that is open there", "SET GLOBAL rpl_semi_sync_master_enabled = OFF");
            if (server.Values.Any(static pair => pair.Key.StartsWith("replicate_", StringComparison.Ordinal) && pair.Value.Length > 0)) Found(AuditWeight.Breaks, server, "replicate_*", "it leaves out a part of the log, which nobody after it gets");
            if (PromiseAudit.Number(server, "auto_increment_increment") < members.Count)
                Found(AuditWeight.Breaks, server, "auto_increment_increment", $"is {server.Of("auto_increment_increment")} in a ring of {members.Count}: two members give the same id to two rows",
                    $"SET GLOBAL auto_increment_increment = {members.Count}");
        }
        foreach (var same in Alike(members, "server_id")) Found(AuditWeight.Breaks, same.First(), "server_id", $"is {same.Key}, as that of {Others(same)}: each takes the other's transactions for its own and skips them");
        foreach (var same in Alike(members, "gtid_domain_id"))
            foreach (var server in same.Skip(1))
                Found(AuditWeight.Breaks, server, "gtid_domain_id", $"is {same.Key}, as that of {same.First().Server}: both give the same numbers to different transactions", $"SET GLOBAL gtid_domain_id = {server.Of("server_id")}");
        foreach (var same in Alike(members, "auto_increment_offset"))
            foreach (var server in same.Skip(1))
                Found(AuditWeight.Breaks, server, "auto_increment_offset", $"is {same.Key}, as that of {same.First().Server}: both give the same id to two rows", string.Create(CultureInfo.InvariantCulture, $"SET GLOBAL auto_increment_offset = {Place(members, server)}"));
        return found.ToImmutable();
    }

    static IEnumerable<IGrouping<string, ServerSettings>> Alike(IReadOnlyList<ServerSettings> members, string setting) => members.GroupBy(server => server.Of(setting)).Where(static group => group.Count() > 1);

    static string Others(IEnumerable<ServerSettings> same) => Election.Names(same.Skip(1).Select(static server => server.Server));

    static int Place(IReadOnlyList<ServerSettings> members, ServerSettings server) => 1 + members.Select(static member => member.Server).ToList().IndexOf(server.Server);
}
