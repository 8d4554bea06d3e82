namespace Headwater.Core.Log.Definitions;

/// <summary>A table as definitions have left it: its columns in order, and the character set that new ones get.</summary>
sealed record ShapedTable(string? Charset, IReadOnlyList<ColumnShape> Columns)
{
    /// <summary>Null when the definition leaves open what a column is.</summary>
    public static ShapedTable? Of(DeclaredTable declared, string? schemaCharset, string utf8)
    {
        var charset = Resolved(declared.Charset, utf8) ?? schemaCharset;
        var columns = new List<ColumnShape>();
        foreach (var column in declared.Columns)
        {
            if (Shape(column, charset, utf8, declared.Key.Contains(column.Name, StringComparer.OrdinalIgnoreCase)) is not { } shape) return null;
            columns.Add(shape);
        }
        foreach (var name in declared.Key)
            if (IndexOf(columns, name) < 0) return null;
        return new ShapedTable(charset, columns);
    }

    /// <summary>
    /// After ALTER TABLE; null when it does not fit to what the table was. In the order in which the server goes about it (sql_table.cc,
    /// mysql_prepare_alter_table): old columns are dropped, renamed and changed where they stand, then those with a place, and new ones, one by one.
    /// </summary>
    public ShapedTable? Altered(IReadOnlyList<Alteration> parts, string? schemaCharset, string utf8)
    {
        var charset = Charset;
        string? converted = null;
        foreach (var part in parts)
        {
            if (part is TableCharset named) charset = Resolved(named.Charset, utf8);
            if (part is not ConvertTo convert) continue;
            if ((converted = Resolved(convert.Charset, utf8) ?? schemaCharset) is null) return null;
            charset = converted;
        }
        // What names a character set of its own while all is converted has one by rules that are not followed here.
        if (converted is not null && parts.Any(static part => part is AddColumn { Column.Charset: not null } or ChangeColumn { Column.Charset: not null })) return null;
        var columns = new List<ColumnShape>();
        var used = new HashSet<Alteration>(ReferenceEqualityComparer.Instance);
        foreach (var column in Columns)
        {
            var part = parts.FirstOrDefault(part => NameOf(part) is { } name && IsSame(name, column.Name));
            if (part is not null && !used.Add(part)) return null;
            switch (part)
            {
                case DropColumn: break;
                case RenameColumn rename: columns.Add(column with { Name = rename.Name }); break;
                case ChangeColumn change:
                    if (change.Place is not null) break;
                    if (Shape(change.Column, charset, utf8, column.InPrimaryKey) is not { } changed) return null;
                    columns.Add(changed);
                    break;
                default: columns.Add(column); break;
            }
        }
        foreach (var part in parts)
        {
            if (NameOf(part) is not null && !used.Contains(part) && !IsOptional(part)) return null;
            if (!Placed(part, columns, charset, utf8, used)) return null;
        }
        if (!Keyed(parts, columns)) return null;
        if (converted is not null) columns = [.. columns.Select(column => column.Charset is null ? column : column with { Charset = converted == "binary" ? null : converted })];
        return columns.Count == 0 || columns.DistinctBy(static column => column.Name, StringComparer.OrdinalIgnoreCase).Count() != columns.Count ? null : new ShapedTable(charset, columns);
    }

    // The column of the table as it was that a part is about.
    static string? NameOf(Alteration part) => part switch
    {
        DropColumn drop => drop.Name,
        RenameColumn rename => rename.Old,
        ChangeColumn change => change.Old,
        _ => null,
    };

    static bool IsOptional(Alteration part) => part is DropColumn { IfExists: true } or RenameColumn { IfExists: true } or ChangeColumn { IfExists: true };

    bool Placed(Alteration part, List<ColumnShape> columns, string? charset, string utf8, HashSet<Alteration> used)
    {
        var (declared, place, isKey) = part switch
        {
            AddColumn add => (add.Column, add.Place, false),
            ChangeColumn { Place: not null } change when used.Contains(part) => (change.Column, change.Place, Columns[IndexOf(Columns, change.Old)].InPrimaryKey),
            _ => (null, null, false),
        };
        if (declared is null) return true;
        // It counts what the table had, also when the same statement drops it.
        if (part is AddColumn { IfNotExists: true } && (IndexOf(Columns, declared.Name) >= 0 || IndexOf(columns, declared.Name) >= 0)) return true;
        if (IndexOf(columns, declared.Name) >= 0) return false;
        if (Shape(declared, charset, utf8, isKey) is not { } shape) return false;
        if (place is null)
        {
            columns.Add(shape);
            return true;
        }
        var at = place.After is null ? 0 : IndexOf(columns, place.After) + 1;
        if (place.After is not null && at == 0) return false;
        columns.Insert(at, shape);
        return true;
    }

    static bool Keyed(IReadOnlyList<Alteration> parts, List<ColumnShape> columns)
    {
        IReadOnlyList<string>? key = null;
        foreach (var part in parts)
            switch (part)
            {
                case DropKey: key ??= []; break;
                case AddKey add: key = add.Columns; break;
                case AddColumn { Column.IsKey: true } add: key = [add.Column.Name]; break;
                case ChangeColumn { Column.IsKey: true } change: key = [change.Column.Name]; break;
            }
        if (key is null) return true;
        for (var i = 0; i < columns.Count; i++) columns[i] = columns[i] with { InPrimaryKey = key.Contains(columns[i].Name, StringComparer.OrdinalIgnoreCase) };
        return key.All(name => IndexOf(columns, name) >= 0);
    }

    static ColumnShape? Shape(DeclaredColumn column, string? tableCharset, string utf8, bool isKey)
    {
        var charset = column.IsText ? Resolved(column.Charset, utf8) ?? tableCharset : null;
        return column.IsText && charset is null ? null : new ColumnShape(column.Name, column.Type, charset == "binary" ? null : charset, isKey || column.IsKey);
    }

    static string? Resolved(string? charset, string utf8) => charset == "utf8" ? utf8 : charset;
    static bool IsSame(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    static int IndexOf(IReadOnlyList<ColumnShape> columns, string name)
    {
        for (var i = 0; i < columns.Count; i++)
            if (IsSame(columns[i].Name, name)) return i;
        return -1;
    }
}
