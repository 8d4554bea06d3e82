using System.Globalization;
using Headwater.Core.Positions;
using Headwater.Servers;

namespace Headwater.Control.Recovery;

/// <summary>
/// Takes a tail back on the server that has it, past its log. How far it has come stands in a table of that server, changed in the same transaction as
/// the rows: whoever begins again goes on from there.
/// </summary>
sealed class Rewind(ServerConnection connection)
{
    const string HowFar = "headwater.rewinding";

    /// <summary>Nothing of an earlier attempt's progress may be taken for this one's: the name says which tail it is.</summary>
    /// <param name="undone">Told how many rows are taken back by now.</param>
    public async Task<bool> UndoAsync(UndoLog undo, string tail, Action<long> undone, CancellationToken ct)
    {
        await connection.QueryMultiAsync($"""
            {Core.Recovery.RecoverySql.UndoSession};
            CREATE DATABASE IF NOT EXISTS headwater;
            CREATE TABLE IF NOT EXISTS {HowFar} (tail VARCHAR(200) CHARACTER SET ascii PRIMARY KEY, blocks_left INT NOT NULL) ENGINE=InnoDB
            """, ct);
        var known = (await connection.QueryAsync($"SELECT blocks_left FROM {HowFar} WHERE tail={Sql.Text(tail)}", ct)).Scalar;
        var left = known is null ? undo.Blocks : int.Parse(known, CultureInfo.InvariantCulture);
        if (known is null) await connection.QueryAsync($"INSERT INTO {HowFar} VALUES ({Sql.Text(tail)}, {left})", ct);
        var batch = new Batch();
        while (left > 0)
        {
            undone(undo.RowsBehind(left));
            await connection.QueryAsync("BEGIN", ct);
            var right = true;
            foreach (var (sql, changes) in undo.Read(left - 1))
            {
                batch.Add(sql, changes);
                if (batch.IsFull) right &= await batch.RunAsync(connection, ct);
            }
            left--;
            batch.Add($"UPDATE {HowFar} SET blocks_left={left} WHERE tail={Sql.Text(tail)}", 1);
            right &= await batch.RunAsync(connection, ct);
            if (!right)
            {
                await connection.QueryAsync("ROLLBACK", ct);
                return false;
            }
            await connection.QueryAsync("COMMIT", ct);
        }
        return true;
    }

    /// <summary>
    /// The log forgets the tail, and the server stands at <paramref name="position"/>. Said before and after: should the server die in between, it stands
    /// at the right place with a log that still names the tail, which begins this anew, and never at a wrong place with an empty one.
    /// The log that begins anew still says who wrote what came before (<paramref name="state"/>): should this server become the primary, that is its history.
    /// </summary>
    public async Task ForgetAsync(Position position, IReadOnlyList<Gtid> state, CancellationToken ct)
    {
        await connection.QueryAsync("STOP ALL SLAVES", ct);
        var strict = (await connection.QueryAsync("SELECT @@global.gtid_strict_mode", ct)).Scalar == "1" ? "ON" : "OFF";
        await connection.QueryMultiAsync($"""
            SET GLOBAL gtid_strict_mode = OFF;
            SET GLOBAL gtid_slave_pos = '{position}';
            RESET MASTER;
            SET GLOBAL gtid_binlog_state = '{string.Join(',', state)}';
            SET GLOBAL gtid_slave_pos = '{position}';
            SET GLOBAL gtid_strict_mode = {strict};
            SET sql_log_bin = 0;
            DROP TABLE IF EXISTS {HowFar};
            SET sql_log_bin = 1
            """, ct);
    }
}

static class Sql
{
    /// <summary>A text literal under any sql_mode and in any character set of the connection; NULL for null.</summary>
    public static string Text(string? value) => value is null ? "NULL"
        : value.All(static c => c is >= ' ' and < (char)127 and not '\\') ? $"'{value.Replace("'", "''", StringComparison.Ordinal)}'" : $"CONVERT(X'{Convert.ToHexString(System.Text.Encoding.UTF8.GetBytes(value))}' USING utf8mb4)";

    /// <summary>For CHANGE MASTER, which takes nothing but plain literals; in our sessions a backslash escapes.</summary>
    public static string Plain(string value) => $"'{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'";
}
