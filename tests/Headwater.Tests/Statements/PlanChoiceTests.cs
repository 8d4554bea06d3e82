using System.Text;
using Headwater.Core.Statements;
using Xunit;

namespace Headwater.Tests.Statements;

/// <summary>Whether the data alone decide which rows an answer has, or each server's plan.</summary>
public class PlanChoiceTests
{
    static readonly Catalogue _catalogue = Catalogue.Build(
        [
            new("shop", "plain", "select `shop`.`orders`.`id` AS `id` from `shop`.`orders` where `shop`.`orders`.`open`"),
            new("shop", "first", "select `shop`.`orders`.`id` AS `id` from `shop`.`orders` limit 1"),
            new("shop", "over_first", "select `first`.`id` AS `id` from `shop`.`first`"),
        ],
        [], [], tables: new DictionaryRows
        {
            Tables = [new("shop", "orders", "BASE TABLE", "InnoDB"), new("shop", "lines", "BASE TABLE", "InnoDB"), new("shop", "plain", "VIEW", ""), new("shop", "first", "VIEW", ""), new("shop", "over_first", "VIEW", "")],
            Columns = [new("shop", "orders", "id", 1, "int(11)", ""), new("shop", "lines", "order_id", 1, "int(11)", ""), new("shop", "lines", "line", 2, "int(11)", "")],
            Keys = [new("shop", "orders", "id"), new("shop", "lines", "order_id"), new("shop", "lines", "line", 2)],
        });

    static string Of(string sql)
    {
        var footprint = Classifier.Classify(Encoding.UTF8.GetBytes(sql), SqlSyntax.Standard, _catalogue).FootprintIn("shop");
        Assert.False(footprint.IsEverything, footprint.Reason);
        return footprint.ChosenByPlan;
    }

    [Theory]
    [InlineData("SELECT * FROM orders WHERE open = 1 ORDER BY day")]
    [InlineData("SELECT o.id FROM orders o JOIN `lines` l ON l.order_id = o.id WHERE l.line BETWEEN 1 AND 3")]
    [InlineData("SELECT COUNT(*) FROM orders WHERE open")]
    [InlineData("SELECT count(id + (1)) AS n FROM orders")]
    [InlineData("SELECT id FROM orders WHERE (SELECT COUNT(*) FROM `lines`) > 3")]
    [InlineData("SELECT `limit`, o.max FROM orders o")]
    [InlineData("SELECT id FROM plain")]
    public void The_data(string sql) => Assert.Equal("", Of(sql));

    [Theory]
    [InlineData("SELECT id FROM orders ORDER BY day LIMIT 3", "LIMIT leaves rows to the plan")]
    [InlineData("SELECT id, day FROM orders GROUP BY day", "GROUP leaves rows to the plan")]
    [InlineData("SELECT DISTINCT name FROM orders", "DISTINCT leaves rows to the plan")]
    [InlineData("SELECT MAX(name) FROM orders", "MAX leaves rows to the plan")]
    [InlineData("SELECT SUM(price) FROM orders", "SUM leaves rows to the plan")]
    [InlineData("SELECT id FROM orders UNION SELECT line FROM `lines`", "UNION leaves rows to the plan")]
    [InlineData("SELECT ROW_NUMBER() OVER (ORDER BY day) FROM orders", "OVER leaves rows to the plan")]
    [InlineData("SELECT name, COUNT(*) FROM orders", "COUNT stands beside columns, whose values are some row's")]
    [InlineData("SELECT COUNT(*), name FROM orders", "COUNT stands beside columns, whose values are some row's")]
    [InlineData("SELECT id FROM orders WHERE MATCH (name) AGAINST ('x')", PlanChoice.Score)]
    [InlineData("SELECT id FROM first", "the view shop.first: LIMIT leaves rows to the plan")]
    [InlineData("SELECT id FROM over_first", "the view shop.over_first: the view shop.first: LIMIT leaves rows to the plan")]
    public void The_plan(string sql, string why) => Assert.Equal(why, Of(sql));

    [Theory]
    [InlineData("SELECT * FROM orders WHERE id = 5 LIMIT 1", true)]
    [InlineData("SELECT name, COUNT(*) FROM orders WHERE id = ?", true)]
    [InlineData("SELECT * FROM `lines` WHERE order_id = 5 LIMIT 1", false)]
    [InlineData("SELECT MATCH (name) AGAINST ('x') FROM orders WHERE id = 5 LIMIT 1", false)]
    public void Of_one_row_there_is_nothing_to_choose(string sql, bool decided) => Assert.Equal(decided, Of(sql).Length == 0);
}
