using System.Collections.Immutable;
using Headwater.Core;
using Headwater.Core.Verify;
using Headwater.Verify;

namespace Headwater.Tests.Verify;

/// <summary>The rules of comparing: ranges, sizes, rows, statements; without any server.</summary>
public class VerifyRulesTests
{
    static readonly VerifiedColumn Id = VerifiedColumn.Of("id", "bigint(20)", "bigint", null, null, false, "");
    static readonly VerifiedColumn Code = VerifiedColumn.Of("co`de", "varchar(9)", "varchar", "utf8mb4", "utf8mb4_bin", false, "");
    static readonly VerifiedColumn Note = VerifiedColumn.Of("note", "varchar(90)", "varchar", "utf8mb4", "utf8mb4_bin", true, "");
    static readonly VerifiedColumn Weight = VerifiedColumn.Of("weight", "float", "float", null, null, true, "");
    static readonly VerifiedColumn Twice = VerifiedColumn.Of("twice", "float", "float", null, null, true, "VIRTUAL GENERATED");

    static VerifiedTable Table(params VerifiedColumn[] key) => new(new TableName("shop", "item"), [Id, Code, Note, Weight, Twice], [.. key], key.Length > 0 ? "PRIMARY" : "", true, 0);

    [Theory]
    [InlineData("shop.item", true)]
    [InlineData("shop.*", true)]
    [InlineData("shop", true)]
    [InlineData("item", true)]
    [InlineData("shop.items", false)]
    [InlineData("other.item", false)]
    public void A_word_means_a_table_by_its_name_its_schema_or_both(string word, bool meant) => Assert.Equal(meant, new TableName("shop", "item").IsMeantBy(word));

    [Fact]
    public void Ranges_of_a_key_of_one_column_leave_no_gap()
    {
        var first = KeyRange.All.Until(["10"]);
        var second = KeyRange.All.Behind(["10"]).Until(["20"]);
        var last = KeyRange.All.Behind(["10"]).Behind(["20"]);
        Assert.Equal(" WHERE (`id`<=10)", first.Where([Id]));
        Assert.Equal(" WHERE (`id`>10) AND (`id`<=20)", second.Where([Id]));
        Assert.Equal(" WHERE (`id`>20)", last.Where([Id]));
        Assert.Equal("", KeyRange.All.Where([Id]));
    }

    [Fact]
    public void A_range_of_a_key_of_several_columns_is_written_out_so_that_an_index_serves_it() =>
        Assert.Equal(" WHERE (`id`>1 OR (`id`=1 AND (`co``de`>'a'))) AND (`id`<2 OR (`id`=2 AND (`co``de`<='b')))",
            new KeyRange(["1", "61"], ["2", "62"]).Where([Id, Code]));

    [Theory]
    [InlineData("61", "'a'")]
    [InlineData("", "''")]
    [InlineData("27", "_utf8mb4 x'27'")]
    [InlineData("5C", "_utf8mb4 x'5C'")]
    [InlineData("C3BC", "_utf8mb4 x'C3BC'")]
    public void Text_is_written_readably_where_that_is_the_same_bytes(string hex, string literal) => Assert.Equal(literal, Code.Literal(hex));

    [Fact]
    public void A_float_is_compared_as_a_double_with_all_its_digits()
    {
        Assert.Equal("`weight`*1e0", Weight.ForHash);
        Assert.Equal("0.10000000149011612e0", Weight.Literal("0.10000000149011612"));
        Assert.Equal("1e-30", Weight.Literal("1e-30"));
    }

    [Fact]
    public void Which_columns_are_null_is_a_part_of_the_hash_and_what_is_computed_when_read_is_not()
    {
        var sql = new ChunkSql(Table(Id), RowHash.TwoCrcs).Checksum(KeyRange.All);
        Assert.Contains("CONCAT(ISNULL(`note`),ISNULL(`weight`))", sql, StringComparison.Ordinal);
        Assert.Contains("LENGTH(`note`)", sql, StringComparison.Ordinal);
        Assert.DoesNotContain("twice", sql, StringComparison.Ordinal);
        Assert.EndsWith(" FROM `shop`.`item` FORCE INDEX (`PRIMARY`)", sql, StringComparison.Ordinal);
    }

    [Fact]
    public void Chunks_grow_to_the_target_and_shrink_when_a_server_is_slow()
    {
        var size = ChunkSize.First(TimeSpan.FromMilliseconds(300));
        for (var i = 0; i < 10; i++) size = size.After(size.Rows, TimeSpan.FromMicroseconds(size.Rows));
        Assert.Equal(300_000, size.Rows);
        size = size.After(size.Rows, TimeSpan.FromSeconds(30));
        Assert.Equal(75_000, size.Rows);
        // the end of a table is a short chunk, and a fast one
        Assert.Equal(size, size.After(3, TimeSpan.FromMilliseconds(1)));
        for (var i = 0; i < 10; i++) size = size.After(size.Rows, TimeSpan.FromHours(1));
        Assert.Equal(ChunkSize.Least, size.Rows);
        for (var i = 0; i < 20; i++) size = size.After(size.Rows, TimeSpan.Zero);
        Assert.Equal(ChunkSize.Most, size.Rows);
    }

