using System.Globalization;
using System.Text;
using Headwater.Control;
using Headwater.Core.Statements;
using Headwater.Servers;

namespace Headwater.IntegrationTests.Statements;

/// <summary>
/// Footprints against a real server: its own words make the catalogue, and each change of a row that changes an answer must be in the footprint of the
/// statement that asked; of a lookup, with the key.
/// </summary>
public sealed class FootprintTests : IAsyncLifetime
{
    RealServer _server = null!;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    static readonly string[] Schema =
    [
        "CREATE DATABASE shop CHARACTER SET utf8mb4", "CREATE DATABASE stock CHARACTER SET utf8mb4", "CREATE DATABASE `oth-er`",
        "CREATE TABLE shop.customers (id INT PRIMARY KEY, name VARCHAR(20), a INT)",
        "CREATE TABLE shop.orders (part INT, id BIGINT UNSIGNED, customer INT, a INT, doc LONGTEXT, PRIMARY KEY (id, part), FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE)",
        "CREATE TABLE shop.`lines` (id INT PRIMARY KEY, order_id BIGINT UNSIGNED, a INT, FOREIGN KEY (order_id) REFERENCES orders (id) ON UPDATE CASCADE ON DELETE SET NULL)",
        "CREATE TABLE stock.items (id SMALLINT PRIMARY KEY, line INT, a INT, FOREIGN KEY (line) REFERENCES shop.`lines` (id) ON DELETE CASCADE)",
        "CREATE TABLE stock.`1st` (id INT PRIMARY KEY, a INT)",
        "CREATE TABLE stock.customers (id INT PRIMARY KEY, name VARCHAR(20), a INT)",
        "CREATE TABLE shop.prices (id INT PRIMARY KEY, a INT) WITH SYSTEM VERSIONING",
        "CREATE TABLE shop.parts (id INT PRIMARY KEY, a INT) PARTITION BY HASH (id) PARTITIONS 2",
        "CREATE TABLE shop.codes (code VARCHAR(10) PRIMARY KEY, a INT)",
        "CREATE TABLE shop.log (id INT PRIMARY KEY, a INT) ENGINE=MyISAM",
        "CREATE TABLE shop.hours (id INT PRIMARY KEY, a INT, opens TIME)",
        "CREATE TABLE shop.ages (id INT PRIMARY KEY, a INT, born DATE, age INT AS (TIMESTAMPDIFF(YEAR, born, CURDATE())) VIRTUAL, twice INT AS (a * 2) STORED)",
        "CREATE TABLE `oth-er`.`p ß/-` (id INT PRIMARY KEY, a INT)",
        "CREATE TABLE `oth-er`.`c.d` (id INT PRIMARY KEY, a INT, FOREIGN KEY (id) REFERENCES `p ß/-` (id) ON DELETE CASCADE)",
        "CREATE TABLE shop.tree (id INT PRIMARY KEY, parent INT, a INT, FOREIGN KEY (parent) REFERENCES tree (id) ON DELETE CASCADE)",
        "CREATE TABLE shop.bound (id INT PRIMARY KEY, customer INT, a INT, FOREIGN KEY (customer) REFERENCES customers (id))",
        "CREATE SEQUENCE shop.numbers",
        "CREATE VIEW shop.rich AS SELECT c.id, c.name, o.a FROM shop.customers c JOIN shop.orders o ON o.customer = c.id",
        "CREATE VIEW shop.richer AS SELECT id, (SELECT MAX(a) FROM stock.items) AS most FROM shop.rich WHERE a IS NOT NULL UNION SELECT id, a FROM `oth-er`.`p ß/-`",
        "CREATE VIEW shop.todays AS SELECT id, a FROM shop.prices WHERE CURDATE() > '2000-01-01'",
        "CREATE VIEW shop.logged AS SELECT id FROM shop.log",
        "CREATE VIEW shop.lost AS SELECT id FROM shop.parts",
        "CREATE VIEW stock.shops AS WITH x AS (SELECT id FROM shop.codes JOIN shop.hours) SELECT COUNT(*) AS n FROM x",
        "INSERT INTO shop.customers VALUES (1, 'ann', 1), (2, 'ben', 2), (3, 'eve', 3)",
        "INSERT INTO shop.orders VALUES (1, 1, 1, 10, '[1,2]'), (2, 1, 2, 20, '[3]'), (1, 2, 2, 30, '[]'), (1, 3, NULL, NULL, NULL)",
        "INSERT INTO shop.`lines` VALUES (1, 1, 5), (2, 1, 6), (3, 2, 7)",
        "INSERT INTO stock.items VALUES (1, 1, 1), (2, 2, 2), (3, NULL, 3), (-1, NULL, 4)",
        "INSERT INTO stock.`1st` VALUES (1, 1), (2, 2)", "INSERT INTO stock.customers VALUES (1, 'x', 1), (2, 'y', 2)",
        "INSERT INTO shop.prices VALUES (1, 1), (2, 2)", "INSERT INTO shop.parts VALUES (1, 1), (2, 2)", "INSERT INTO shop.codes VALUES ('1', 1), ('2', 2)",
        "INSERT INTO shop.log VALUES (1, 1), (2, 2)", "INSERT INTO shop.hours VALUES (1, 1, '10:00'), (2, 2, '11:00')", "INSERT INTO shop.ages (id, a, born) VALUES (1, 1, '2000-01-01'), (2, 2, '1990-01-01')",
        "INSERT INTO `oth-er`.`p ß/-` VALUES (1, 1), (2, 2)", "INSERT INTO `oth-er`.`c.d` VALUES (1, 1), (2, 2)", "INSERT INTO shop.tree VALUES (1, NULL, 1), (2, 1, 2), (3, 2, 3)",
        "INSERT INTO shop.bound VALUES (1, 1, 1), (2, 3, 2)",
    ];

