using System.Text;
using Headwater.Core.Statements;
using Headwater.Gateway.Sessions;
using Headwater.Wire.MySql;
using Xunit;

namespace Headwater.Tests.Gateway;

/// <summary>What a session holds after statements that succeeded, told by their texts alone.</summary>
public sealed class HoldsTests
{
    [Theory]
    [InlineData("LOCK TABLES t READ", "locked tables")]
    [InlineData("LOCK TABLES t READ; SELECT 1", "locked tables")]
    [InlineData("LOCK TABLES t READ|UNLOCK TABLES", "")]
    [InlineData("LOCK TABLES t READ|BEGIN|COMMIT", "")]
    [InlineData("LOCK TABLES t WRITE|START TRANSACTION READ ONLY|COMMIT", "")]
    [InlineData("LOCK TABLES t WRITE|COMMIT", "locked tables")]
    [InlineData("LOCK TABLES t WRITE|COMMIT AND CHAIN|ROLLBACK", "")]
    [InlineData("FLUSH TABLES t WITH READ LOCK|BEGIN|COMMIT", "")]
    [InlineData("FLUSH TABLES WITH READ LOCK|BEGIN|COMMIT", "locked tables")]
    [InlineData("FLUSH TABLES WITH READ LOCK|BEGIN|COMMIT|UNLOCK TABLES", "")]
    [InlineData("BACKUP STAGE START|BEGIN|COMMIT", "locked tables")]
    public void A_transaction_that_begins_releases_the_locks_of_LOCK_TABLES_only(string statements, string held) => Assert.Equal(held, After(statements, Catalogue.Empty));

    static string After(string statements, Catalogue catalogue)
    {
        var holds = new Holds();
        foreach (var statement in statements.Split('|'))
        {
            var facts = Classifier.Classify(Encoding.UTF8.GetBytes(statement), SqlSyntax.Standard, catalogue);
            var opens = (facts.Needs & (Needs.OpensTransaction | Needs.OpensReadOnlyTransaction)) != 0;
            holds.After(facts, ServerStatus.Autocommit | (opens ? ServerStatus.InTransaction : 0), failed: false);
        }
        return holds.Describe();
    }
}
