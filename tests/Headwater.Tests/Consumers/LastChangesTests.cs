using Headwater.Core.Consumers;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Core.Statements;
using Xunit;
using static Headwater.Tests.Consumers.MadeLog;
using StatementKind = Headwater.Core.Log.StatementKind;

namespace Headwater.Tests.Consumers;

public class LastChangesTests
{
    readonly LastChanges _changes = new(1 << 10, 1 << 12, 64);
    readonly LoggedTable _orders = Table("orders"), _lines = Table("lines"), _other = Table("other");
    ulong _sequence = 100;

    static readonly DataDictionary Tables = Dictionary();

    static DataDictionary Dictionary(string type = "int(11)", int ordinal = 1, bool cascades = true) => Catalogue.Build([], [], [], tables: new DictionaryRows
    {
        Tables = [Base("orders"), Base("lines"), Base("other")],
        Columns = [Id("orders", type, ordinal), Id("lines", type, ordinal), Id("other", type, ordinal)],
        Keys = [new("d", "orders", "id"), new("d", "lines", "id"), new("d", "other", "id")],
        ForeignKeys = cascades ? [new("d", "lines", "d", "orders", "RESTRICT", "CASCADE")] : [],
    }).Dictionary;

    static CatalogueTable Base(string name) => new("d", name, "BASE TABLE", "InnoDB");
    static CatalogueColumn Id(string table, string type, int ordinal) => new("d", table, "id", ordinal, type, "");
    static Position At(ulong sequence, uint server = 1) => new(new Gtid(0, server, sequence));
    static Footprint Whole(LoggedTable table) => Footprint.Of([TableKey.Of("d", table.Name)], null, null);

    static Footprint ByKey(LoggedTable table) =>
        Footprint.Of([TableKey.Of("d", table.Name)], new KeyLookup(TableKey.Of("d", table.Name), "id", 0, false), null);

    LastChanges Begun(DataDictionary? dictionary = null)
    {
        _changes.Begin(At(_sequence));
        _changes.Offer(dictionary ?? Tables, At(_sequence), At(_sequence));
        Assert.NotNull(_changes.Extent.Dictionary);
        return _changes;
    }

    long Log(params LoggedChange[] changes)
    {
        var before = _changes.Extent.Ordinal;
        _changes.Apply(Transaction(new Gtid(0, 1, ++_sequence), changes));
        _changes.Publish();
        return before;
    }

    [Fact]
    public void A_row_changes_its_key_and_its_table_and_nothing_else()
    {
        Begun();
        var before = Log(Update(_orders, [5, 1], [5, 2]));
        Assert.False(_changes.IsUnchanged(Whole(_orders), null, before));
        Assert.False(_changes.IsUnchanged(ByKey(_orders), 5, before));
        Assert.False(_changes.IsUnchanged(ByKey(_orders), null, before));
        Assert.True(_changes.IsUnchanged(ByKey(_orders), 6, before));
        Assert.True(_changes.IsUnchanged(Whole(_other), null, before));
        Assert.True(_changes.IsUnchanged(Whole(_orders), null, _changes.Extent.Ordinal));
        Assert.Equal(before, _changes.OrdinalOf(At(100)));
        Assert.Equal(before + 1, _changes.OrdinalOf(At(101)));
    }

    [Fact]
    public void A_row_that_gets_another_key_changes_both()
    {
        Begun();
        var before = Log(Update(_other, [5, 1], [6, null]));
        Assert.False(_changes.IsUnchanged(ByKey(_other), 5, before));
        Assert.False(_changes.IsUnchanged(ByKey(_other), 6, before));
        Assert.True(_changes.IsUnchanged(ByKey(_other), 7, before));
    }

    [Fact]
    public void A_minimal_image_says_which_row_it_is_by_the_one_before()
    {
        Begun();
        var before = Log(Update(_other, [5, null], [null, 2]));
        Assert.False(_changes.IsUnchanged(ByKey(_other), 5, before));
        Assert.True(_changes.IsUnchanged(ByKey(_other), 6, before));
    }

    [Fact]
    public void An_image_that_does_not_say_which_row_it_was_may_be_any()
    {
        Begun();
        foreach (var change in new[] { Update(_other, [null, 1], [6, 1]), Delete(_other, null, 1), Insert(_other, null, 1) })
        {
            var before = Log(change);
            Assert.False(_changes.IsUnchanged(ByKey(_other), 5, before), change.ToString());
        }
    }

