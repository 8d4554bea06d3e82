using System.Collections.Immutable;
using System.Text;
using Headwater.Core.Statements;
using Xunit;

namespace Headwater.Tests.Statements;

/// <summary>What each statement's result depends on, told as a table: the statement, its footprint in words.</summary>
public class FootprintTests
{
    internal static readonly DictionaryRows Rows = new()
    {
        Tables =
        [
            new("shop", "orders", "BASE TABLE", "InnoDB"), new("shop", "lines", "BASE TABLE", "InnoDB"), new("shop", "Customers", "BASE TABLE", "InnoDB"),
            new("shop", "prices", "SYSTEM VERSIONED", "InnoDB"), new("shop", "hours", "BASE TABLE", "InnoDB"), new("shop", "ages", "BASE TABLE", "InnoDB"),
            new("shop", "log", "BASE TABLE", "MyISAM"), new("shop", "numbers", "SEQUENCE", "InnoDB"), new("shop", "names", "BASE TABLE", "InnoDB"),
            new("shop", "open_orders", "VIEW", ""), new("shop", "late_orders", "VIEW", ""), new("shop", "todays", "VIEW", ""), new("shop", "logged", "VIEW", ""),
            new("shop", "lost", "VIEW", ""), new("shop", "hidden", "VIEW", ""), new("shop", "calls", "VIEW", ""), new("shop", "select", "BASE TABLE", "InnoDB"), new("shop", "t.u", "BASE TABLE", "InnoDB"),
            new("stock", "orders", "BASE TABLE", "InnoDB"), new("stock", "items", "BASE TABLE", "InnoDB"), new("stock", "1st", "BASE TABLE", "InnoDB"), new("stock", "7", "BASE TABLE", "InnoDB"),
        ],
        Columns =
        [
            new("shop", "orders", "id", 1, "int(11)", ""), new("shop", "orders", "part", 2, "int(11)", ""), new("shop", "lines", "order_id", 2, "bigint(20) unsigned", ""), new("shop", "lines", "line", 1, "int(11)", ""),
            new("shop", "Customers", "Id", 1, "int(11)", ""), new("shop", "prices", "id", 3, "int(11)", ""), new("shop", "names", "name", 1, "varchar(20)", ""), new("shop", "hours", "opens", 2, "time(3)", ""),
            new("shop", "ages", "age", 2, "int(11)", "timestampdiff(YEAR,`born`,curdate())"), new("shop", "ages", "twice", 3, "int(11)", "`a` * 2"), new("stock", "items", "id", 1, "smallint(5) unsigned zerofill", ""),
        ],
        Keys =
        [
            new("shop", "orders", "id"), new("shop", "lines", "order_id"), new("shop", "Customers", "Id"), new("shop", "prices", "id"), new("shop", "names", "name"), new("stock", "items", "id"),
        ],
        ForeignKeys =
        [
            new("shop", "lines", "shop", "orders", "RESTRICT", "CASCADE"), new("shop", "orders", "shop", "Customers", "CASCADE", "NO ACTION"),
            new("stock", "items", "shop", "lines", "RESTRICT", "SET NULL"), new("shop", "names", "shop", "names", "RESTRICT", "CASCADE"), new("stock", "orders", "shop", "orders", "RESTRICT", "NO ACTION"),
        ],
    };

    internal static readonly Catalogue Catalogue = Catalogue.Build(
        [
            new("shop", "open_orders", "select `o`.`id` AS `id`,`c`.`name` AS `name` from (`shop`.`orders` `o` join `shop`.`Customers` `c` on(`o`.`customer` = `c`.`id`)) where `o`.`open`"),
            new("shop", "late_orders", "select `open_orders`.`id` AS `id` from `shop`.`open_orders` where exists(select 1 from `stock`.`items` limit 1)"),
            new("shop", "todays", "select `shop`.`orders`.`id` AS `id` from `shop`.`orders` where `shop`.`orders`.`day` = curdate()"),
            new("shop", "logged", "select `shop`.`log`.`id` AS `id` from `shop`.`log`"),
            new("shop", "lost", "select `shop`.`gone`.`id` AS `id` from `shop`.`gone`"),
            new("shop", "hidden", ""),
            new("shop", "calls", "select `shop`.`price`(1) AS `p`"),
        ],
        ["price"], ["lib_udf"], tables: Rows);