    [Fact]
    public void Rows_are_missing_extra_or_changed()
    {
        var found = RowComparison.Compare([["1", "a"], ["2", "b"], ["3", "c"]], [["1", "a"], ["3", "x"], ["4", "d"]], hasKey: true);
        Assert.Equal([(RowDifferenceKind.Missing, "2"), (RowDifferenceKind.Changed, "3"), (RowDifferenceKind.Extra, "4")], found.Select(static row => (row.Kind, row.Key[0]!)));
    }

    [Fact]
    public void Without_a_key_it_counts_how_often_a_row_is_there()
    {
        var found = RowComparison.Compare([["a"], ["a"], ["b"]], [["a"], ["b"], ["b"]], hasKey: false);
        Assert.Equal([(RowDifferenceKind.Missing, "a"), (RowDifferenceKind.Extra, "b")], found.Select(static row => (row.Kind, row.Key[0]!)));
    }

    [Fact]
    public void Keys_that_look_alike_when_put_together_are_told_apart() =>
        Assert.Equal(2, RowComparison.Compare([["1", "23", "h"]], [["12", "3", "h"]], hasKey: true).Length);

    [Fact]
    public void Mending_sets_only_what_differs_and_never_a_generated_column()
    {
        var changed = new RowDifference(RowDifferenceKind.Changed, ["7"]);
        string?[] primary = ["7", "61", null, "1.5", "3"], replica = ["7", "61", "", "1.5", "4"];
        Assert.Equal("UPDATE `shop`.`item` SET `note`=NULL WHERE `id`=7 LIMIT 1", Mending.Statement(Table(Id), changed, primary, replica));
        Assert.Equal([("note", "NULL", "''"), ("twice", "3", "4")], Mending.Columns(Table(Id), primary, replica).Select(static c => (c.Column, c.Primary, c.Replica)));
        Assert.Equal("INSERT INTO `shop`.`item` (`id`, `co``de`, `note`, `weight`) VALUES (7, 'a', NULL, 1.5e0)",
            Mending.Statement(Table(Id), new RowDifference(RowDifferenceKind.Missing, ["7"]), primary, null));
        Assert.Equal("DELETE FROM `shop`.`item` WHERE `id`=7 LIMIT 1", Mending.Statement(Table(Id), new RowDifference(RowDifferenceKind.Extra, ["7"]), null, replica));
        Assert.Equal("DELETE FROM `shop`.`item` WHERE `id`<=>7 AND BINARY `co``de`<=>x'61' AND BINARY `note`<=>x'' AND `weight`*1e0<=>1.5e0 LIMIT 1",
            Mending.Statement(Table(), new RowDifference(RowDifferenceKind.Extra, ["99"]), null, replica));
    }

    [Fact]
    public void Of_long_values_the_part_around_the_difference_is_shown()
    {
        var (a, b) = Mending.AroundDifference(new string('x', 500) + "A" + new string('y', 500), new string('x', 500) + "B" + new string('y', 500));
        Assert.Contains("xA", a, StringComparison.Ordinal);
        Assert.Contains("xB", b, StringComparison.Ordinal);
        Assert.True(a.Length < 70);
    }

    [Fact]
    public void Declarations_are_compared_without_the_counter()
    {
        const string one = "CREATE TABLE `t` (\n  `a` int(11) NOT NULL AUTO_INCREMENT,\n  PRIMARY KEY (`a`)\n) ENGINE=InnoDB AUTO_INCREMENT=17 DEFAULT CHARSET=latin1";
        Assert.Empty(SchemaComparison.Compare(one, one.Replace("=17", "=99", StringComparison.Ordinal)));
        Assert.Equal(["the primary declares `a` int(11) NOT NULL AUTO_INCREMENT", "the replica declares `a` int(12) NOT NULL AUTO_INCREMENT"],
            SchemaComparison.Compare(one, one.Replace("(11)", "(12)", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_copy_is_equal_when_all_that_differed_is_mended_and_nothing_is_left_unproven()
    {
        var copy = new CopyReport("db2", [], 1, 2, 3, 6, [], []);
        Assert.True(copy.Equal);
        Assert.False((copy with { Mended = 5 }).Equal);
        Assert.False((copy with { Unproven = ["rows above 7: held"] }).Equal);
        Assert.False((copy with { Schema = ["the replica does not have the table"] }).Equal);
    }

    [Fact]
    public void Progress_says_how_far_and_what_it_waits_for()
    {
        var progress = new VerifyProgress(TimeProvider.System);
        Assert.Equal("the servers are being looked at", progress.Now.Told(Instant.Zero));
        progress.Expect([4_000, 1_000]);
        progress.Begin("shop.item", 4_000);
        progress.Read(1_000);
        progress.Pause("db2 is 3 s behind");
        Assert.StartsWith("shop.item is being compared; paused: db2 is 3 s behind: 1,000 of about 5,000 rows (20 %)", progress.Now.Told(Instant.Zero), StringComparison.Ordinal);
        progress.Pause("");
        progress.Begin("shop.order", 1_000);
        Assert.StartsWith("shop.order is being compared: 1,000 of about 2,000 rows (50 %)", progress.Now.Told(Instant.Zero), StringComparison.Ordinal);
    }
}