    [Fact]
    public void What_a_foreign_key_changes_unseen_is_changed_whatever_its_key()
    {
        Begun();
        var before = Log(Delete(_orders, 5, 1));
        Assert.False(_changes.IsUnchanged(Whole(_lines), null, before));
        Assert.False(_changes.IsUnchanged(ByKey(_lines), 77, before));
        Assert.True(_changes.IsUnchanged(ByKey(_orders), 77, before));
    }

    [Theory]
    [InlineData(1, "tinyint(4)", new long[] { -128, 127, -1, 0 })]
    [InlineData(1, "tinyint(3) unsigned", new long[] { 0, 255, 128, 127 })]
    [InlineData(2, "smallint(6)", new long[] { -32768, 32767, -1, 5 })]
    [InlineData(2, "smallint(5) unsigned", new long[] { 0, 65535, 32768, 5 })]
    [InlineData(3, "mediumint(9)", new long[] { -8388608, 8388607, -1, 5 })]
    [InlineData(3, "mediumint(8) unsigned", new long[] { 0, 16777215, 8388608, 5 })]
    [InlineData(4, "int(11)", new long[] { int.MinValue, int.MaxValue, -1, 5 })]
    [InlineData(4, "int(10) unsigned", new long[] { 0, uint.MaxValue, 2147483648, 5 })]
    [InlineData(8, "bigint(20)", new long[] { long.MinValue, long.MaxValue, -1, 5 })]
    [InlineData(8, "bigint(20) unsigned", new long[] { 0, long.MaxValue, -1, long.MinValue })] // -1 and least: 2^64 - 1 and 2^63 in two's complement
    public void A_key_is_the_number_that_a_statement_names(int bytes, string type, long[] values)
    {
        var isUnsigned = type.Contains("unsigned", StringComparison.Ordinal);
        Begun(Dictionary(type));
        var table = Table("other", Integer("id", 0, bytes, isUnsigned), Integer("v", 1, 4));
        foreach (var value in values)
        {
            var literal = isUnsigned ? ((ulong)value).ToString(System.Globalization.CultureInfo.InvariantCulture) : value.ToString(System.Globalization.CultureInfo.InvariantCulture);
            var sql = System.Text.Encoding.UTF8.GetBytes($"SELECT v FROM other WHERE id = {literal}");
            var footprint = Classifier.Classify(sql, SqlSyntax.Standard, Catalogue.Build([], [], [], tables: new DictionaryRows
            {
                Tables = [Base("other")],
                Columns = [Id("other", type, 1)],
                Keys = [new("d", "other", "id")],
            })).FootprintIn("d");
            Assert.True(footprint.Key!.TryKey(sql, SqlSyntax.Standard, out var key));
            Assert.Equal(value, key);
            var before = Log(Insert(table, value, 1));
            Assert.False(_changes.IsUnchanged(footprint, key, before), literal);
            foreach (var another in values)
                if (another != value) Assert.True(_changes.IsUnchanged(footprint, another, before), $"{literal} is not {another}");
        }
    }

    [Theory]
    [InlineData("UPDATE other SET v = 1", StatementKind.Change)]
    [InlineData("XA COMMIT X'61',X'',1", StatementKind.Control)]
    [InlineData("GRANT SELECT ON d.* TO a", StatementKind.Definition)]
    [InlineData("CREATE TEMPORARY TABLE x SELECT f(1)", StatementKind.Definition)]
    [InlineData("CREATE TEMPORARY TABLE x values (f(1))", StatementKind.Definition)]
    [InlineData("drop temporary table x", StatementKind.Definition)]
    public void What_only_a_text_tells_changes_everything(string text, StatementKind kind)
    {
        Begun();
        var before = Log(Text(text, kind));
        Assert.False(_changes.IsUnchanged(ByKey(_other), 5, before));
        Assert.True(_changes.IsUnchanged(ByKey(_other), 5, before + 1));
    }

    [Theory]
    [InlineData("DROP /*!40005 TEMPORARY */ TABLE IF EXISTS `x`", StatementKind.Definition)]
    [InlineData("CREATE TEMPORARY TABLE x (a int)", StatementKind.Definition)]
    [InlineData("SAVEPOINT `a`", StatementKind.Control)]
    public void What_nobody_else_sees_changes_nothing(string text, StatementKind kind)
    {
        Begun();
        var before = Log(Text(text, kind));
        Assert.True(_changes.IsUnchanged(ByKey(_other), 5, before));
        Assert.NotNull(_changes.Extent.Dictionary);
    }

    [Fact]
    public void An_XA_transaction_changes_what_nobody_names_when_it_is_completed()
    {
        Begun();
        var before = _changes.Extent.Ordinal;
        _changes.Apply(Piece(new Gtid(0, 1, ++_sequence), true, TransactionFlags.XaCompleted));
        _changes.Publish();
        Assert.False(_changes.IsUnchanged(Whole(_other), null, before));
    }

