using Headwater.Bench.Sql;

namespace Headwater.Bench.Reader;

/// <summary>
/// Statements from a seed: tables of every type that are written, altered, renamed and dropped, in all forms that a log can have. What the server refuses
/// is counted and no harm. The same seed on two servers gives the same transactions, times apart.
/// </summary>
sealed class Workload
{
    const int ColumnsPerTable = 12, MostTables = 24, MostColumns = 26;
    static readonly string[] _charsets = ["latin1", "utf8mb4", "utf8mb3", "cp1251", "ucs2", "utf16", "ascii", "binary"];
    readonly SqlClient _client;
    readonly List<(string Schema, string Name)> _tables = [];
    readonly SortedDictionary<string, long> _done = [];
    Chance _chance;
    int _names;

    public Workload(SqlClient client, ulong seed)
    {
        _client = client;
        _chance = new Chance(seed);
    }

    public long Refused { get; private set; }
    public IReadOnlyDictionary<string, long> Done => _done;

    /// <summary>Databases, and tables that together have a column of every type.</summary>
    public void Begin()
    {
        foreach (var sql in (string[])["SET NAMES utf8mb4", "SET sql_mode='', time_zone='+00:00', default_storage_engine=InnoDB", "CREATE DATABASE w1", "CREATE DATABASE w2 CHARACTER SET latin1", "USE w1", "SET GLOBAL log_bin_compress_min_len=10"]) _client.Query(sql);
        for (var first = 0; first < TypeCatalogue.Types.Count; first += ColumnsPerTable)
            Create(TypeCatalogue.Types.Skip(first).Take(ColumnsPerTable));
    }

    public void Run(int steps)
    {
        for (var step = 0; step < steps; step++) Step();
        Try("other", "SET GLOBAL log_bin_compress=0");
    }

    void Step()
    {
        switch (_chance.Below(100))
        {
            case < 38: Insert(); break;
            case < 53: Update(); break;
            case < 60: Delete(); break;
            case < 68: Transaction(); break;
            case < 71: Xa(); break;
            case < 76: AsStatements(); break;
            case < 87: Alter(); break;
            case < 89: Rename(); break;
            case < 91: CreateOne(); break;
            case < 93: Derive(); break;
            case < 94: Drop(); break;
            case < 95: Try("truncate", $"TRUNCATE TABLE {Any()}"); break;
            case < 97: Try("image", $"SET binlog_row_image={Of("FULL", "FULL", "MINIMAL", "NOBLOB")}"); break;
            case < 98: Try("domain", $"SET gtid_domain_id={_chance.Below(4)}"); break;
            case < 99: Try("compress", $"SET GLOBAL log_bin_compress={_chance.Below(2)}"); break;
            default: Try("flush", "FLUSH BINARY LOGS"); break;
        }
    }

    string Of(params string[] words) => words[_chance.Below(words.Length)];
    string NewName(string prefix) => $"{prefix}{++_names}";
    (string Schema, string Name) AnyTable() => _tables[_chance.Below(_tables.Count)];
    string Any() => Text(AnyTable());

    // Names with and without quotes and schema, and of mixed case.
    string Text((string Schema, string Name) table) => _chance.Below(3) switch
    {
        0 when table.Schema == "w1" => table.Name,
        1 => $"`{table.Schema}`.`{table.Name}`",
        _ => $"{table.Schema}.{table.Name}",
    };

    bool Try(string what, string sql)
    {
        try
        {
            _client.Query(sql);
            _done[what] = _done.GetValueOrDefault(what) + 1;
            return true;
        }
        catch (SqlException)
        {
            Refused++;
            return false;
        }
    }

    void Create(IEnumerable<string> types)
    {
        var table = (Schema: _chance.Percent(75) ? "w1" : "w2", Name: NewName("T"));
        var columns = types.Select(type => $"{NewName("c")} {type}{NullOf(type)}").ToList();
        columns.Insert(_chance.Below(columns.Count + 1), _chance.Below(4) switch
        {
            0 => "id int unsigned NOT NULL AUTO_INCREMENT, KEY (id)",
            1 => "Id bigint NOT NULL AUTO_INCREMENT, PRIMARY KEY (Id)",
            _ => "id int NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'the, (key) DROP COLUMN x'",
        });
        if (_chance.Percent(60)) columns.Add($"base int NOT NULL DEFAULT 7, {NewName("v")} bigint AS (base+1) {Of("VIRTUAL", "PERSISTENT", "STORED")}, {NewName("w")} varchar(20) {Of("", "GENERATED ALWAYS ")}AS (concat('x,)',base)) STORED");
        if (_chance.Percent(40)) columns.Add($"{NewName("hidden")} {TypeCatalogue.Any(ref _chance)} INVISIBLE");
        var options = Of("", " CHARSET utf8mb4", " DEFAULT CHARACTER SET = latin1", " COLLATE utf8mb4_bin", " CHARSET=utf8 ENGINE=InnoDB");
        if (_chance.Percent(15)) options += " ENGINE=MyISAM";
        if (Try("create", $"CREATE {Of("", "", "OR REPLACE ")}TABLE {Of("", "IF NOT EXISTS ")}{Text(table)} ({string.Join(", ", columns)}){options}")) _tables.Add(table);
        else if (columns.Count > 3)
            foreach (var half in types.Chunk((types.Count() + 1) / 2)) Create(half);
    }

