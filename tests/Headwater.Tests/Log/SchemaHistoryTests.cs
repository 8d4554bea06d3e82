using System.Text;
using Headwater.Core.Log;
using Xunit;

namespace Headwater.Tests.Log;

/// <summary>What definitions do to the columns of tables; that it agrees with a server is seen by <c>bench/run reader --only names</c>.</summary>
public class SchemaHistoryTests
{
    static readonly string[] Statements = File.ReadAllLines(Path.Combine(RepositoryFiles.Root, "tests/Headwater.Tests/Log/definitions.sql"));

    static SchemaHistory Begin() => new(new SchemaStart
    {
        Tables = new Dictionary<(string, string), TableStart> { [("shop", "none")] = new("latin1", [new ColumnShape("id", "int(11)", null, true)]), [("shop", "other")] = new(null, [new ColumnShape("x", "text", "latin1", false)]) },
        Schemas = new Dictionary<string, string> { ["shop"] = "utf8mb4", ["other"] = "latin1" },
    });

    static LoggedStatement Statement(string sql, uint thread = 1, ulong mode = 0, string charset = "utf8mb4", ushort error = 0, string schema = "shop") =>
        new() { Kind = StatementKind.Definition, Schema = schema, Text = Encoding.UTF8.GetBytes(sql), Charset = charset, ServerCharset = "latin1", Thread = thread, SqlMode = mode, Error = error };

    static readonly (string Schema, string Table)[] Tables =
        [.. "a l l2 none other some s s2 v w uu Case1 c".Split(' ').Select(static table => ("shop", table)), ("other", "b"), ("later", "t"), ("later", "t2")];

    static string Shown(SchemaHistory history, string schema, string table) => history.Columns(schema, table) is not { } columns ? "not known"
        : string.Join(", ", columns.Select(static column => $"{column.Name} {column.Type}{(column.Charset is null ? "" : " " + column.Charset)}{(column.InPrimaryKey ? " key" : "")}"));

    [Fact]
    public void Definitions_do_to_columns_what_the_server_does()
    {
        var history = Begin();
        var told = new StringBuilder();
        var before = Tables.ToDictionary(static table => table, table => Shown(history, table.Schema, table.Table));
        foreach (var sql in Statements)
        {
            history.Apply(Statement(sql));
            told.Append(sql).Append('\n');
            foreach (var table in Tables)
            {
                var now = Shown(history, table.Schema, table.Table);
                if (now != before[table]) told.Append("  ").Append(table.Schema).Append('.').Append(table.Table).Append(": ").Append(now).Append('\n');
                before[table] = now;
            }
        }
        Transcript.Check(told.ToString(), "definitions");
    }

    [Fact]
    public void A_text_that_is_cut_anywhere_or_lacks_a_word_makes_unknown_and_nothing_worse()
    {
        foreach (var sql in Statements)
        {
            for (var length = 0; length <= sql.Length; length++) Applied(sql[..length]);
            var words = sql.Split(' ');
            for (var i = 0; i < words.Length; i++) Applied(string.Join(' ', words.Where((_, at) => at != i)));
        }
    }

    static SchemaHistory Applied(string sql, ulong mode = 0, string charset = "utf8mb4", ushort error = 0)
    {
        var history = Begin();
        history.Apply(Statement(Statements[0]));
        history.Apply(Statement(sql, mode: mode, charset: charset, error: error));
        return history;
    }

    [Theory]
    [InlineData("ALTER TABLE a FROBNICATE x")]
    [InlineData("ALTER TABLE a ADD x frobnicated")]
    [InlineData("ALTER TABLE a ADD x int FROBNICATED")]
    [InlineData("ALTER TABLE a DROP COLUMN unheard_of")]
    [InlineData("ALTER TABLE a ADD id int")]
    [InlineData("ALTER TABLE a ADD x int AFTER unheard_of")]
    [InlineData("ALTER TABLE a ADD SYSTEM VERSIONING")]
    [InlineData("ALTER TABLE a ADD PRIMARY KEY (unheard_of)")]
    [InlineData("ALTER TABLE a CONVERT TO CHARACTER SET latin1, ADD x text CHARSET utf8mb4")]
    [InlineData("ALTER TABLE a ADD x varchar(3) COLLATE uca1400_ai_ci")]
    public void A_table_whose_definition_is_not_understood_is_unknown_and_the_others_are_not(string sql)
    {
        var history = Applied(sql);
        Assert.Null(history.Columns("shop", "a"));
        Assert.NotNull(history.Columns("shop", "other"));
        Assert.Equal(1, history.Unknown);
    }

