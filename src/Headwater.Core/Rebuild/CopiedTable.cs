using System.Collections.Immutable;
using Headwater.Core.Verify;

namespace Headwater.Core.Rebuild;

/// <summary>
/// A table whose rows are copied, and the two statements that do it: one that reads them all, as they are on the wire, and one that takes them as a file.
/// No value is converted: text goes as the bytes of its own character set, numbers of floating point with all their digits, labels of enum and set by number.
/// </summary>
/// <param name="Columns">Those that hold values of their own; generated ones are computed again.</param>
/// <param name="IsVersioned">Its history is copied too.</param>
public sealed record CopiedTable(TableName Name, ImmutableArray<VerifiedColumn> Columns, bool IsVersioned, bool IsTransactional, string Engine, long EstimatedRows, long EstimatedBytes)
{
    /// <summary>The AUTO_INCREMENT column; null when there is none.</summary>
    public string? Numbered { get; init; }

    /// <summary>How many bytes all of it may be, by what of it was copied; 0 when it has more rows than was thought.</summary>
    public long BytesBy(long rows, long bytes) => rows == 0 ? EstimatedBytes : rows <= EstimatedRows ? bytes + (long)((EstimatedRows - rows) * ((double)bytes / rows)) : 0;

    /// <summary>Labels that do not exist (0) are stored with a warning that is none.</summary>
    public bool HasLabels => Columns.Any(static column => column.Type.StartsWith("enum", StringComparison.OrdinalIgnoreCase) || column.Type.StartsWith("set", StringComparison.OrdinalIgnoreCase));

    public string Read => $"SELECT {(Columns.IsEmpty ? "1" : string.Join(", ", Columns.Select(Reading)))} FROM {Name.Quoted}{(IsVersioned ? " FOR SYSTEM_TIME ALL" : "")}";

    /// <summary>The escapes are those of <see cref="LoadText"/>. Sources: https://mariadb.com/kb/en/load-data-infile/ .</summary>
    public string Load
    {
        get
        {
            var sets = Columns.Any(static column => IsByNumber(column) || IsByText(column));
            // Where anything is SET, a zero that is not would be given a number, whatever sql_mode says.
            bool IsSet(VerifiedColumn column) => IsByNumber(column) || IsByText(column) || sets && column.Name == Numbered;
            var fields = string.Join(", ", Columns.Select((column, i) => IsSet(column) ? $"@c{i}" : column.Quoted));
            var set = string.Join(", ", Columns.Select((column, i) => !IsSet(column) ? ""
                : $"{column.Quoted}={(IsByNumber(column) ? $"CAST(@c{i} AS UNSIGNED)" : IsByText(column) ? $"CONVERT(@c{i} USING latin1)" : $"@c{i}")}").Where(static text => text.Length > 0));
            return $@"LOAD DATA LOCAL INFILE 'rows' INTO TABLE {Name.Quoted} CHARACTER SET binary FIELDS TERMINATED BY '\t' ESCAPED BY '\\' LINES TERMINATED BY '\n' ({(fields.Length == 0 ? "@c" : fields)}){(set.Length == 0 ? "" : $" SET {set}")}";
        }
    }

    // As text, what is no label at all and a label '' would be the same, and a label '1' is another than the first.
    static bool IsByNumber(VerifiedColumn column) => column.Kind == ColumnKind.Bits;

    // Given bytes, these types take them for what they keep inside.
    static bool IsByText(VerifiedColumn column) => column.Type is "uuid" or "inet4" or "inet6";

    static string Reading(VerifiedColumn column) => column.Kind switch
    {
        ColumnKind.Approximate => $"{column.Quoted}*1e0",
        ColumnKind.Bits => $"CAST({column.Quoted} AS UNSIGNED)",
        _ => column.Quoted,
    };
}
