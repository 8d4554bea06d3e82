using System.Text;
using Headwater.Core.Statements;
using Xunit;

namespace Headwater.Tests.Statements;

public class CatalogueTests
{
    static StatementFacts Facts(string sql, Catalogue catalogue) => Classifier.Classify(Encoding.UTF8.GetBytes(sql), SqlSyntax.Standard, catalogue);

    [Fact]
    public void A_view_over_an_impure_view_is_impure_whatever_the_order_of_the_rows()
    {
        var catalogue = Catalogue.Build(
            [
                new("d", "c", "select `b`.`x` AS `x` from `d`.`b`"),
                new("d", "b", "select `a`.`x` AS `x` from `d`.`a`"),
                new("d", "a", "select `d`.`f`(`t`.`x`) AS `x` from `d`.`t`"),
                new("d", "p", "select `t`.`x` AS `x` from `d`.`t`"),
            ],
            ["f"], []);
        Assert.Equal(["a", "b", "c"], catalogue.ImpureViews.Order());
    }

    [Fact]
    public void A_view_whose_definition_is_hidden_is_not_a_plain_read() =>
        Assert.False(Facts("SELECT * FROM v", Catalogue.Build([new("d", "v", "")], [], [])).IsPlainRead);

    [Fact]
    public void Before_the_catalogue_is_known_only_statements_without_tables_are_plain_reads()
    {
        Assert.False(Facts("SELECT a FROM t", Catalogue.Unknown).IsPlainRead);
        Assert.True(Facts("SELECT 1", Catalogue.Unknown).IsPlainRead);
    }

    [Fact]
    public void A_write_to_a_table_whose_trigger_assigns_variables_is_opaque()
    {
        var catalogue = Catalogue.Build([], [], [], [new("T", "SET @last = NEW.id"), new("u", "SET NEW.a = UPPER(NEW.a)")]);
        Assert.True(Facts("INSERT INTO t VALUES (1)", catalogue).Needs.HasFlag(Needs.Opaque));
        Assert.False(Facts("INSERT INTO u VALUES (1)", catalogue).Needs.HasFlag(Needs.Opaque));
    }

    [Fact]
    public void Equal_rows_say_the_same()
    {
        Catalogue Make() => Catalogue.Build([new("d", "v", "")], ["f"], ["u"], []);
        Assert.True(Make().SaysTheSameAs(Make()));
        Assert.False(Make().SaysTheSameAs(Catalogue.Empty));
    }
}
