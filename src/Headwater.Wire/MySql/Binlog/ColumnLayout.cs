namespace Headwater.Wire.MySql.Binlog;

/// <summary>How a column's value lies in a row: so many bytes, or a length in <paramref name="Prefix"/> bytes and then that many.</summary>
readonly record struct ColumnLayout(int Fixed, byte Prefix, bool IsCompressed = false);