    static readonly Dictionary<ulong, string> NamesByKey = Rows.Tables.ToDictionary(table => TableKey.Of(table.Schema, table.Name), table => $"{table.Schema}.{table.Name}");

    static Footprint Of(string sql, string schema = "shop", SqlSyntax syntax = SqlSyntax.Standard) =>
        Classifier.Classify(Encoding.UTF8.GetBytes(sql), syntax, Catalogue).FootprintIn(schema);

    static string Describe(Footprint footprint, string sql = "", SqlSyntax syntax = SqlSyntax.Standard)
    {
        if (footprint.IsEverything) return "everything";
        var tables = string.Join(' ', footprint.Tables.Select(key => NamesByKey[key]).Order(StringComparer.Ordinal));
        if (footprint.Key is not { } key) return tables;
        return key.TryKey(Encoding.UTF8.GetBytes(sql), syntax, out var value) ? $"{tables} {key.Column}={value}" : $"{tables} {key.Column}";
    }

    [Theory]
    [InlineData("SELECT 1", "")]
    [InlineData("SELECT 1 FROM dual", "")]
    [InlineData("SELECT * FROM orders", "shop.orders")]
    [InlineData("select * from ORDERS", "shop.orders")]
    [InlineData("SELECT * FROM shop.orders", "shop.orders")]
    [InlineData("SELECT * FROM `shop` . `orders`", "shop.orders")]
    [InlineData("SELECT * FROM .orders", "shop.orders")]
    [InlineData("SELECT * FROM `lines` JOIN . orders JOIN .`prices`", "shop.lines shop.orders shop.prices")]
    [InlineData("SELECT * FROM customers", "shop.Customers")]
    [InlineData("SELECT * FROM stock.items", "stock.items")]
    [InlineData("SELECT * FROM stock.1st", "stock.1st")]
    [InlineData("SELECT * FROM stock.7", "stock.7")]
    [InlineData("SELECT * FROM stock.`7` WHERE 7 = 7", "stock.7")]
    [InlineData("SELECT * FROM `select`", "shop.select")]
    [InlineData("SELECT * FROM shop.select", "shop.select")]
    [InlineData("SELECT * FROM `t.u`", "shop.t.u")]
    [InlineData("TABLE orders", "shop.orders")]
    [InlineData("VALUES (1), (2)", "")]
    [InlineData("(SELECT * FROM orders) UNION (SELECT * FROM `lines`)", "shop.lines shop.orders")]
    [InlineData("SELECT (1), (2) FROM orders", "shop.orders")]
    [InlineData("SELECT a FROM orders WHERE a IN (1, 2, 3) AND EXISTS (SELECT 1 FROM `lines`)", "shop.lines shop.orders")]
    public void Tables_are_found_by_their_names(string sql, string expected) => Assert.Equal(expected, Describe(Of(sql), sql));

    [Theory]
    [InlineData("SELECT * FROM orders, `lines` l, customers AS c", "shop.Customers shop.lines shop.orders")]
    [InlineData("SELECT * FROM orders JOIN `lines` USING (id)", "shop.lines shop.orders")]
    [InlineData("SELECT * FROM (orders NATURAL JOIN `lines`) LEFT JOIN (customers, prices) ON 1", "shop.Customers shop.lines shop.orders shop.prices")]
    [InlineData("SELECT (SELECT MAX(id) FROM `lines`) FROM orders ORDER BY (SELECT 1 FROM prices)", "shop.lines shop.orders shop.prices")]
    [InlineData("SELECT * FROM (SELECT * FROM (SELECT * FROM orders) a) b", "shop.orders")]
    [InlineData("SELECT * FROM orders, LATERAL (SELECT * FROM `lines`) x", "shop.lines shop.orders")]
    [InlineData("SELECT * FROM orders, JSON_TABLE(orders.doc, '$[*]' COLUMNS (v INT PATH '$')) j", "shop.orders")]
    [InlineData("WITH orders AS (SELECT * FROM orders) SELECT * FROM orders", "shop.orders")]
    [InlineData("WITH x AS (SELECT * FROM `lines`) SELECT * FROM x", "shop.lines")]
    [InlineData("WITH RECURSIVE x (n) AS (SELECT 1 UNION SELECT n + 1 FROM x, orders) SELECT * FROM x", "shop.orders")]
    [InlineData("SELECT /* FROM `lines` */ * FROM orders -- JOIN prices", "shop.orders")]
    [InlineData("SELECT /*! (SELECT 1 FROM `lines`), */ 1 FROM orders", "shop.lines shop.orders")]
    [InlineData("SELECT /*M!100100 (SELECT 1 FROM `lines`), */ 1 FROM orders", "shop.lines shop.orders")]
    [InlineData("SELECT 'prices', \"lines\" FROM orders", "shop.orders")]
    [InlineData("SELECT * FROM orders USE INDEX (a) PARTITION (p0)", "shop.orders")]
    [InlineData("SELECT * FROM orders PARTITION (p0) AS o FORCE INDEX FOR ORDER BY (i)", "shop.orders")]
    public void However_deep_they_stand(string sql, string expected) => Assert.Equal(expected, Describe(Of(sql), sql));