    [Theory]
    [InlineData("FROBNICATE TABLE a")]
    [InlineData("ALTER TABLE a FROBNICATE x, RENAME TO other")]
    [InlineData("CREATE TABLE `a")]
    [InlineData("ALTER TABLE a CONVERT PARTITION p TO TABLE c")]
    [InlineData("CREATE TABLE a (x int) /*!110000 DROP */")]
    public void What_cannot_be_told_to_concern_one_table_makes_all_unknown_until_they_are_asked_anew(string sql)
    {
        var history = Applied(sql);
        Assert.Null(history.Columns("shop", "other"));
        Assert.Null(history.Unknown);
        history.Apply(Statement("CREATE TABLE IF NOT EXISTS elsewhere (a int)"));
        Assert.Null(history.Columns("shop", "elsewhere"));
        history.Apply(Statement("CREATE TABLE fresh (a int)"));
        Assert.NotNull(history.Columns("shop", "fresh"));
        // Without a schema's character set only what names its own is known.
        history.Apply(Statement("CREATE TABLE text_one (a text)"));
        Assert.Null(history.Columns("shop", "text_one"));
        history.Learn("shop", "other", new TableStart("latin1", [new ColumnShape("x", "text", "latin1", false)]));
        history.Apply(Statement("ALTER TABLE other ADD y text"));
        Assert.Equal("x text latin1, y text latin1", Shown(history, "shop", "other"));
    }

    [Fact]
    public void Quotes_and_backslashes_are_read_by_the_mode_that_the_statement_ran_in()
    {
        Assert.Equal("q int", Shown(Applied("""CREATE OR REPLACE TABLE a ("q" int)""", mode: 4), "shop", "a"));
        Assert.Equal("not known", Shown(Applied("""CREATE OR REPLACE TABLE a ("q" int)"""), "shop", "a"));
        Assert.Equal("x int, y int", Shown(Applied("""CREATE OR REPLACE TABLE a (x int COMMENT '\', y int COMMENT ' \')""", mode: 1 << 20), "shop", "a"));
        Assert.Equal("x int", Shown(Applied("""CREATE OR REPLACE TABLE a (x int COMMENT '\', y int COMMENT \'')"""), "shop", "a"));
    }

    [Fact]
    public void Names_in_a_character_set_that_is_not_read_make_unknown()
    {
        Assert.Equal("ä int", Shown(Applied("CREATE OR REPLACE TABLE a (ä int)"), "shop", "a"));
        Assert.Null(Applied("CREATE OR REPLACE TABLE a (ä int)", charset: "gbk").Unknown);
        Assert.Equal("x int", Shown(Applied("CREATE OR REPLACE TABLE a (x int)", charset: "gbk"), "shop", "a"));
    }

    [Fact]
    public void A_definition_that_ended_in_an_error_leaves_its_table_unknown()
    {
        Assert.Null(Applied("ALTER TABLE a ADD x int", error: 1317).Columns("shop", "a"));
        Assert.NotNull(Applied("ALTER TABLE a ADD x int", error: 1317).Columns("shop", "other"));
    }

    [Fact]
    public void A_connections_temporary_table_hides_a_table_from_that_connection_only()
    {
        var history = Begin();
        history.Apply(Statement("CREATE TEMPORARY TABLE other (t int)", thread: 5));
        history.Apply(Statement("ALTER TABLE other ADD u int", thread: 5));
        Assert.Equal("x text latin1", Shown(history, "shop", "other"));
        history.Apply(Statement("ALTER TABLE other ADD u int", thread: 6));
        Assert.Equal(2, history.Columns("shop", "other")!.Count);
        history.Apply(Statement("DROP TEMPORARY TABLE IF EXISTS other", thread: 5));
        history.Apply(Statement("ALTER TABLE other ADD w int", thread: 5));
        Assert.Equal(3, history.Columns("shop", "other")!.Count);
        history.Apply(Statement("CREATE TEMPORARY TABLE other (t int)", thread: 5));
        history.ServerStarted();
        history.Apply(Statement("ALTER TABLE other DROP w", thread: 5));
        Assert.Equal(2, history.Columns("shop", "other")!.Count);
    }

    [Fact]
    public void Names_of_tables_are_compared_as_the_server_compares_them()
    {
        Assert.Null(Begin().Columns("SHOP", "Other"));
        var history = new SchemaHistory(new SchemaStart { Tables = new Dictionary<(string, string), TableStart> { [("shop", "t")] = new("latin1", [new ColumnShape("x", "int", null, false)]) }, Schemas = new Dictionary<string, string>(), IgnoresCase = true });
        history.Apply(Statement("ALTER TABLE T ADD y int", schema: "Shop"));
        Assert.Equal("x int, y int", Shown(history, "shop", "t"));
    }
}
