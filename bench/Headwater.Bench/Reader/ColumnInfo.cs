using Headwater.Bench.Sql;

namespace Headwater.Bench.Reader;

/// <summary>A column as the server says it is; the workload keeps no picture of its own that could be wrong.</summary>
sealed record ColumnInfo(string Name, string DataType, string Type, int Length, int Precision, int Scale, int Fraction, string Charset, bool IsNullable, string Extra)
{
    public bool IsGenerated => Extra.Contains("GENERATED", StringComparison.OrdinalIgnoreCase);
    public bool IsCounter => Extra.Contains("auto_increment", StringComparison.OrdinalIgnoreCase);
    public bool IsUnsigned => Type.Contains("unsigned", StringComparison.Ordinal);

    public static List<ColumnInfo> Of(SqlClient client, string schema, string table)
    {
        client.Query($"""
            SELECT column_name, data_type, column_type, IFNULL(character_maximum_length,0), IFNULL(numeric_precision,0), IFNULL(numeric_scale,0), IFNULL(datetime_precision,0), IFNULL(character_set_name,''), is_nullable, extra
            FROM information_schema.columns WHERE table_schema='{schema}' AND table_name='{table}' ORDER BY ordinal_position
            """);
        var columns = new List<ColumnInfo>();
        for (var i = 0; i < client.Rows; i++)
            columns.Add(new ColumnInfo(client.Text(i, 0), client.Text(i, 1), client.Text(i, 2), (int)Math.Min(int.MaxValue, client.Int64(i, 3)), (int)client.Int64(i, 4), (int)client.Int64(i, 5), (int)client.Int64(i, 6), client.Text(i, 7), client.Text(i, 8) == "YES", client.Text(i, 9)));
        return columns;
    }
}