    static readonly string[] Tables =
    [
        "shop.customers", "shop.orders", "shop.lines", "stock.items", "stock.1st", "stock.customers", "shop.prices", "shop.parts", "shop.codes", "shop.log", "shop.hours", "shop.ages",
        "oth-er.p ß/-", "oth-er.c.d", "shop.tree", "shop.bound",
    ];

    // Footprint in words | statement; the session's schema is shop.
    static readonly string[] Statements =
    [
        "shop.customers | SELECT * FROM customers",
        "shop.customers | SELECT * FROM customers c WHERE 0 = 1 OR a > 0",
        "stock.customers | SELECT * FROM stock.customers",
        "shop.customers id=2 | SELECT * FROM customers WHERE id = 2",
        "shop.customers id=2 | SELECT COUNT(*), MAX(a), SUM(a) OVER () FROM customers AS c WHERE (c.id = 2) AND name IS NOT NULL",
        "shop.customers id=9 | SELECT COUNT(*) FROM shop.customers WHERE shop.customers.id = 9",
        "shop.customers id | SELECT * FROM customers WHERE id = '2'",
        "shop.customers | SELECT * FROM customers WHERE id = 2 = 0",
        "shop.customers | SELECT * FROM customers WHERE id = 2 OR a = 3",
        "shop.customers | SELECT * FROM customers WHERE name = 'ann' AND id = 1 OR a = 3",
        "shop.customers | SELECT * FROM customers WHERE NOT id = 2",
        "shop.customers | SELECT * FROM customers WHERE id = 2 + 1 - 1",
        "shop.customers | SELECT a AS id FROM customers HAVING id = 2",
        "shop.customers | SELECT * FROM customers WHERE CASE WHEN a AND id = 2 AND a THEN 0 ELSE 1 END",
        "shop.customers | SELECT * FROM customers WHERE a BETWEEN 1 AND id = 2",
        "shop.orders id=1 | SELECT * FROM orders WHERE id = 1 AND part = 2",
        "shop.orders id=1 | SELECT id, part FROM orders WHERE id = 1 ORDER BY part DESC LIMIT 1",
        "shop.orders | SELECT * FROM orders WHERE part = 1",
        "stock.items id=-1 | SELECT * FROM stock.items WHERE id = -1",
        "shop.prices id=1 | SELECT * FROM prices WHERE id = 1",
        "shop.parts id=2 | SELECT * FROM parts WHERE id = 2",
        "shop.tree id=3 | SELECT * FROM tree WHERE id = 3",
        "shop.codes | SELECT * FROM codes WHERE code = 1",
        "shop.ages | SELECT id, twice FROM ages",
        "shop.hours | SELECT * FROM hours",
        "shop.customers shop.orders | SELECT * FROM rich",
        "oth-er.p ß/- shop.customers shop.orders stock.items | SELECT * FROM richer ORDER BY 1, 2",
        "shop.customers shop.orders | SELECT * FROM rich WHERE id = 1",
        "shop.prices | SELECT * FROM todays",
        "shop.codes shop.hours | SELECT * FROM stock.shops",
        "shop.customers shop.lines shop.orders | SELECT c.id, COUNT(l.id) FROM customers c LEFT JOIN orders o ON o.customer = c.id LEFT JOIN `lines` l ON l.order_id = o.id GROUP BY c.id",
        "shop.bound shop.customers | SELECT * FROM bound NATURAL JOIN customers",
        "shop.customers stock.1st | SELECT (SELECT SUM(a) FROM stock.1st) FROM customers",
        "shop.customers stock.items | SELECT * FROM customers ORDER BY (SELECT MAX(i.a) FROM stock.items i WHERE i.id = customers.id) DESC",
        "shop.customers | WITH customers AS (SELECT * FROM customers WHERE id < 3) SELECT * FROM customers",
        "shop.tree | WITH RECURSIVE x (id, depth) AS (SELECT id, 0 FROM tree WHERE parent IS NULL UNION ALL SELECT t.id, depth + 1 FROM tree t JOIN x ON t.parent = x.id) SELECT * FROM x",
        "shop.orders | SELECT o.id, j.v FROM orders o, JSON_TABLE(o.doc, '$[*]' COLUMNS (v INT PATH '$')) j",
        "shop.parts stock.1st | SELECT * FROM parts UNION SELECT * FROM stock.`1st`",
        "shop.parts shop.tree | (SELECT id FROM parts) EXCEPT (SELECT id FROM tree WHERE a = 2)",
        "shop.customers shop.parts | SELECT (1), (2), a FROM customers WHERE EXISTS (SELECT 1 FROM parts WHERE parts.a = customers.a)",
        "shop.parts | SELECT * FROM .parts",
        "shop.parts | SELECT * FROM parts PARTITION (p0) WHERE id = 2",
        "oth-er.c.d | SELECT * FROM `oth-er`.`c.d` WHERE 1",
        "oth-er.c.d id=1 | SELECT * FROM `oth-er`.`c.d` WHERE id = 1",
        " | SELECT 1 + 1",
        " | SELECT 1 FROM DUAL",
        " | VALUES (1), (2)",
        "everything | SELECT * FROM log",
        "everything | SELECT * FROM logged",
        "everything | SELECT * FROM lost",
        "everything | SELECT * FROM numbers",
        "everything | SELECT * FROM seq_1_to_3",
        "everything | SELECT * FROM prices FOR SYSTEM_TIME ALL",
        "everything | SELECT TABLE_NAME FROM information_schema.VIEWS",
        "everything | SELECT COUNT(*) FROM mysql.db",
    ];

