using System.Globalization;
using System.Text;
using Headwater.Core.Log;
using Headwater.Core.Recovery;
using Headwater.Servers;

namespace Headwater.Control.Recovery;

/// <summary>
/// Whether two servers agree on the rows that a tail touched. The primary is read in one snapshot and the other one stands still at the position of it,
/// so that no lock is held and nobody has to wait.
/// </summary>
static class Comparison
{
    const int Chunk = 500;

    /// <summary>Opens the snapshot; its position.</summary>
    public static async Task<string> SnapshotAsync(ServerConnection primary, CancellationToken ct)
    {
        await primary.QueryMultiAsync("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ; SET time_zone='+00:00'; START TRANSACTION WITH CONSISTENT SNAPSHOT", ct);
        var status = await primary.QueryAsync("SHOW STATUS LIKE 'binlog_snapshot_%'", ct);
        var file = status.Rows.First(static row => row[0]!.EndsWith("file", StringComparison.OrdinalIgnoreCase))[1];
        var offset = status.Rows.First(static row => row[0]!.EndsWith("position", StringComparison.OrdinalIgnoreCase))[1];
        return (await primary.QueryAsync($"SELECT BINLOG_GTID_POS('{file}', {offset})", ct)).Scalar ?? "";
    }

    /// <param name="looked">Told of each chunk's keys when they are compared.</param>
    public static async Task<IReadOnlyList<ComparedTable>> RunAsync(ServerConnection primary, ServerConnection other, TouchedKeys keys, TableFactsLookup current, Action<long> looked, CancellationToken ct)
    {
        await other.QueryAsync("SET time_zone='+00:00'", ct);
        var compared = new List<ComparedTable>();
        foreach (var (table, _, chunks) in keys.Read(Chunk))
        {
            // It may have been altered or dropped since: then the tail's rows of it are in quarantine, and there is nothing to compare.
            if (current(table.Schema, table.Name) is not { } facts || facts.WhyNot(table) is not null) continue;
            var countAll = new StringBuilder("SELECT COUNT(*) FROM ");
            RowSql.Target(countAll, table);
            var there = await primary.QueryAsync(countAll.ToString(), ct);
            var here = await other.QueryAsync(countAll.ToString(), ct);
            int all = 0, different = 0;
            foreach (var (list, count) in facts.HasPrimaryKey ? chunks.Select(chunk => (Checksum(table, facts, chunk.Keys), chunk.Count)) : [(Checksum(table, facts, null), 0)])
            {
                all++;
                var (one, two) = (await primary.QueryAsync(list, ct), await other.QueryAsync(list, ct));
                if (!one.Rows[0].SequenceEqual(two.Rows[0])) different++;
                looked(count);
            }
            compared.Add(new ComparedTable(table.ToString(), long.Parse(there.Scalar!, CultureInfo.InvariantCulture), long.Parse(here.Scalar!, CultureInfo.InvariantCulture), all, different));
        }
        return compared;
    }

    // Rows in any order: their sums are joined by exclusive or, with the count beside it. Two CRCs of different texts make 64 bits.
    static string Checksum(LoggedTable table, TableFacts facts, string? keys)
    {
        var row = new StringBuilder("CONCAT_WS(',',");
        for (var i = 0; i < facts.Columns.Count; i++)
        {
            if (i > 0) row.Append(',');
            row.Append("IFNULL(HEX(CONCAT(");
            RowSql.Name(row, facts.Columns[i].Name);
            row.Append(")),'-')");
        }
        row.Append(')');
        var sql = new StringBuilder($"SELECT COUNT(*), BIT_XOR(CRC32({row})), BIT_XOR(CRC32(REVERSE({row}))) FROM ");
        RowSql.Target(sql, table);
        if (keys is null) return sql.ToString();
        sql.Append(" WHERE (");
        var any = false;
        foreach (var column in facts.Columns)
        {
            if (!column.InPrimaryKey) continue;
            if (any) sql.Append(',');
            any = true;
            RowSql.Name(sql, column.Name);
        }
        return sql.Append(") IN (").Append(keys).Append(')').ToString();
    }
}
