using System.Collections.Immutable;
using System.Globalization;
using Headwater.Core.Failover;
using Headwater.Core.Topology;

namespace Headwater.Core.Rebuild;

/// <summary>
/// Whether a server could follow as the others do, by its settings; each finding with the statement that mends it. What <see cref="AuditWeight.Breaks"/> refuses
/// the server. Sources: https://mariadb.com/kb/en/gtid/ , https://mariadb.com/kb/en/replication-and-binary-log-system-variables/ .
/// </summary>
public static class ReplicaFitness
{
    /// <summary>The variables to ask it and the primary for.</summary>
    public static readonly ImmutableArray<string> Variables =
    [
        "version", "server_id", "log_bin", "log_slave_updates", "gtid_strict_mode", "gtid_domain_id", "binlog_format", "binlog_row_image", "binlog_row_metadata",
        "lower_case_table_names", "local_infile", "max_allowed_packet", "innodb_page_size", "report_host",
    ];

    /// <param name="others">server_id of every other server that is known.</param>
    public static ImmutableArray<AuditFinding> Check(ServerSettings server, ServerSettings primary, IReadOnlyDictionary<uint, ServerId> others)
    {
        var found = ImmutableArray.CreateBuilder<AuditFinding>();
        void Say(AuditWeight weight, string setting, string sentence, string mend = "") => found.Add(new AuditFinding(weight, server.Server, setting, sentence, mend));
        void As(AuditWeight weight, string setting, string why)
        {
            var theirs = primary.Of(setting);
            // A variable that one of the two does not know is not compared.
            if (theirs.Length == 0 || !server.Values.ContainsKey(setting) || server.Of(setting) == theirs) return;
            Say(weight, setting, $"is {server.Of(setting)}, the primary's is {theirs}: {why}", $"SET GLOBAL {setting} = {(theirs.All(char.IsAsciiLetterOrDigit) ? theirs : $"'{theirs}'")}");
        }
        void AtStart(string setting, string why)
        {
            if (server.Of(setting) is not ("ON" or "1")) Say(AuditWeight.Breaks, setting, $"{why}; in its option file: {setting.Replace('_', '-')}{(setting == "log_bin" ? "" : " = ON")}, and start it anew");
        }

        if (Series(server) < Series(primary)) Say(AuditWeight.Breaks, "version", $"is {server.Of("version")}, older than the primary's {primary.Of("version")}: it may not understand what that logs");
        if (uint.TryParse(server.Of("server_id"), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && others.TryGetValue(number, out var same))
            Say(AuditWeight.Breaks, "server_id", $"is {number}, as that of {same}: their transactions could not be told apart", string.Create(CultureInfo.InvariantCulture, $"SET GLOBAL server_id = {others.Keys.Max() + 1}"));
        AtStart("log_bin", "it keeps no log, so nobody can follow it");
        AtStart("log_slave_updates", "it does not log what it replicates, so it could never be promoted");
        As(AuditWeight.Breaks, "gtid_strict_mode", "two histories could mix unnoticed");
        As(AuditWeight.Breaks, "gtid_domain_id", "promoted, it would begin another order beside the one there is");
        As(AuditWeight.Breaks, "binlog_format", "promoted, it would log what others cannot compare by rows");
        if (server.Of("lower_case_table_names") != primary.Of("lower_case_table_names"))
            Say(AuditWeight.Breaks, "lower_case_table_names", $"is {server.Of("lower_case_table_names")}, the primary's is {primary.Of("lower_case_table_names")}: names would not mean the same tables; it is chosen when a data directory is made");
        if (server.Of("local_infile") is "OFF" or "0") Say(AuditWeight.Breaks, "local_infile", "is OFF: rows are brought by LOAD DATA LOCAL", "SET GLOBAL local_infile = ON");
        As(AuditWeight.Weakens, "binlog_row_image", "a tail of it could not be undone");
        As(AuditWeight.Weakens, "binlog_row_metadata", "its log alone would not name columns");
        if (Number(server, "max_allowed_packet") < Number(primary, "max_allowed_packet"))
            As(AuditWeight.Weakens, "max_allowed_packet", "promoted, it would refuse what the primary takes");
        if (Number(server, "innodb_page_size") < Number(primary, "innodb_page_size"))
            Say(AuditWeight.Weakens, "innodb_page_size", $"is {server.Of("innodb_page_size")}, the primary's is {primary.Of("innodb_page_size")}: a row that is too long for it would end the copy");
        if (server.Of("report_host").Length == 0) Say(AuditWeight.Weakens, "report_host", "is empty: a gateway that does not list it cannot find it through the primary; it is set in the option file");
        return found.ToImmutable();
    }

    static long Number(ServerSettings server, string name) => long.TryParse(server.Of(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    static int Series(ServerSettings server)
    {
        var parts = server.Of("version").Split('.', '-');
        return parts.Length >= 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major) && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var minor) ? major * 1000 + minor : 0;
    }
}