    // A column that is called as a table costs an invalidation, and nothing else.
    [Theory]
    [InlineData("SELECT prices FROM orders", "shop.orders shop.prices")]
    [InlineData("SELECT o.prices AS `lines` FROM orders o GROUP BY 1", "shop.lines shop.orders")]
    [InlineData("SELECT stock.orders FROM customers AS stock", "shop.Customers stock.orders")]
    [InlineData("SELECT stock.items.id FROM stock.items GROUP BY 1", "stock.items")]
    public void What_only_looks_like_a_table_is_taken_for_one(string sql, string expected) => Assert.Equal(expected, Describe(Of(sql), sql));

    [Theory]
    [InlineData("SELECT * FROM open_orders", "shop.Customers shop.orders")]
    [InlineData("SELECT * FROM late_orders", "shop.Customers shop.orders stock.items")]
    [InlineData("SELECT * FROM open_orders, late_orders", "shop.Customers shop.orders stock.items")]
    [InlineData("SELECT * FROM open_orders WHERE id = 5", "shop.Customers shop.orders")]
    [InlineData("SELECT * FROM lost", "everything")]
    [InlineData("SELECT * FROM hidden", "everything")]
    [InlineData("SELECT * FROM logged", "everything")]
    [InlineData("SELECT * FROM calls", "everything")]
    public void A_view_is_what_it_reads(string sql, string expected) => Assert.Equal(expected, Describe(Of(sql), sql));

    [Theory]
    [InlineData("SELECT * FROM unheard_of", "unheard_of is not in the catalogue")]
    [InlineData("SELECT * FROM items", "shop.items is not in the catalogue")]
    [InlineData("SELECT * FROM orders, unheard_of", "unheard_of is not in the catalogue")]
    [InlineData("SELECT * FROM stock.lines", "stock.lines is not in the catalogue")]
    [InlineData("SELECT * FROM seq_1_to_10", "seq_1_to_10 is not in the catalogue")]
    [InlineData("SELECT (1), (2) FROM unheard_of", "unheard_of is not in the catalogue")]
    [InlineData("SELECT * FROM `#mysql50#orders`", "names a table by its file")]
    [InlineData("SELECT * FROM log", "shop.log is no InnoDB table")]
    [InlineData("SELECT * FROM numbers", "shop.numbers is a sequence")]
    [InlineData("SELECT NEXTVAL(numbers)", "is no plain read")]
    [InlineData("SELECT price(1)", "is no plain read")]
    [InlineData("SELECT * FROM orders FOR UPDATE", "is no plain read")]
    [InlineData("UPDATE orders SET a = 1", "is no plain read")]
    [InlineData("SELECT * FROM mysql.user", "is no plain read")]
    [InlineData("SELECT * FROM information_schema.columns", "reads information_schema, which is the server's own")]
    [InlineData("SELECT * FROM orders FOR SYSTEM_TIME ALL", "reads the past of a table")]
    [InlineData("SELECT * FROM orders WHERE a = @a", "reads variables of the session")]
    [InlineData("SELECT @@version", "is no plain read")]
    [InlineData("SELECT größe FROM orders", "holds a name beyond ASCII, and which characters it means depends on the session")]
    [InlineData("SELECT CONVERT_TZ(a, 'UTC', 'MET') FROM orders", "CONVERT_TZ() reads the server's time zones")]
    [InlineData("SHOW TABLES", "only a query is known by its tables")]
    [InlineData("EXPLAIN SELECT * FROM orders", "only a query is known by its tables")]
    [InlineData("SET STATEMENT max_statement_time=1 FOR SELECT * FROM orders", "reads variables of the session")]
    [InlineData("SELECT 1; SELECT 2", "is no plain read")]
    public void What_cannot_be_told_is_everything_and_says_why(string sql, string reason)
    {
        var footprint = Of(sql);
        Assert.True(footprint.IsEverything);
        Assert.EndsWith(reason, footprint.Reason);
    }