    public async ValueTask InitializeAsync()
    {
        _server = await RealServer.StartAsync();
        foreach (var statement in Schema) await _server.ExecuteAsync(statement);
        // A view whose table is another one now.
        await _server.ExecuteAsync("CREATE TABLE shop.gone (id INT)");
        await _server.ExecuteAsync("CREATE OR REPLACE VIEW shop.lost AS SELECT id FROM shop.gone");
        await _server.ExecuteAsync("DROP TABLE shop.gone");
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    async Task<Catalogue> CatalogueAsync()
    {
        await using var connection = await _server.ConnectAsync();
        return (await CatalogueReader.ReadAsync(connection, Ct)).Catalogue;
    }

    static Footprint Of(string sql, Catalogue catalogue) => Classifier.Classify(Encoding.UTF8.GetBytes(sql), SqlSyntax.Standard, catalogue).FootprintIn("shop");
    static (string Schema, string Table) Split(string name) => (name[..name.IndexOf('.', StringComparison.Ordinal)], name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..]);
    static ulong Key(string name) => TableKey.Of(Split(name).Schema, Split(name).Table);

    static string Describe(Footprint footprint, string sql)
    {
        if (footprint.IsEverything) return "everything";
        var tables = string.Join(' ', Tables.Where(name => footprint.Tables.Contains(Key(name))).Order(StringComparer.Ordinal));
        if (footprint.Key is not { } key) return tables;
        return key.TryKey(Encoding.UTF8.GetBytes(sql), SqlSyntax.Standard, out var value) ? $"{tables} {key.Column}={value}" : $"{tables} {key.Column}";
    }

