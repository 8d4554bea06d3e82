using System.Text;
using Headwater.Core.Statements;
using Xunit;

namespace Headwater.Tests.Statements;

public class DataDictionaryTests
{
    static CatalogueTable Table(string name, string schema = "d") => new(schema, name, "BASE TABLE", "InnoDB");
    static Catalogue With(DictionaryRows rows, params CatalogueView[] views) => Catalogue.Build(views, [], [], tables: rows);
    static Footprint Of(Catalogue catalogue, string sql) => Classifier.Classify(Encoding.UTF8.GetBytes(sql), SqlSyntax.Standard, catalogue).FootprintIn("d");
    static ulong[] Keys(params string[] names) => [.. names.Select(name => TableKey.Of("d", name)).Order()];

    [Fact]
    public void A_tables_key_never_changes()
    {
        // Others keep it, in other processes: the number is part of what it means.
        Assert.Equal(8016755669953589700UL, TableKey.Of("shop", "orders"));
        Assert.Equal(TableKey.Of("shop", "orders"), TableKey.Of("Shop", "ORDERS"));
        Assert.NotEqual(TableKey.Of("a", "bc"), TableKey.Of("ab", "c"));
    }

    [Fact]
    public void Cascades_go_through_all_generations_and_around_circles()
    {
        var rows = new DictionaryRows
        {
            ForeignKeys =
            [
                new("d", "b", "d", "a", "RESTRICT", "CASCADE"), new("d", "c", "d", "b", "RESTRICT", "SET NULL"), new("e", "x", "d", "c", "CASCADE", "RESTRICT"),
                new("d", "m", "d", "n", "RESTRICT", "CASCADE"), new("d", "n", "d", "m", "RESTRICT", "CASCADE"), new("d", "self", "d", "self", "NO ACTION", "CASCADE"),
                new("d", "idle", "d", "a", "RESTRICT", "NO ACTION"), new("d", "strange", "d", "q", "RESTRICT", "SET DEFAULT"),
            ],
        };
        var dictionary = With(rows).Dictionary;
        Assert.Equal([.. Keys("b", "c").Append(TableKey.Of("e", "x")).Order()], dictionary.Cascades(TableKey.Of("d", "a")));
        Assert.Equal(Keys("m", "n"), dictionary.Cascades(TableKey.Of("d", "m")));
        Assert.Equal(Keys("self"), dictionary.Cascades(TableKey.Of("D", "Self")));
        Assert.Equal(Keys("strange"), dictionary.Cascades(TableKey.Of("d", "q")));
        Assert.Empty(dictionary.Cascades(TableKey.Of("d", "idle")));
    }

    [Fact]
    public void Views_are_resolved_whatever_the_order_of_the_rows()
    {
        var rows = new DictionaryRows { Tables = [Table("t"), Table("u"), new("d", "a", "VIEW", ""), new("d", "b", "VIEW", ""), new("d", "c", "VIEW", "")] };
        var catalogue = With(rows,
            new("d", "c", "select `b`.`x` AS `x` from (`d`.`b` join `d`.`u`)"), new("d", "b", "select `a`.`x` AS `x` from `d`.`a`"), new("d", "a", "select `t`.`x` AS `x`,`t`.`a` AS `a` from `d`.`t`"));
        Assert.Equal(Keys("t", "u"), Of(catalogue, "SELECT * FROM c").Tables);
        Assert.Equal(Keys("t"), Of(catalogue, "SELECT * FROM b").Tables);
    }

    [Theory]
    [InlineData("select `d`.`v`.`x` AS `x` from `d`.`v`", "a view of itself")]
    [InlineData("select 'a\\\\' AS `x` from `d`.`t`", "a backslash, which means what it did to who made the view")]
    [InlineData("select `x` from `t`", "a table without its schema")]
    [InlineData("select `mysql`.`user`.`User` AS `User` from `mysql`.`user`", "the server's own tables")]
    [InlineData("select `d`.`f`(1) AS `f`", "a routine")]
    [InlineData("select `information_schema`.`tables`.`TABLE_NAME` AS `x` from `information_schema`.`tables`", "the server's own tables")]
    public void A_view_over_what_cannot_be_told_is_everything(string definition, string because)
    {
        var rows = new DictionaryRows { Tables = [Table("t"), new("d", "v", "VIEW", "")] };
        Assert.True(Of(Catalogue.Build([new("d", "v", definition)], ["f"], [], tables: rows), "SELECT * FROM v").IsEverything, because);
    }