    [Theory]
    [InlineData("SELECT * FROM orders WHERE id = 5", "shop.orders id=5")]
    [InlineData("SELECT * FROM orders WHERE id=-5", "shop.orders id=-5")]
    [InlineData("SELECT * FROM orders WHERE id = + 5", "shop.orders id=5")]
    [InlineData("SELECT * FROM orders WHERE `ID` = 005;", "shop.orders id=5")]
    [InlineData("SELECT * FROM orders o WHERE o.id = 5", "shop.orders id=5")]
    [InlineData("SELECT * FROM shop.orders AS o WHERE shop.orders.id = 5 LIMIT 1", "shop.orders id=5")]
    [InlineData("SELECT o.* FROM orders AS o WHERE a = 1 AND id = 5 AND b IS NOT NULL AND c NOT IN (1, 2) ORDER BY d", "shop.orders id=5")]
    [InlineData("SELECT * FROM orders WHERE (id = 5)", "shop.orders id=5")]
    [InlineData("SELECT * FROM orders WHERE ((a = 1 OR b = 2) AND ((id = 5)))", "shop.orders id=5")]
    [InlineData("SELECT * FROM orders WHERE a BETWEEN 1 AND 2 AND id = 5", "shop.orders id=5")]
    [InlineData("SELECT * FROM orders WHERE a IN (1, 2, 3) AND id = 5 AND b IN (4, 5)", "shop.orders id=5")]
    [InlineData("SELECT * FROM orders WHERE id = 5 AND 1", "shop.orders id=5")]
    [InlineData("SELECT a AS id FROM orders WHERE id = 5", "shop.orders id=5")]
    [InlineData("SELECT COUNT(*), MAX(a) OVER (PARTITION BY b ORDER BY c) FROM orders WHERE id = 5 GROUP BY a HAVING COUNT(*) > 1 ORDER BY 1 LIMIT 3", "shop.orders id=5")]
    [InlineData("SELECT SUBSTRING(a FROM 2) FROM orders WHERE id = 5", "shop.orders id=5")]
    [InlineData("SELECT prices FROM orders WHERE id = 5", "shop.orders id=5")]
    [InlineData("SELECT * FROM orders /* x */ WHERE id /* = 6 */ = 5 -- OR 1", "shop.orders id=5")]
    [InlineData("SELECT /*! STRAIGHT */ * FROM orders WHERE id = /*! 5 */", "shop.orders id=5")]
    [InlineData("SELECT * FROM `lines` WHERE order_id = 18446744073709551615 AND line = 3", "shop.lines order_id=-1")]
    [InlineData("SELECT * FROM customers WHERE id = 9223372036854775808", "shop.Customers id=-9223372036854775808")]
    [InlineData("SELECT * FROM customers WHERE id = -9223372036854775808", "shop.Customers id=-9223372036854775808")]
    [InlineData("SELECT * FROM prices WHERE id = 5", "shop.prices id=5")]
    [InlineData("SELECT * FROM orders WHERE NOT a = 1 AND id = 5", "shop.orders id=5")]
    [InlineData("SELECT * FROM orders WHERE id = 5 AND a = 'x OR 1'", "shop.orders id=5")]
    [InlineData("SELECT * FROM orders WHERE a.or = 1 AND id = 5", "shop.orders id=5")]
    public void A_lookup_by_the_first_column_of_the_primary_key_depends_on_that_key(string sql, string expected) => Assert.Equal(expected, Describe(Of(sql), sql));