    string NullOf(string type) => type.Contains("compressed", StringComparison.Ordinal) ? "" : _chance.Below(4) == 0 && !type.StartsWith("timestamp", StringComparison.Ordinal) ? " NOT NULL" : " NULL";

    void CreateOne()
    {
        if (_tables.Count < MostTables) Create(Enumerable.Range(0, _chance.Between(2, 8)).Select(_ => TypeCatalogue.Any(ref _chance)).ToList());
        else Drop();
    }

    void Derive()
    {
        if (_tables.Count >= MostTables) return;
        var (table, from) = ((Schema: Of("w1", "w2"), Name: NewName("D")), Any());
        var sql = _chance.Below(4) switch
        {
            0 => $"CREATE TABLE {Text(table)} LIKE {from}",
            1 => $"CREATE TABLE IF NOT EXISTS {Text(table)} (LIKE {from})",
            2 => $"CREATE TABLE {Text(table)} AS SELECT * FROM {from}",
            _ => $"CREATE OR REPLACE TABLE {Text(table)} (extra_one int) CHARSET latin1 SELECT * FROM {from}",
        };
        if (Try("derive", sql)) _tables.Add(table);
    }

    void Drop()
    {
        if (_tables.Count <= MostTables / 2) return;
        var table = AnyTable();
        if (Try("drop", $"DROP TABLE {Of("", "IF EXISTS ")}{Text(table)}")) _tables.Remove(table);
    }

    void Rename()
    {
        var (from, to) = (AnyTable(), (Schema: Of("w1", "w2"), Name: NewName("R")));
        if (!Try("rename", _chance.Percent(50) ? $"RENAME TABLE {Text(from)} TO {Text(to)}" : $"ALTER TABLE {Text(from)} RENAME {Of("", "TO ", "AS ")}{Text(to)}")) return;
        _tables[_tables.IndexOf(from)] = to;
        if (_tables.Count < 2 || !_chance.Percent(30)) return;
        // Two change their names with each other.
        var (a, b) = (_tables[0], _tables[1]);
        Try("rename", $"RENAME TABLE {Text(a)} TO w1.swap, {Text(b)} TO {Text(a)}, w1.swap TO {Text(b)}");
    }

    List<ColumnInfo> Columns((string Schema, string Name) table) => ColumnInfo.Of(_client, table.Schema, table.Name);

    void Insert(bool onlyOne = false)
    {
        var table = AnyTable();
        var columns = Columns(table).Where(column => !column.IsGenerated && !column.IsCounter).ToList();
        if (columns.Count == 0) return;
        var rows = new List<string>();
        for (var count = onlyOne || _chance.Percent(40) ? 1 : _chance.Between(2, 12); count > 0; count--)
            rows.Add($"({string.Join(',', columns.Select(column => ValueText.For(column, ref _chance)))})");
        Try("insert", $"{Of("INSERT", "INSERT", "REPLACE", "INSERT IGNORE")} INTO {Text(table)} ({string.Join(',', columns.Select(static column => $"`{column.Name}`"))}) VALUES {string.Join(',', rows)}");
    }

    string Where(List<ColumnInfo> columns)
    {
        var counter = columns.Find(static column => column.IsCounter);
        return counter is null ? " LIMIT 3" : $" WHERE `{counter.Name}` % {_chance.Between(2, 9)} = {_chance.Below(3)}";
    }

    void Update()
    {
        var table = AnyTable();
        var columns = Columns(table);
        var set = columns.Where(column => !column.IsGenerated && !column.IsCounter && _chance.Percent(30)).Select(column => $"`{column.Name}`={ValueText.For(column, ref _chance)}").ToList();
        if (set.Count > 0) Try("update", $"UPDATE {Text(table)} SET {string.Join(", ", set)}{Where(columns)}");
    }

    void Delete()
    {
        var table = AnyTable();
        Try("delete", $"DELETE FROM {Text(table)}{Where(Columns(table))}");
    }

    void Change()
    {
        if (_chance.Percent(60)) Insert(onlyOne: true);
        else if (_chance.Percent(60)) Update();
        else Delete();
    }

    void Transaction()
    {
        Try("begin", "START TRANSACTION");
        for (var changes = _chance.Between(1, 8); changes > 0; changes--)
        {
            if (_chance.Percent(25)) Try("savepoint", "SAVEPOINT a");
            Change();
            if (_chance.Percent(15)) Try("rollback to", "ROLLBACK TO a");
        }
        Try("end", _chance.Percent(85) ? "COMMIT" : "ROLLBACK");
    }