    [Fact]
    public void A_views_names_may_be_of_any_script()
    {
        var rows = new DictionaryRows { Tables = [Table("straße"), new("d", "v", "VIEW", "")] };
        Assert.Equal(Keys("straße"), Of(With(rows, new CatalogueView("d", "v", "select `d`.`straße`.`größe` AS `größe` from `d`.`straße`")), "SELECT * FROM v").Tables);
    }

    [Fact]
    public void A_view_whose_row_is_missing_is_everything() =>
        Assert.True(Of(With(new DictionaryRows { Tables = [new("d", "v", "VIEW", "")] }), "SELECT * FROM v").IsEverything);

    [Fact]
    public void Names_that_differ_in_case_only_are_one_and_have_no_key()
    {
        var rows = new DictionaryRows
        {
            Tables = [Table("t"), Table("T")],
            Columns = [new("d", "t", "id", 1, "int(11)", ""), new("d", "T", "id", 1, "int(11)", "")],
            Keys = [new("d", "t", "id"), new("d", "T", "id")],
        };
        var footprint = Of(With(rows), "SELECT * FROM t WHERE id = 5");
        Assert.Equal(Keys("t"), footprint.Tables);
        Assert.Null(footprint.Key);
        Assert.True(Of(With(rows with { Tables = [Table("t"), new("d", "T", "BASE TABLE", "Aria")] }), "SELECT * FROM t").IsEverything);
        Assert.True(Of(With(rows with { Tables = [Table("t"), new("d", "T", "VIEW", "")] }, new CatalogueView("d", "T", "select 1 AS `1`")), "SELECT * FROM t").IsEverything);
    }

    [Theory]
    [InlineData("int(11)", true)]
    [InlineData("tinyint(1)", true)]
    [InlineData("bigint(20) unsigned zerofill", true)]
    [InlineData("mediumint(9)", true)]
    [InlineData("year(4)", false)]
    [InlineData("bit(8)", false)]
    [InlineData("decimal(10,0)", false)]
    [InlineData("double", false)]
    [InlineData("varchar(20)", false)]
    [InlineData("enum('int')", false)]
    [InlineData("date", false)]
    public void Only_an_integer_is_looked_up(string type, bool expected)
    {
        var rows = new DictionaryRows { Tables = [Table("t")], Columns = [new("d", "t", "id", 1, type, "")], Keys = [new("d", "t", "id")] };
        Assert.Equal(expected, Of(With(rows), "SELECT * FROM t WHERE id = 5").Key is not null);
    }

    [Fact]
    public void Equal_rows_say_the_same_and_each_difference_is_seen()
    {
        var rows = new DictionaryRows
        {
            Tables = [Table("t"), Table("u"), new("d", "v", "VIEW", "")],
            Columns = [new("d", "t", "id", 1, "int(11)", "")],
            Keys = [new("d", "t", "id")],
            ForeignKeys = [new("d", "u", "d", "t", "RESTRICT", "CASCADE")],
        };
        CatalogueView view = new("d", "v", "select `d`.`t`.`id` AS `id` from `d`.`t`");
        var before = With(rows, view);
        Assert.True(before.SaysTheSameAs(With(rows, view)));
        Catalogue[] others =
        [
            With(rows with { Tables = [Table("t"), new("d", "v", "VIEW", "")] }, view),
            With(rows with { Tables = [Table("t"), Table("u"), Table("w"), new("d", "v", "VIEW", "")] }, view),
            With(rows with { Tables = [Table("t"), Table("u", "e"), new("d", "v", "VIEW", "")] }, view),
            With(rows with { Tables = [Table("t"), new("d", "u", "BASE TABLE", "MEMORY"), new("d", "v", "VIEW", "")] }, view),
            With(rows with { Columns = [new("d", "t", "id", 2, "int(11)", "")] }, view),
            With(rows with { Columns = [new("d", "t", "id", 1, "int(11) unsigned", "")] }, view),
            With(rows with { Columns = [.. rows.Columns, new("d", "u", "at", 2, "time", "")] }, view),
            With(rows with { Keys = [] }, view),
            With(rows with { ForeignKeys = [] }, view),
            With(rows with { ForeignKeys = [new("d", "t", "d", "u", "RESTRICT", "CASCADE")] }, view),
            With(rows, view with { Definition = "select `d`.`u`.`id` AS `id` from `d`.`u`" }),
            Catalogue.Build([view], [], []),
        ];
        Assert.All(others, other => Assert.False(before.SaysTheSameAs(other)));
    }
}