    [Fact]
    public void A_piece_of_a_large_transaction_is_seen_before_its_end_and_is_not_claimed_before_it()
    {
        Begun();
        var extent = _changes.Extent;
        _changes.Apply(Piece(new Gtid(0, 1, 101), false, TransactionFlags.Transactional, Insert(_other, 5, 1)));
        _changes.Publish();
        Assert.Same(extent, _changes.Extent);
        Assert.False(_changes.IsUnchanged(ByKey(_other), 5, extent.Ordinal));
        _changes.Apply(Piece(new Gtid(0, 1, 101), true, TransactionFlags.Transactional, Insert(_other, 6, 1)));
        _changes.Publish();
        Assert.Equal(At(101), _changes.Extent.Position);
        Assert.False(_changes.IsUnchanged(ByKey(_other), 5, extent.Ordinal));
        Assert.True(_changes.IsUnchanged(ByKey(_other), 5, extent.Ordinal + 1));
    }

    [Fact]
    public void Between_a_definition_and_a_look_that_saw_it_every_change_is_one_of_everything()
    {
        Begun();
        Log(Text("ALTER TABLE other ADD x int"));
        Assert.Null(_changes.Extent.Dictionary);
        // Begun before the definition was logged: who knows what it saw.
        _changes.Offer(Tables, At(100), At(101));
        Assert.Null(_changes.Extent.Dictionary);
        var before = Log(Insert(_other, 5, 1));
        Assert.False(_changes.IsUnchanged(Whole(_lines), null, before));
        // Ended behind where the fold stands: it may have seen the next definition.
        _changes.Offer(Tables, At(101), At(103));
        Assert.Null(_changes.Extent.Dictionary);
        Log();
        Assert.NotNull(_changes.Extent.Dictionary);
    }

    [Fact]
    public void A_look_whose_end_a_definition_follows_is_not_believed()
    {
        Begun();
        _changes.Offer(Dictionary(cascades: false), At(100), At(102));
        Log(Text("ALTER TABLE lines DROP FOREIGN KEY f"));
        Log();
        Assert.Null(_changes.Extent.Dictionary);
    }

    [Fact]
    public void A_look_at_a_primary_that_was_lost_is_not_believed()
    {
        Begun();
        // The old primary dropped the foreign key as 0-1-101, was looked at, and died before anybody had that.
        _changes.Offer(Dictionary(cascades: false), At(101), At(101));
        Assert.Same(Tables, _changes.Extent.Dictionary);
        // Its successor gives the number out again; there the key still is.
        _changes.Apply(Transaction(new Gtid(0, 2, 101), Insert(_other, 1, 1)));
        _changes.Publish();
        Assert.Same(Tables, _changes.Extent.Dictionary);
        var before = _changes.Extent.Ordinal;
        _changes.Apply(Transaction(new Gtid(0, 2, 102), Delete(_orders, 5, 1)));
        _changes.Publish();
        Assert.False(_changes.IsUnchanged(ByKey(_lines), 9, before));
    }

    [Fact]
    public void What_was_offered_before_the_log_was_cut_back_is_forgotten()
    {
        Begun();
        _changes.Offer(Dictionary(cascades: false), At(100), At(103));
        _changes.Begin(At(100));
        for (var i = 0; i < 4; i++) Log();
        Assert.Null(_changes.Extent.Dictionary);
    }

    [Fact]
    public void After_it_has_begun_anew_nothing_that_was_known_before_holds()
    {
        Begun();
        Log(Insert(_other, 5, 1));
        var old = _changes.Extent;
        _changes.Begin(At(100));
        Assert.False(_changes.IsUnchanged(Whole(_lines), null, old.Ordinal));
        Assert.Null(_changes.OrdinalOf(At(101), old));
        Assert.Null(_changes.OrdinalOf(At(99)));
        Assert.Equal(At(100), _changes.Extent.Position);
    }

    [Theory]
    [InlineData(102)] // once more
    [InlineData(101)] // late
    public void What_comes_out_of_its_order_ends_all_proofs(ulong again)
    {
        Begun();
        Log(Insert(_lines, 1, 1));
        Log(Insert(_lines, 1, 1));
        var before = _changes.Extent.Ordinal;
        _changes.Apply(Transaction(new Gtid(0, 1, again), Insert(_other, 5, 1)));
        _changes.Publish();
        Assert.False(_changes.IsUnchanged(ByKey(_other), 5, before));
        Assert.False(_changes.IsUnchanged(Whole(_orders), null, before));
        Assert.Equal(At(102), _changes.Extent.Position);
    }
}
