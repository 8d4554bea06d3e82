using Headwater.Core.Auditing;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Core.Routing;
using Headwater.Core.Statements;
using Headwater.Core.Topology;
using Headwater.Tests.Consumers;
using Xunit;
using static Headwater.Tests.Consumers.MadeLog;
using StatementKind = Headwater.Core.Log.StatementKind;

namespace Headwater.Tests.Auditing;

public class TouchSearchTests
{
    static readonly LoggedTable _orders = Table("orders"), _lines = Table("lines"), _other = Table("other");

    static readonly DataDictionary _tables = Catalogue.Build([], [], [], tables: new DictionaryRows
    {
        Tables = [new("d", "orders", "BASE TABLE", "InnoDB"), new("d", "lines", "BASE TABLE", "InnoDB"), new("d", "other", "BASE TABLE", "InnoDB")],
        Columns = [new("d", "orders", "id", 1, "int(11)", ""), new("d", "lines", "id", 1, "int(11)", ""), new("d", "other", "id", 1, "int(11)", "")],
        Keys = [new("d", "orders", "id"), new("d", "lines", "id"), new("d", "other", "id")],
        ForeignKeys = [new("d", "lines", "d", "orders", "RESTRICT", "CASCADE")],
    }).Dictionary;

    static AuditedRead Read(LoggedTable table, long? key = null)
    {
        var number = TableKey.Of("d", table.Name);
        return new AuditedRead
        {
            Digest = "select ?",
            Server = "db2",
            Reason = RouteReason.LeastBusyCopy,
            Level = Level.Session,
            Epoch = new Epoch(1),
            Claim = new Position(new Gtid(0, 1, 100)),
            TraceId = "",
            Reads = Footprint.Of([number], key is null ? null : new KeyLookup(number, "id", 0, false), null),
            Key = key,
            Dictionary = _tables,
        };
    }

    static string? Found(AuditedRead read, params LoggedChange[] changes)
    {
        var search = new TouchSearch(read);
        search.Take(Transaction(new Gtid(0, 1, 101), changes));
        return search.Found;
    }

    [Fact]
    public void A_change_of_the_table_is_found_and_one_of_another_is_not()
    {
        Assert.Equal("0-1-101 changes d.orders", Found(Read(_orders), Update(_orders, [5, 1], [5, 2])));
        Assert.Null(Found(Read(_orders), Update(_other, [5, 1], [5, 2])));
        Assert.Null(Found(Read(_orders)));
    }

    [Fact]
    public void Of_a_read_by_key_only_the_row_is_looked_for_whichever_image_has_it()
    {
        Assert.NotNull(Found(Read(_orders, 5), Update(_orders, [5, 1], [5, 2])));
        Assert.NotNull(Found(Read(_orders, 5), Update(_orders, [5, 1], [6, 1])));
        Assert.NotNull(Found(Read(_orders, 5), Update(_orders, [6, 1], [5, 1])));
        Assert.NotNull(Found(Read(_orders, 5), Insert(_orders, 5, 1)));
        Assert.NotNull(Found(Read(_orders, 5), Delete(_orders, 5, 1)));
        Assert.Null(Found(Read(_orders, 5), Update(_orders, [6, 1], [7, 2]), Insert(_orders, 8, 1), Delete(_orders, 9, 1)));
        Assert.NotNull(Found(Read(_orders, -5), Update(_orders, [-5, 1], [-5, 2])));
    }

    [Fact]
    public void Where_an_image_lacks_the_key_the_other_has_to_have_it()
    {
        Assert.Null(Found(Read(_orders, 5), Update(_orders, [6, null], [null, 2])));
        Assert.NotNull(Found(Read(_orders, 5), Update(_orders, [5, null], [null, 2])));
        Assert.NotNull(Found(Read(_orders, 5), Update(_orders, [null, 1], [6, 2])));
        Assert.NotNull(Found(Read(_orders, 5), Insert(_orders, null, 1)));
    }

    [Fact]
    public void A_key_whose_name_is_not_logged_may_be_any_column()
    {
        var nameless = Table("orders", Integer(null, 0, 4), Integer(null, 1, 4));
        Assert.NotNull(Found(Read(_orders, 5), Update(nameless, [6, 1], [6, 2])));
    }

    [Fact]
    public void What_a_foreign_key_may_carry_on_counts_by_key_too()
    {
        Assert.Contains("foreign key", Found(Read(_lines, 5), Delete(_orders, 1, 1)), StringComparison.Ordinal);
        Assert.Null(Found(Read(_orders), Delete(_lines, 1, 1)));
    }

    [Theory]
    [InlineData("ALTER TABLE other ADD x INT", StatementKind.Definition, true)]
    [InlineData("UPDATE other SET v = 1", StatementKind.Change, true)]
    [InlineData("DROP TEMPORARY TABLE IF EXISTS other", StatementKind.Definition, false)]
    public void A_statement_may_have_changed_anything_but_for_what_changes_nothing(string text, StatementKind kind, bool touches) =>
        Assert.Equal(touches, Found(Read(_orders), Text(text, kind)) is not null);

    [Fact]
    public void An_XA_transaction_that_is_completed_may_have_changed_anything()
    {
        var search = new TouchSearch(Read(_orders));
        Assert.True(search.Take(Piece(new Gtid(0, 1, 101), true, TransactionFlags.XaCompleted)));
    }

    [Fact]
    public void What_the_claim_covers_does_not_count()
    {
        var search = new TouchSearch(Read(_orders));
        Assert.False(search.Take(Transaction(new Gtid(0, 1, 100), Update(_orders, [5, 1], [5, 2]))));
        // Of a domain that the claim has nothing of, all does.
        Assert.True(search.Take(Transaction(new Gtid(7, 1, 1), Update(_orders, [5, 1], [5, 2]))));
        Assert.True(search.Take(Transaction(new Gtid(0, 1, 102))));
    }
}