    void Xa()
    {
        var name = $"'{NewName("xa")}','b',{_chance.Between(1, 9)}";
        if (!Try("xa", $"XA START {name}")) return;
        Change();
        Try("xa", $"XA END {name}");
        if (_chance.Percent(30)) Try("xa", $"XA COMMIT {name} ONE PHASE");
        else if (Try("xa", $"XA PREPARE {name}")) Try("xa", _chance.Percent(70) ? $"XA COMMIT {name}" : $"XA ROLLBACK {name}");
    }

    void AsStatements()
    {
        Try("format", $"SET binlog_format={Of("STATEMENT", "MIXED")}");
        if (_chance.Percent(30)) Try("variable", $"SET @v={Of("'it''s'", "1.5e0", "12.340", "NULL", "18446744073709551615", "_latin1 X'E4'")}");
        if (_chance.Percent(40)) Transaction();
        else Change();
        var table = AnyTable();
        Try("variable", $"SET rand_seed1={_chance.Below(1000)}, rand_seed2={_chance.Below(1000)}");
        if (Columns(table).Find(static column => column is { IsGenerated: false, IsCounter: false, IsNullable: true }) is { } column) Try("by variable", $"UPDATE {Text(table)} SET `{column.Name}`=@v WHERE RAND()<0.1");
        if (_chance.Percent(30))
        {
            // In this format the log has it; its name may be a table's.
            var shadowed = Text(AnyTable());
            Try("temporary", $"CREATE TEMPORARY TABLE {shadowed} (a int, b text)");
            Try("temporary", $"ALTER TABLE {shadowed} ADD COLUMN z int FIRST");
            Try("temporary", $"INSERT INTO {shadowed} VALUES (1,2,'x')");
            Try("temporary", $"DROP TEMPORARY TABLE IF EXISTS {shadowed}");
        }
        Try("format", "SET binlog_format=ROW");
    }

    void Alter()
    {
        var table = AnyTable();
        var columns = Columns(table);
        if (_chance.Percent(8))
        {
            var key = columns[_chance.Below(columns.Count)].Name;
            var name = NewName("i");
            if (Try("index", $"CREATE INDEX {name} ON {Text(table)} (`{key}`)") && _chance.Percent(60)) Try("index", $"DROP INDEX {name} ON {Text(table)}");
            return;
        }
        var parts = new List<string>();
        for (var count = _chance.Percent(60) ? 1 : _chance.Between(2, 4); count > 0; count--) parts.Add(AlterPart(columns));
        var algorithm = _chance.Percent(10) ? ", ALGORITHM=COPY" : "";
        Try("alter", $"ALTER {Of("", "", "ONLINE ", "IGNORE ")}TABLE {Of("", "IF EXISTS ")}{Text(table)} {string.Join(", ", parts)}{algorithm}");
    }

    string AlterPart(List<ColumnInfo> columns)
    {
        var any = columns[_chance.Below(columns.Count)];
        var other = columns[_chance.Below(columns.Count)].Name;
        var type = any.IsCounter ? "bigint NOT NULL AUTO_INCREMENT" : TypeCatalogue.Any(ref _chance) + Of("", "", " NULL", " COMMENT 'a, b FIRST'", " INVISIBLE");
        var place = Of("", "", " FIRST", $" AFTER `{other}`");
        switch (_chance.Below(columns.Count > MostColumns ? 12 : 16))
        {
            case < 3: return any.IsCounter ? "COMMENT='kept'" : $"DROP {Of("", "COLUMN ")}{Of("", "IF EXISTS ")}`{any.Name}`";
            case < 5: return $"CHANGE {Of("", "COLUMN ")}`{any.Name}` {NewName("Ch")} {type}{place}";
            case < 7: return $"MODIFY {Of("", "COLUMN ")}`{any.Name}` {type}{place}";
            case < 9: return $"RENAME COLUMN `{any.Name}` TO {NewName("rn")}";
            case 9: return Of($"CONVERT TO CHARACTER SET {Of(_charsets)}", $"DEFAULT CHARACTER SET {Of(_charsets)}", $"CHARSET={Of(_charsets)}");
            case 10: return Of("ENGINE=InnoDB", "ENGINE=MyISAM", "ROW_FORMAT=DYNAMIC", "COMMENT='x, DROP COLUMN y'", $"ALTER COLUMN `{any.Name}` DROP DEFAULT");
            case 11: return Of("DROP PRIMARY KEY", $"DROP PRIMARY KEY, ADD PRIMARY KEY (`{any.Name}`)", $"ADD PRIMARY KEY (`{other}`)", $"ADD UNIQUE {NewName("u")} (`{any.Name}`)", $"ADD INDEX {NewName("k")} (`{other}`)");
            case 12: return $"ADD COLUMN ({NewName("p")} {TypeCatalogue.Any(ref _chance)}, {NewName("p")} int)";
            default: return $"ADD {Of("", "COLUMN ")}{Of("", "IF NOT EXISTS ")}{NewName("Ad")} {TypeCatalogue.Any(ref _chance)}{Of("", " NOT NULL", " DEFAULT NULL")}{place}";
        }
    }
}
