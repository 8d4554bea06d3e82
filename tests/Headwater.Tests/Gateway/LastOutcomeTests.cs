using System.Text;
using Headwater.Core.Statements;
using Headwater.Gateway.Sessions;
using Xunit;

namespace Headwater.Tests.Gateway;

/// <summary>What can be said of a session's last statements when the backend that ran them is gone.</summary>
public sealed class LastOutcomeTests
{
    static StatementFacts Facts(string sql) => Classifier.Classify(Encoding.UTF8.GetBytes(sql), SqlSyntax.Standard, Catalogue.Empty);

    static LastOutcome Rows(LastOutcome before, string sql, long rows, ushort warnings = 0) =>
        before.After(Facts(sql), new Outcome(ExchangeEnd.Complete, Forwarded.WholePackets, 0, 0, 0, warnings, 0, 0, 0, rows, 1, IsResultSet: true), failed: false);

    static LastOutcome Ok(LastOutcome before, string sql, ulong affected, ushort warnings = 0) =>
        before.After(Facts(sql), new Outcome(ExchangeEnd.Complete, Forwarded.WholePackets, 0, affected, 0, warnings, 0, 0, 0, 0, 1), failed: false);

    static string Laid(LastOutcome outcome, string asks) =>
        outcome.TryStatements(Facts(asks).Needs, out var select, out var then) ? string.Join("; ", new[] { select, then }.OfType<string>()) : "cannot be laid";

    [Fact]
    public void After_rows_both_counts_are_known()
    {
        Assert.Equal("SELECT 1", Laid(Rows(LastOutcome.None, "SELECT a FROM t", 7), "SELECT ROW_COUNT()"));
        Assert.Contains("REPEAT(',0', 6)", Laid(Rows(LastOutcome.None, "SELECT a FROM t", 7), "SELECT FOUND_ROWS()"), StringComparison.Ordinal);
        Assert.Equal("SELECT 1 FROM DUAL WHERE 0", Laid(Rows(LastOutcome.None, "SHOW TABLES", 0), "SELECT FOUND_ROWS() + ROW_COUNT()"));
        Assert.Equal("cannot be laid", Laid(Rows(LastOutcome.None, "SELECT SQL_CALC_FOUND_ROWS a FROM t LIMIT 1", 1), "SELECT FOUND_ROWS()"));
    }

    [Fact]
    public void Rows_written_cannot_be_laid_and_rows_found_outlive_them()
    {
        var outcome = Ok(Rows(LastOutcome.None, "SELECT a FROM t", 1), "UPDATE t SET a = 1", 3);
        Assert.Equal("cannot be laid", Laid(outcome, "SELECT ROW_COUNT()"));
        Assert.Equal("SELECT 1", Laid(outcome, "SELECT FOUND_ROWS()"));
        Assert.Equal("SELECT 1; DO 0", Laid(Ok(outcome, "SET @a = 1", 0), "SELECT ROW_COUNT(), FOUND_ROWS()"));
    }

    [Fact]
    public void Warnings_are_gone_with_their_backend_and_outlive_statements_without_tables()
    {
        Assert.Equal("DO 0", Laid(Rows(LastOutcome.None, "SELECT a FROM t", 1), "SHOW WARNINGS"));
        var warned = Rows(LastOutcome.None, "SELECT a FROM t", 1, warnings: 2);
        Assert.Equal("cannot be laid", Laid(warned, "SHOW WARNINGS"));
        Assert.Equal("cannot be laid", Laid(Rows(warned, "SELECT 1", 1), "SHOW WARNINGS"));
        Assert.Equal("DO 0", Laid(Rows(warned, "SELECT a FROM t", 1), "SHOW WARNINGS"));
    }

    [Fact]
    public void A_CALL_and_several_statements_tell_nothing_that_could_be_laid()
    {
        Assert.Equal("cannot be laid", Laid(Ok(LastOutcome.None, "CALL p()", 0), "SELECT ROW_COUNT()"));
        Assert.Equal("cannot be laid", Laid(Rows(LastOutcome.None, "SELECT 1; SELECT 2", 2), "SELECT FOUND_ROWS()"));
    }
}