    static IEnumerable<(string Expected, string Sql)> All => Statements.Select(static line => (line[..line.IndexOf('|', StringComparison.Ordinal)].Trim(), line[(line.IndexOf('|', StringComparison.Ordinal) + 1)..].Trim()));

    [Fact]
    public async Task The_servers_own_words_tell_what_each_statement_depends_on()
    {
        var catalogue = await CatalogueAsync();
        var wrong = new StringBuilder();
        foreach (var (expected, sql) in All)
        {
            var footprint = Of(sql, catalogue);
            if (Describe(footprint, sql) != expected) wrong.AppendLine(CultureInfo.InvariantCulture, $"{sql}\n  expected {expected}\n  got      {Describe(footprint, sql)}: {footprint.Reason}");
        }
        Assert.True(wrong.Length == 0, wrong.ToString());
        Assert.True(Of("SELECT a FROM customers", catalogue).IsRepeatable);
        Assert.True(Of("SELECT twice FROM parts", catalogue).IsRepeatable);
        foreach (var sql in (string[])["SELECT age FROM ages", "SELECT * FROM hours", "SELECT * FROM todays"]) Assert.False(Of(sql, catalogue).IsRepeatable, sql);
        Assert.True((await CatalogueAsync()).SaysTheSameAs(catalogue));
    }

    [Fact]
    public async Task What_foreign_keys_change_is_told_alike_with_and_without_the_right_to_ask_the_engine()
    {
        await _server.ExecuteAsync("CREATE USER plain@'%' IDENTIFIED BY 'p'");
        await _server.ExecuteAsync("GRANT SELECT, SHOW VIEW ON *.* TO plain@'%'");
        var catalogue = await CatalogueAsync();
        await using var plain = await ServerConnection.ConnectAsync(_server.Address, new ServerLogin("plain", "p"), Ct);
        Assert.True((await CatalogueReader.ReadAsync(plain, Ct)).Catalogue.SaysTheSameAs(catalogue));
        string[] Cascades(string parent) => [.. Tables.Where(name => catalogue.Dictionary.Cascades(Key(parent)).Contains(Key(name))).Order(StringComparer.Ordinal)];
        Assert.Equal(["shop.lines", "shop.orders", "stock.items"], Cascades("shop.customers"));
        Assert.Equal(["stock.items"], Cascades("shop.lines"));
        Assert.Equal(["oth-er.c.d"], Cascades("oth-er.p ß/-"));
        Assert.Equal(["shop.tree"], Cascades("shop.tree"));
        Assert.Empty(Cascades("stock.items"));
    }

