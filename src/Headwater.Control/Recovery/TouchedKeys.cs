using System.Text;
using Headwater.Core.Log;
using Headwater.Core.Recovery;

namespace Headwater.Control.Recovery;

/// <summary>The primary keys that a tail touches, on the disk, table by table; for comparing exactly these rows afterwards.</summary>
sealed class TouchedKeys(string path) : IDisposable
{
    sealed class Table(LoggedTable logged, TableFacts facts, StreamWriter? file, string name)
    {
        public readonly LoggedTable Logged = logged;
        public readonly TableFacts Facts = facts;
        public readonly StreamWriter? File = file;
        public readonly string Name = name;
    }

    const int MostTables = 200;
    readonly Dictionary<string, Table> _tables = [];
    readonly StringBuilder _key = new();

    /// <summary>As often as they were touched.</summary>
    public long Count { get; private set; }

    public void Add(in LoggedRow row, TableFacts facts)
    {
        var logged = row.Rows.Table;
        if (!_tables.TryGetValue(logged.ToString(), out var table))
        {
            if (_tables.Count == MostTables) return;
            var name = $"{path}.{_tables.Count}.keys";
            table = new Table(logged, facts, facts.HasPrimaryKey ? Create(name) : null, name);
            _tables.Add(logged.ToString(), table);
        }
        if (table.File is null) return;
        if (row.Rows.Kind != RowKind.Insert) Write(table, row.Before);
        if (row.Rows.Kind == RowKind.Insert || RecoverySql.Moves(row, facts)) Write(table, row.After);
    }

    static StreamWriter Create(string name) => new(new FileStream(name, new FileStreamOptions
    {
        Mode = FileMode.Create,
        Access = FileAccess.Write,
        Share = FileShare.Read,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    }), new UTF8Encoding(false), 1 << 16);

    void Write(Table table, in RowImage image)
    {
        _key.Clear().Append('(');
        var any = false;
        foreach (var column in table.Logged.Columns)
        {
            if (!table.Facts.Columns[column.Ordinal].InPrimaryKey) continue;
            if (any) _key.Append(',');
            any = true;
            image[column.Ordinal].AppendSqlLiteral(_key);
        }
        table.File!.Write(_key.Append(")\n"));
        Count++;
    }

    /// <summary>Each table with its keys in chunks, as lists of row literals.</summary>
    public IEnumerable<(LoggedTable Table, TableFacts Facts, IEnumerable<(string Keys, int Count)> Chunks)> Read(int chunk)
    {
        foreach (var table in _tables.Values)
        {
            table.File?.Flush();
            yield return (table.Logged, table.Facts, table.File is null ? [] : Chunks(table.Name, chunk));
        }
    }

    // A literal has no line break: what is not printable is hexadecimal.
    static IEnumerable<(string Keys, int Count)> Chunks(string name, int chunk)
    {
        using var file = new StreamReader(new FileStream(name, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        foreach (var lines in ReadLines(file).Chunk(chunk)) yield return (string.Join(',', lines), lines.Length);
    }

    static IEnumerable<string> ReadLines(StreamReader file)
    {
        while (file.ReadLine() is { } line) yield return line;
    }

    public void Dispose()
    {
        foreach (var table in _tables.Values)
        {
            if (table.File is null) continue;
            table.File.Dispose();
            File.Delete(table.Name);
        }
    }
}