    // The statement's form would do, this text does not.
    [Theory]
    [InlineData("SELECT * FROM orders WHERE id = '5'")]
    [InlineData("SELECT * FROM orders WHERE id = 5.0")]
    [InlineData("SELECT * FROM orders WHERE id = 5.")]
    [InlineData("SELECT * FROM orders WHERE id = .5")]
    [InlineData("SELECT * FROM orders WHERE id = 5e0")]
    [InlineData("SELECT * FROM orders WHERE id = 1.5e3")]
    [InlineData("SELECT * FROM orders WHERE id = 0x5")]
    [InlineData("SELECT * FROM orders WHERE id = x'35'")]
    [InlineData("SELECT * FROM orders WHERE id = b'101'")]
    [InlineData("SELECT * FROM orders WHERE id = _utf8'5'")]
    [InlineData("SELECT * FROM orders WHERE id = 18446744073709551616")]
    [InlineData("SELECT * FROM orders WHERE id = -9223372036854775809")]
    [InlineData("SELECT * FROM orders WHERE id = ?")]
    public void What_is_no_integer_is_no_key(string sql) => Assert.Equal("shop.orders id", Describe(Of(sql), sql));

    [Theory]
    [InlineData("SELECT * FROM orders WHERE id = 5 = 1")]
    [InlineData("SELECT * FROM orders WHERE id = 5 + a")]
    [InlineData("SELECT * FROM orders WHERE id = 5 - 4")]
    [InlineData("SELECT * FROM orders WHERE id = - -5")]
    [InlineData("SELECT * FROM orders WHERE id = 5 BETWEEN 0 AND 1")]
    [InlineData("SELECT * FROM orders WHERE a BETWEEN 1 AND id = 5")]
    [InlineData("SELECT * FROM orders WHERE id BETWEEN 1 AND 5")]
    [InlineData("SELECT * FROM orders WHERE 5 = id")]
    [InlineData("SELECT * FROM orders WHERE id <=> 5")]
    [InlineData("SELECT * FROM orders WHERE id >= 5")]
    [InlineData("SELECT * FROM orders WHERE id != 5")]
    [InlineData("SELECT * FROM orders WHERE id = 5 COLLATE utf8mb4_bin")]
    [InlineData("SELECT * FROM orders WHERE id = 5 IS FALSE")]
    [InlineData("SELECT * FROM orders WHERE NOT id = 5")]
    [InlineData("SELECT * FROM orders WHERE ! id = 5")]
    [InlineData("SELECT * FROM orders WHERE BINARY id = 5")]
    [InlineData("SELECT * FROM orders WHERE a = id = 5")]
    [InlineData("SELECT * FROM orders WHERE a + id = 5")]
    [InlineData("SELECT * FROM orders WHERE id = 5 OR a = 1")]
    [InlineData("SELECT * FROM orders WHERE id = 5 AND a = 1 OR b = 2")]
    [InlineData("SELECT * FROM orders WHERE b = 2 OR a = 1 AND id = 5")]
    [InlineData("SELECT * FROM orders WHERE (id = 5 OR a = 1) AND b = 2")]
    [InlineData("SELECT * FROM orders WHERE id = 5 XOR a = 1")]
    [InlineData("SELECT * FROM orders WHERE id = 5 AND a || b")]
    [InlineData("SELECT * FROM orders WHERE id = 5 && a = 1")]
    [InlineData("SELECT * FROM orders WHERE id = 5 | 1")]
    [InlineData("SELECT * FROM orders WHERE CASE WHEN a AND id = 5 AND b THEN 1 END")]
    [InlineData("SELECT * FROM orders WHERE IF(a AND id = 5, 1, 2)")]
    [InlineData("SELECT * FROM orders WHERE NOT (id = 5)")]
    [InlineData("SELECT * FROM orders WHERE (id = 5) IS NULL")]
    [InlineData("SELECT * FROM orders WHERE (id = 5) = 0")]
    [InlineData("SELECT * FROM orders WHERE f.g(id = 5)")]
    [InlineData("SELECT * FROM orders WHERE (id, a) = (5, 6)")]
    [InlineData("SELECT * FROM orders WHERE id IN (5)")]
    [InlineData("SELECT * FROM orders WHERE id = TRUE")]
    [InlineData("SELECT * FROM orders WHERE id = NULL")]
    [InlineData("SELECT * FROM orders WHERE id = DATE '2020-01-01'")]
    [InlineData("SELECT * FROM orders WHERE id = INTERVAL(1, 2)")]
    [InlineData("SELECT * FROM orders WHERE id = ANY (SELECT 5)")]
    [InlineData("SELECT * FROM orders HAVING id = 5")]
    [InlineData("SELECT id = 5 FROM orders")]
    [InlineData("SELECT * FROM orders WHERE part = 5")]
    [InlineData("SELECT * FROM orders ORDER BY id = 5")]
    [InlineData("SELECT * FROM orders WHERE a = 1 GROUP BY a AND id = 5")]
    [InlineData("SELECT * FROM orders WHERE id = 5 ORDER BY (SELECT MAX(id) FROM orders)")]
    [InlineData("SELECT (SELECT MAX(id) FROM orders) FROM orders WHERE id = 5")]
    [InlineData("SELECT * FROM orders WHERE id = 5 UNION SELECT * FROM orders")]
    [InlineData("SELECT * FROM orders WHERE id = 5 EXCEPT TABLE orders")]
    [InlineData("SELECT * FROM orders a JOIN orders b ON a.id = 5 WHERE a.id = 5")]
    [InlineData("SELECT * FROM orders a, orders b WHERE a.id = 5")]
    [InlineData("SELECT * FROM (orders) WHERE id = 5")]
    [InlineData("SELECT * FROM (SELECT * FROM orders) o WHERE id = 5")]
    [InlineData("SELECT * FROM orders PARTITION (p0) WHERE id = 5")]
    [InlineData("SELECT * FROM orders USE INDEX (i) WHERE id = 5")]
    [InlineData("(SELECT * FROM orders WHERE id = 5)")]
    [InlineData("WITH orders AS (SELECT * FROM orders) SELECT * FROM orders WHERE id = 5")]
    [InlineData("SELECT MATCH (a) AGAINST ('x') FROM orders WHERE id = 5")]
    [InlineData("SELECT * FROM orders WHERE id = 5 LIMIT ROWS EXAMINED 10")]
    [InlineData("SELECT * FROM orders WHERE ROWNUM() < 3 AND id = 5")]
    [InlineData("SELECT * FROM orders WHERE id = 5 AND a IS DISTINCT FROM b")]
    public void Anything_else_depends_on_the_whole_table(string sql)
    {
        var footprint = Of(sql);
        Assert.Null(footprint.Key);
        if (!footprint.IsEverything) Assert.Equal("shop.orders", Describe(footprint));
    }

