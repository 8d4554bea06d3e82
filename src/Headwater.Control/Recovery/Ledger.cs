using System.Globalization;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Core.Recovery;
using Headwater.Servers;

namespace Headwater.Control.Recovery;

/// <summary>
/// What became of each transaction of a tail, in a table of the cluster itself, written in the same transaction as the rows: so it is true whatever
/// crashes, and running a recovery twice changes nothing. A GTID can come again in another history; with its checksum it cannot.
/// </summary>
static class Ledger
{
    public const string Applied = "applied", AlreadyThere = "already there", Quarantined = "quarantined";

    public static Task CreateAsync(ServerConnection primary, CancellationToken ct) => primary.QueryMultiAsync("""
        CREATE DATABASE IF NOT EXISTS headwater;
        CREATE TABLE IF NOT EXISTS headwater.recovered (
          origin_domain INT UNSIGNED NOT NULL, origin_sequence BIGINT UNSIGNED NOT NULL, origin_server INT UNSIGNED NOT NULL, checksum CHAR(16) NOT NULL,
          server VARCHAR(200) NOT NULL COMMENT 'whose log had it', label ENUM('acknowledged','unknown','never acknowledged') NOT NULL,
          outcome ENUM('applied','already there','quarantined') NOT NULL, rows_changed BIGINT UNSIGNED NOT NULL, reason TEXT NOT NULL,
          new_gtid VARCHAR(60) NULL COMMENT 'empty for the last one of a run that was cut short: it is in the log beside this row', recovered_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
          PRIMARY KEY (origin_domain, origin_sequence, origin_server, checksum)
        ) ENGINE=InnoDB CHARACTER SET utf8mb4 COMMENT='Headwater: what became of transactions that a former primary had and its successor had not';
        CREATE TABLE IF NOT EXISTS headwater.quarantine (
          origin_domain INT UNSIGNED NOT NULL, origin_sequence BIGINT UNSIGNED NOT NULL, origin_server INT UNSIGNED NOT NULL, checksum CHAR(16) NOT NULL, nr BIGINT UNSIGNED NOT NULL,
          table_name VARCHAR(200) NOT NULL, kind VARCHAR(20) NOT NULL, reason TEXT NOT NULL, statement LONGTEXT NOT NULL COMMENT 'what it did, as SQL',
          row_before LONGTEXT NULL COMMENT 'JSON', row_after LONGTEXT NULL COMMENT 'JSON', row_there LONGTEXT NULL COMMENT 'JSON: what the primary had there instead',
          PRIMARY KEY (origin_domain, origin_sequence, origin_server, checksum, nr)
        ) ENGINE=InnoDB CHARACTER SET utf8mb4 COMMENT='Headwater: transactions of a former primary that were not applied, row by row'
        """, ct);

    public static string Key(Transaction transaction) => Key(transaction.Gtid, transaction.Checksum);

    static string Key(in Gtid gtid, ulong checksum) => string.Create(CultureInfo.InvariantCulture, $"{gtid.Domain},{gtid.Sequence},{gtid.Server},'{checksum:x16}'");

    static string Where(in Gtid gtid, ulong checksum) =>
        string.Create(CultureInfo.InvariantCulture, $"origin_domain={gtid.Domain} AND origin_sequence={gtid.Sequence} AND origin_server={gtid.Server} AND checksum='{checksum:x16}'");

    public static string Insert(Transaction transaction, string server, TailLabel label, string outcome, long rows, string reason) => string.Create(CultureInfo.InvariantCulture,
        $"INSERT INTO headwater.recovered (origin_domain,origin_sequence,origin_server,checksum,server,label,outcome,rows_changed,reason) VALUES ({Key(transaction)},{Sql.Text(server)},'{Words.Of(label)}','{outcome}',{rows},{Sql.Text(reason)})");

    public static string Note(in Gtid gtid, ulong checksum, string newGtid) => $"UPDATE headwater.recovered SET new_gtid={Sql.Text(newGtid)} WHERE {Where(gtid, checksum)}";

    /// <summary>The outcome of an earlier run; null when there was none.</summary>
    public static async Task<string?> FindAsync(ServerConnection primary, Transaction transaction, CancellationToken ct) =>
        (await primary.QueryAsync($"SELECT outcome FROM headwater.recovered WHERE {Where(transaction.Gtid, transaction.Checksum)}", ct)).Scalar;

    public static async Task<bool> HasAnyOfAsync(ServerConnection primary, string server, CancellationToken ct) =>
        (await primary.QueryAsync($"SELECT 1 FROM headwater.recovered WHERE server={Sql.Text(server)} LIMIT 1", ct)).Rows.Count > 0;

    public static async Task<bool> ExistsAsync(ServerConnection primary, CancellationToken ct) =>
        (await primary.QueryAsync("SELECT 1 FROM information_schema.tables WHERE table_schema='headwater' AND table_name='recovered'", ct)).Rows.Count > 0;
}
