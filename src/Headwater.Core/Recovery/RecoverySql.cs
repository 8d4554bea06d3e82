using System.Text;
using Headwater.Core.Log;

namespace Headwater.Core.Recovery;

/// <summary>
/// Logged rows as statements that change a row only where it is, byte for byte, what the log says it was; and the same backwards. Each changes one
/// row or none, which its count of changed rows tells.
/// </summary>
public static class RecoverySql
{
    /// <summary>
    /// On a primary: nothing is converted silently, and its constraints hold for what is applied.
    /// </summary>
    public const string ApplySession = "SET NAMES utf8mb4, time_zone='+00:00', sql_mode='STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', foreign_key_checks=1, check_constraint_checks=1";

    /// <summary>On a server that is rewound: what is put back was there before, in whatever order it comes.</summary>
    public const string UndoSession = "SET NAMES utf8mb4, time_zone='+00:00', sql_mode='STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', foreign_key_checks=0, check_constraint_checks=0, sql_log_bin=0";

    /// <summary>The change itself. Inserts that follow each other can be joined: <see cref="InsertHead"/>.</summary>
    public static void Redo(StringBuilder sql, in LoggedRow row, TableFacts facts)
    {
        switch (row.Rows.Kind)
        {
            case RowKind.Insert:
                InsertHead(sql, row.Rows.Table, facts);
                Values(sql, row.After, facts);
                break;
            case RowKind.Update: Update(sql, row.Before, row.After, facts); break;
            default: Delete(sql, row.Before, facts); break;
        }
    }

    /// <summary>What takes the change back.</summary>
    public static void Undo(StringBuilder sql, in LoggedRow row, TableFacts facts)
    {
        switch (row.Rows.Kind)
        {
            case RowKind.Insert: Delete(sql, row.After, facts); break;
            case RowKind.Update: Update(sql, row.After, row.Before, facts); break;
            default:
                InsertHead(sql, row.Rows.Table, facts);
                Values(sql, row.Before, facts);
                break;
        }
    }

    public static void InsertHead(StringBuilder sql, LoggedTable table, TableFacts facts)
    {
        sql.Append("INSERT INTO ");
        RowSql.Target(sql, table);
        sql.Append(" (");
        var any = false;
        foreach (var column in table.Columns)
        {
            if (facts.Generated[column.Ordinal]) continue;
            if (any) sql.Append(',');
            any = true;
            RowSql.Name(sql, column.Name!);
        }
        sql.Append(") VALUES ");
    }

    public static void Values(StringBuilder sql, in RowImage image, TableFacts facts)
    {
        sql.Append('(');
        var any = false;
        foreach (var column in image.Table.Columns)
        {
            if (facts.Generated[column.Ordinal]) continue;
            if (any) sql.Append(',');
            any = true;
            image[column.Ordinal].AppendSqlLiteral(sql);
        }
        sql.Append(')');
    }

    static void Update(StringBuilder sql, in RowImage from, in RowImage to, TableFacts facts)
    {
        sql.Append("UPDATE ");
        RowSql.Target(sql, from.Table);
        sql.Append(" SET ");
        var any = false;
        foreach (var column in to.Table.Columns)
        {
            // One with ON UPDATE would be set to now if it were not named.
            var isClock = column.Type is LoggedType.Timestamp or LoggedType.OldTimestamp or LoggedType.DateTime or LoggedType.OldDateTime;
            if (facts.Generated[column.Ordinal] || !isClock && to[column.Ordinal] == from[column.Ordinal]) continue;
            if (any) sql.Append(',');
            any = true;
            Assign(sql, to[column.Ordinal]);
        }
        // A row that was logged and not changed.
        if (!any) Assign(sql, to[0]);
        sql.Append(" WHERE ");
        Exactly(sql, from, facts);
        sql.Append(" LIMIT 1");
    }

    static void Assign(StringBuilder sql, in ColumnValue value)
    {
        RowSql.Name(sql, value.Column.Name!);
        sql.Append('=');
        value.AppendSqlLiteral(sql);
    }

    static void Delete(StringBuilder sql, in RowImage image, TableFacts facts)
    {
        sql.Append("DELETE FROM ");
        RowSql.Target(sql, image.Table);
        sql.Append(" WHERE ");
        Exactly(sql, image, facts);
        sql.Append(" LIMIT 1");
    }

    /// <summary>True for a row that is this image, byte for byte; the primary key comes first, in a form that finds it by its index.</summary>
    public static void Exactly(StringBuilder sql, in RowImage image, TableFacts facts)
    {
        if (facts.HasPrimaryKey)
        {
            Key(sql, image, facts);
            sql.Append(" AND ");
        }
        var any = false;
        foreach (var column in image.Table.Columns)
        {
            if (facts.Generated[column.Ordinal]) continue;
            if (facts.Columns[column.Ordinal].InPrimaryKey && !IsCollated(column)) continue;
            if (any) sql.Append(" AND ");
            any = true;
            if (IsCollated(column)) sql.Append("BINARY ");
            RowSql.Name(sql, column.Name!);
            sql.Append("<=>");
            image[column.Ordinal].AppendSqlLiteral(sql);
        }
        if (!any) sql.Append("TRUE");
    }

    /// <summary>True for the row that has the image's primary key.</summary>
    public static void Key(StringBuilder sql, in RowImage image, TableFacts facts)
    {
        var any = false;
        foreach (var column in image.Table.Columns)
        {
            if (!facts.Columns[column.Ordinal].InPrimaryKey) continue;
            if (any) sql.Append(" AND ");
            any = true;
            RowSql.Name(sql, column.Name!);
            sql.Append('=');
            image[column.Ordinal].AppendSqlLiteral(sql);
        }
    }

    /// <summary>Whether the update moves its row to another primary key.</summary>
    public static bool Moves(in LoggedRow row, TableFacts facts)
    {
        if (row.Rows.Kind != RowKind.Update) return false;
        foreach (var column in row.Rows.Table.Columns)
            if (facts.Columns[column.Ordinal].InPrimaryKey && row.Before[column.Ordinal] != row.After[column.Ordinal]) return true;
        return false;
    }

    /// <summary>A changed row counts as one, a row that was logged unchanged as none.</summary>
    public static ulong Changes(in LoggedRow row, TableFacts facts)
    {
        if (row.Rows.Kind != RowKind.Update) return 1;
        foreach (var column in row.Rows.Table.Columns)
            if (!facts.Generated[column.Ordinal] && row.Before[column.Ordinal] != row.After[column.Ordinal]) return 1;
        return 0;
    }

    // A collation takes more for equal than the bytes do.
    static bool IsCollated(LoggedColumn column) => column.Type is LoggedType.Text or LoggedType.FixedText && column.Charset is not (null or "binary");
}