    [Theory]
    [InlineData("SELECT * FROM names WHERE name = 5", "shop.names")]
    [InlineData("SELECT * FROM stock.orders WHERE id = 5", "stock.orders")]
    [InlineData("SELECT * FROM stock.items WHERE id = 5", "stock.items id=5")]
    [InlineData("SELECT * FROM log WHERE id = 5", "everything")]
    public void The_key_must_be_an_integer_and_the_table_have_one(string sql, string expected) => Assert.Equal(expected, Describe(Of(sql), sql));

    [Theory]
    [InlineData("SELECT * FROM orders WHERE id = ?", 0)]
    [InlineData("SELECT ?, a FROM orders WHERE b IN (?, ?, ?) AND c = 7 AND id = ? LIMIT ?", 4)]
    [InlineData("SELECT '?', `a?` /* ? */ FROM orders WHERE b = ? AND (id = ?)", 1)]
    [InlineData("SELECT ? FROM orders WHERE id = 5", -1)]
    [InlineData("SELECT * FROM orders WHERE id = -?", -1)]
    [InlineData("SELECT * FROM orders WHERE a = ?", -1)]
    public void A_placeholder_is_told_by_its_number(string sql, int parameter) =>
        Assert.Equal(parameter, Of(sql).Key?.Parameter(Encoding.UTF8.GetBytes(sql), SqlSyntax.Standard) ?? -1);

