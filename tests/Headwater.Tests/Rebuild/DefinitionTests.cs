using System.Text;
using Headwater.Control.Rebuild;
using Headwater.Core.Verify;

namespace Headwater.Tests.Rebuild;

public sealed class DefinitionTests
{
    static Definition Of(DefinitionKind kind, string create) => new(kind, new TableName("shop", "x"), Encoding.UTF8.GetBytes(create));

    [Theory]
    [InlineData("CREATE DEFINER=`a`@`%` EVENT `e` ON SCHEDULE EVERY 1 HOUR ON COMPLETION NOT PRESERVE ENABLE DO SELECT 'ENABLE'", "ON COMPLETION NOT PRESERVE DISABLE ON SLAVE DO SELECT 'ENABLE'")]
    [InlineData("CREATE EVENT `e` ON SCHEDULE EVERY 1 HOUR ON COMPLETION PRESERVE ENABLE COMMENT 'ü' DO SELECT 1", "ON COMPLETION PRESERVE DISABLE ON SLAVE COMMENT 'ü' DO SELECT 1")]
    [InlineData("CREATE EVENT `e` ON SCHEDULE EVERY 1 HOUR ON COMPLETION NOT PRESERVE DISABLE DO SELECT 1", "ON COMPLETION NOT PRESERVE DISABLE DO SELECT 1")]
    [InlineData("CREATE EVENT `e` ON SCHEDULE EVERY 1 HOUR ON COMPLETION NOT PRESERVE DISABLE ON SLAVE DO SELECT 1", "ON COMPLETION NOT PRESERVE DISABLE ON SLAVE DO SELECT 1")]
    public void An_event_does_not_run_on_a_replica(string create, string ends) =>
        Assert.EndsWith(ends, Encoding.UTF8.GetString(Of(DefinitionKind.Event, create).OnReplica().Create), StringComparison.Ordinal);

    [Fact]
    public void A_table_that_only_got_rows_is_still_the_same()
    {
        Assert.Equal(Of(DefinitionKind.Table, "CREATE TABLE `x` (\n) ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4").Fingerprint,
            Of(DefinitionKind.Table, "CREATE TABLE `x` (\n) ENGINE=InnoDB AUTO_INCREMENT=12 DEFAULT CHARSET=utf8mb4").Fingerprint);
        Assert.NotEqual(Of(DefinitionKind.Table, "CREATE TABLE `x` (`a` int)").Fingerprint, Of(DefinitionKind.Table, "CREATE TABLE `x` (`a` bigint)").Fingerprint);
        Assert.NotEqual(Of(DefinitionKind.View, "a").Fingerprint, (Of(DefinitionKind.View, "a") with { Charset = "latin1" }).Fingerprint);
    }
}
