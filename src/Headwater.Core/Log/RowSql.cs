using System.Text;

namespace Headwater.Core.Log;

/// <summary>Logged rows as statements: for applying them elsewhere, and for keeping them where a person can read and run them.</summary>
public static class RowSql
{
    /// <summary>What a connection has to run before the statements mean what they say.</summary>
    public const string Session = "SET NAMES utf8mb4, time_zone='+00:00', sql_mode='NO_AUTO_VALUE_ON_ZERO', foreign_key_checks=0, check_constraint_checks=0";

    /// <summary>
    /// One statement without a semicolon. Of a row that is updated or deleted, the primary key finds it where it is known, else all logged
    /// columns, byte for byte; then one row at most is changed.
    /// </summary>
    /// <param name="replace">An insert becomes a REPLACE.</param>
    /// <exception cref="InvalidOperationException">The columns' names or signs are not known: <see cref="LoggedTable.HasNames"/>.</exception>
    public static string Of(in LoggedRow row, bool replace = false)
    {
        var table = row.Rows.Table;
        if (!table.HasNames) throw new InvalidOperationException($"The log does not name the columns of {table} (binlog_row_metadata is not FULL), and nobody else does.");
        var sql = new StringBuilder();
        switch (row.Rows.Kind)
        {
            case RowKind.Insert:
                sql.Append(replace ? "REPLACE INTO " : "INSERT INTO ");
                Target(sql, table);
                sql.Append(" (");
                List(sql, row.After, ", ", static (sql, value) => Name(sql, value.Column.Name!));
                sql.Append(") VALUES (");
                List(sql, row.After, ", ", static (sql, value) => value.AppendSqlLiteral(sql));
                sql.Append(')');
                break;
            case RowKind.Update:
                sql.Append("UPDATE ");
                Target(sql, table);
                sql.Append(" SET ");
                List(sql, row.After, ", ", static (sql, value) =>
                {
                    Name(sql, value.Column.Name!);
                    sql.Append('=');
                    value.AppendSqlLiteral(sql);
                });
                Where(sql, row.Before);
                break;
            default:
                sql.Append("DELETE FROM ");
                Target(sql, table);
                Where(sql, row.Before);
                break;
        }
        return sql.ToString();
    }

    /// <summary>A query for the row of this image as it is now: by its primary key where that is known, else by all logged columns.</summary>
    public static string Find(in RowImage image)
    {
        var sql = new StringBuilder("SELECT * FROM ");
        Target(sql, image.Table);
        Where(sql, image);
        return sql.ToString();
    }

    static void Where(StringBuilder sql, in RowImage image)
    {
        sql.Append(" WHERE ");
        var hasKey = image.Table.HasPrimaryKey;
        foreach (var column in image.Table.Columns)
            if (column.InPrimaryKey && !image.Has(column.Ordinal)) hasKey = false;
        List(sql, image, " AND ", (sql, value) =>
        {
            // A collation takes more for equal than the bytes do: a key is unique by it, a row without one is not.
            var asBytes = !hasKey && value.Column.Type is LoggedType.Text or LoggedType.FixedText && value.Column.Charset is not "binary";
            if (asBytes) sql.Append("BINARY ");
            Name(sql, value.Column.Name!);
            sql.Append("<=>");
            value.AppendSqlLiteral(sql);
        }, hasKey);
        sql.Append(" LIMIT 1");
    }

    static void List(StringBuilder sql, in RowImage image, string between, Action<StringBuilder, ColumnValue> write, bool keyOnly = false)
    {
        var any = false;
        foreach (var column in image.Table.Columns)
        {
            if (!image.Has(column.Ordinal) || keyOnly && !column.InPrimaryKey) continue;
            if (any) sql.Append(between);
            any = true;
            write(sql, image[column.Ordinal]);
        }
    }

    public static void Target(StringBuilder sql, LoggedTable table)
    {
        Name(sql, table.Schema);
        sql.Append('.');
        Name(sql, table.Name);
    }

    public static void Name(StringBuilder sql, string name) => sql.Append('`').Append(name.Replace("`", "``", StringComparison.Ordinal)).Append('`');
}