    [Fact]
    public void A_footprint_and_its_key_are_found_without_allocating()
    {
        var sql = "SELECT name, a FROM orders AS o WHERE o.deleted = 0 AND o.`id` = 12345 LIMIT 1"u8.ToArray();
        var cache = new FactsCache(1 << 20);
        Assert.True(cache.Get(sql, SqlSyntax.Standard, Catalogue).FootprintIn("shop").Key!.TryKey(sql, SqlSyntax.Standard, out _));
        Assert.Equal(0, Allocated.By(() =>
        {
            for (var i = 0; i < 1_000; i++)
                cache.Get(sql, SqlSyntax.Standard, Catalogue).FootprintIn("shop").Key!.TryKey(sql, SqlSyntax.Standard, out _);
        }));
    }

    [Fact]
    public void A_key_lookup_says_where_the_column_is_and_how_to_read_it()
    {
        var key = Of("SELECT * FROM `lines` WHERE order_id = 5").Key!;
        Assert.Equal((TableKey.Of("shop", "lines"), "order_id", 1, true), (key.Table, key.Column, key.Ordinal, key.IsUnsigned));
    }

    [Fact]
    public void Names_mean_the_tables_of_the_sessions_schema()
    {
        Assert.Equal("stock.orders", Describe(Of("SELECT * FROM orders", "stock")));
        Assert.Equal("stock.orders", Describe(Of("SELECT * FROM orders", "STOCK")));
        Assert.True(Of("SELECT * FROM orders", "elsewhere").IsEverything);
        Assert.True(Of("SELECT * FROM orders", "").IsEverything);
        Assert.True(Of("SELECT * FROM orders", "mysql").IsEverything);
        Assert.Equal("shop.orders", Describe(Of("SELECT * FROM shop.orders", "")));
    }

    [Fact]
    public void The_same_facts_serve_sessions_with_different_schemas()
    {
        var facts = Classifier.Classify("SELECT * FROM orders"u8, SqlSyntax.Standard, Catalogue);
        Assert.Equal("shop.orders", Describe(facts.FootprintIn("shop")));
        Assert.Equal("stock.orders", Describe(facts.FootprintIn("stock")));
        Assert.Same(facts.FootprintIn("stock"), facts.FootprintIn("stock"));
    }

    [Fact]
    public void Double_quotes_are_names_where_the_session_says_so()
    {
        const string sql = "SELECT * FROM \"orders\" WHERE \"id\" = 5";
        Assert.True(Of(sql).IsEverything);
        Assert.Equal("shop.orders id=5", Describe(Of(sql, syntax: SqlSyntax.AnsiQuotes), sql, SqlSyntax.AnsiQuotes));
    }

    [Fact]
    public void Before_the_tables_are_known_everything_is_read()
    {
        var facts = Classifier.Classify("SELECT * FROM orders"u8, SqlSyntax.Standard, Catalogue.Build([], [], []));
        Assert.True(facts.IsPlainRead);
        Assert.Equal("the servers' tables are not known yet", facts.FootprintIn("shop").Reason);
    }

    [Fact]
    public void A_statement_that_names_too_many_tables_reads_everything()
    {
        var many = Enumerable.Range(0, 300).Select(i => $"t{i}").ToList();
        var catalogue = Catalogue.Build([], [], [], tables: new DictionaryRows { Tables = [.. many.Select(name => new CatalogueTable("shop", name, "BASE TABLE", "InnoDB"))] });
        Assert.True(Classifier.Classify(Encoding.UTF8.GetBytes("SELECT " + string.Join(", ", many)), SqlSyntax.Standard, catalogue).FootprintIn("shop").IsEverything);
        Assert.True(Classifier.Classify(Encoding.UTF8.GetBytes("SELECT 1 FROM " + string.Join(", ", many)), SqlSyntax.Standard, catalogue).FootprintIn("shop").IsEverything);
        Assert.Equal(100, Classifier.Classify(Encoding.UTF8.GetBytes("SELECT 1 FROM " + string.Join(", ", many.Take(100))), SqlSyntax.Standard, catalogue).FootprintIn("shop").Tables.Length);
    }
}
