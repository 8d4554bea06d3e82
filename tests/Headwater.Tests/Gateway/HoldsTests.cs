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

    static readonly Catalogue Routines = Catalogue.Build([], ["f_lock", "f_plain"], [], [new("audited", "INSERT INTO log VALUES (NEW.a)"), new("locking", "SET @x = GET_LOCK('a', 1)")],
    [
        new("plain", "BEGIN DECLARE n INT; UPDATE t SET a = a + 1; SELECT COUNT(*) FROM t; END"),
        new("calls_plain", "BEGIN CALL plain(); SELECT f_plain(1); END"),
        new("locks", "BEGIN DO GET_LOCK('a', 1); END"),
        new("calls_locks", "IF 1 THEN CALL app.locks(); END IF"),
        new("makes", "CREATE TEMPORARY TABLE x (a INT)"),
        new("dynamic", "BEGIN PREPARE s FROM @q; EXECUTE s; END"),
        new("unseen", ""),
        new("calls_nobody_knows", "CALL who()"),
        new("uses_f_lock", "SELECT f_lock()"),
        new("f_lock", "RETURN GET_LOCK('a', 1)"),
        new("f_plain", "RETURN 1"),
    ]);

    const string Unseen = "what a CALL or dynamic statement may have left (a lock, a temporary table, a prepared text), until the session is reset";

    [Theory]
    [InlineData("CALL plain()", "")]
    [InlineData("CALL app.calls_plain()", "")]
    [InlineData("CALL locks()", Unseen)]
    [InlineData("CALL calls_locks()", Unseen)]
    [InlineData("CALL makes()", Unseen)]
    [InlineData("CALL dynamic()", Unseen)]
    [InlineData("CALL unseen()", Unseen)]
    [InlineData("CALL calls_nobody_knows()", Unseen)]
    [InlineData("CALL uses_f_lock()", Unseen)]
    [InlineData("CALL made_a_moment_ago()", Unseen)]
    [InlineData("SELECT f_plain()", "")]
    [InlineData("SELECT f_lock()", Unseen)]
    [InlineData("INSERT INTO audited VALUES (1)", "")]
    [InlineData("INSERT INTO locking VALUES (1)", Unseen)]
    [InlineData("EXECUTE IMMEDIATE 'UPDATE t SET a = 1'", "")]
    [InlineData("EXECUTE IMMEDIATE 'DO GET_LOCK(''a'', 1)'", "a GET_LOCK")]
    [InlineData("EXECUTE IMMEDIATE 'DO GET_LOCK(''a'', 1)'|DO RELEASE_LOCK('a')", "")]
    [InlineData("EXECUTE IMMEDIATE 'CREATE TEMPORARY TABLE x (a INT)'", "temporary table x")]
    [InlineData("EXECUTE IMMEDIATE 'CALL locks()'", Unseen)]
    [InlineData("EXECUTE IMMEDIATE @q", Unseen)]
    [InlineData("EXECUTE IMMEDIATE CONCAT('DO GET_', 'LOCK(1, 1)')", Unseen)]
    [InlineData("BEGIN NOT ATOMIC DO GET_LOCK('a', 1); END", Unseen)]
    [InlineData("BEGIN NOT ATOMIC UPDATE t SET a = 1; CALL plain(); END", "")]
    public void What_a_statement_leaves_is_proven_from_the_texts_that_it_runs(string statements, string held) => Assert.Equal(held, After(statements, Routines));

    [Fact]
    public void What_fails_midway_has_left_what_stands_before_and_what_is_refused_has_not()
    {
        var call = Classifier.Classify("CALL locks()"u8, SqlSyntax.Standard, Routines);
        var holds = new Holds();
        holds.After(call, ServerStatus.Autocommit, error: 1305);
        Assert.Equal(Hold.None, holds.Reasons);
        holds.After(call, ServerStatus.Autocommit, error: 1146);
        Assert.Equal(Hold.Unseen, holds.Reasons);
    }

    static string After(string statements, Catalogue catalogue)
    {
        var holds = new Holds();
        foreach (var statement in statements.Split('|'))
        {
            var facts = Classifier.Classify(Encoding.UTF8.GetBytes(statement), SqlSyntax.Standard, catalogue);
            var opens = (facts.Needs & (Needs.OpensTransaction | Needs.OpensReadOnlyTransaction)) != 0;
            holds.After(facts, ServerStatus.Autocommit | (opens ? ServerStatus.InTransaction : 0), error: 0);
        }
        return holds.Describe();
    }
}