    /// <summary>Each row of each table is changed and deleted in turn, and a row inserted; whatever answer that changes must have been told of it.</summary>
    [Fact]
    public async Task Nothing_that_changes_an_answer_is_missing_in_its_footprint()
    {
        var catalogue = await CatalogueAsync();
        var asked = All.Select(statement => (statement.Sql, Footprint: Of(statement.Sql, catalogue))).Where(static statement => !statement.Footprint.IsEverything).ToList();
        await using var connection = await _server.ConnectAsync();
        await connection.QueryAsync("USE shop", Ct);
        var before = new List<string>();
        foreach (var (sql, _) in asked) before.Add(await AnswerAsync(connection, sql));
        var (missing, seen) = (new StringBuilder(), 0);
        foreach (var table in Tables.Where(static name => name != "shop.log"))
        {
            var quoted = $"`{Split(table).Schema}`.`{Split(table).Table}`";
            var column = table == "shop.codes" ? "code" : "id";
            var ids = (await connection.QueryAsync($"SELECT DISTINCT {column} FROM {quoted}", Ct)).Rows.Select(static row => row[0]!).ToList();
            var changes = ids.SelectMany(id => new (string Sql, string Id)[] { ($"UPDATE {quoted} SET a = COALESCE(a, 0) + 1000 WHERE {column} = '{id}'", id), ($"DELETE FROM {quoted} WHERE {column} = '{id}'", id) }).ToList();
            changes.Add(($"INSERT INTO {quoted} ({(table == "shop.orders" ? "id, part, customer, a, doc" : $"{column}, a")}) VALUES ({(table == "shop.orders" ? "9, 9, 1, 99, '[9]'" : "9, 99")})", "9"));
            foreach (var (change, id) in changes)
            {
                await connection.QueryAsync("BEGIN", Ct);
                try
                {
                    await connection.QueryAsync(change, Ct);
                }
                catch (ServerException)
                {
                    // A foreign key forbids it.
                    await connection.QueryAsync("ROLLBACK", Ct);
                    continue;
                }
                for (var i = 0; i < asked.Count; i++)
                {
                    if (await AnswerAsync(connection, asked[i].Sql) == before[i]) continue;
                    seen++;
                    if (!Tells(asked[i].Sql, asked[i].Footprint, catalogue, Key(table), id)) missing.AppendLine(CultureInfo.InvariantCulture, $"{change}\n  changes  {asked[i].Sql}\n  which is {Describe(asked[i].Footprint, asked[i].Sql)}");
                }
                await connection.QueryAsync("ROLLBACK", Ct);
            }
        }
        Assert.True(missing.Length == 0, missing.ToString());
        Assert.True(seen > 150, $"only {seen} answers changed");
    }

    // As who reads the log would: the row's table and key, and any row of what cascades from it.
    static bool Tells(string sql, Footprint footprint, Catalogue catalogue, ulong table, string id)
    {
        if (catalogue.Dictionary.Cascades(table).Any(footprint.Touches)) return true;
        if (!footprint.Touches(table)) return false;
        return footprint.Key is not { } key || !key.TryKey(Encoding.UTF8.GetBytes(sql), SqlSyntax.Standard, out var value) || value == long.Parse(id, CultureInfo.InvariantCulture);
    }

    static async Task<string> AnswerAsync(ServerConnection connection, string sql) =>
        string.Join('\n', (await connection.QueryAsync(sql, Ct)).Rows.Select(static row => string.Join('\t', row.Select(static value => value ?? "NULL"))));

    [Fact]
    public async Task Every_definition_of_a_table_is_counted_and_read_as_of_its_position()
    {
        await using var connection = await _server.ConnectAsync();
        var changes = await CatalogueReader.ChangesAsync(connection, Ct);
        foreach (var definition in (string[])
        [
            "CREATE TABLE shop.made (id INT, b INT)", "ALTER TABLE shop.made ADD PRIMARY KEY (b)", "CREATE INDEX i ON shop.made (id)", "DROP INDEX `PRIMARY` ON shop.made", "RENAME TABLE shop.made TO shop.remade",
            "DROP TABLE shop.remade", "CREATE SEQUENCE shop.more", "DROP SEQUENCE shop.more", "CREATE OR REPLACE VIEW shop.lost AS SELECT 1", "DROP VIEW shop.lost",
        ])
        {
            await connection.QueryAsync(definition, Ct);
            var position = (await connection.QueryAsync("SELECT @@global.gtid_binlog_pos", Ct)).Scalar!;
            var after = await CatalogueReader.ChangesAsync(connection, Ct);
            Assert.True(changes != after, definition);
            changes = after;
            Assert.Equal(position, (await CatalogueReader.ReadAsync(connection, Ct)).From.ToString());
        }
    }
}
