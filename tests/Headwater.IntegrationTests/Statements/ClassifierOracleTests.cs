using System.Text;
using Headwater.Core.Statements;
using Headwater.Servers;
using Headwater.Tests.Statements;

namespace Headwater.IntegrationTests.Statements;

/// <summary>
/// The published false-read rate. Every statement of the corpus that is classified as a plain read, and what a seeded generator makes of the corpus,
/// runs on a real read-only replica and on a scratch primary: refused, writing, locking, or answering differently is a false read. There must be none.
/// </summary>
public sealed class ClassifierOracleTests(OracleServers oracleServers) : IClassFixture<OracleServers>
{
    readonly RealServer[] _servers = oracleServers.All;

    [Fact]
    public async Task No_statement_of_the_corpus_is_a_false_read()
    {
        await using var oracle = new ReadOracle(_servers[0], _servers[1]);
        var falseReads = new StringBuilder();
        foreach (var line in Corpus.Lines.Where(line => Classifier.Classify(line.Bytes, line.Syntax, Corpus.Catalogue).IsPlainRead))
        {
            // plans are each server's own
            var plan = line.Statement.StartsWith("EXPLAIN", StringComparison.Ordinal) || line.Statement.StartsWith("ANALYZE", StringComparison.Ordinal);
            if (await oracle.FindFaultAsync(line.Statement, ReadOracle.SqlMode(line.Syntax), sameAnswers: !plan) is { } fault)
                falseReads.AppendLine($"line {line.Number}: {line.Statement}\n  {fault}");
        }
        Say($"{oracle.Executed} plain reads executed, {oracle.Failed} of them refused alike by both servers:\n{string.Join('\n', oracle.Refused)}");
        Assert.True(falseReads.Length == 0, falseReads.ToString());
        Assert.True(oracle.Failed * 4 < oracle.Executed, "too many statements fail for the oracle to mean anything");
    }

    [Theory]
    [InlineData("SELECT bump(1)")]
    [InlineData("SELECT a FROM view_over_view")]
    [InlineData("SELECT * FROM t FOR UPDATE")]
    [InlineData("SELECT * FROM t LOCK IN SHARE MODE")]
    [InlineData("SELECT 1 INTO @x")]
    [InlineData("SELECT @a := 5")]
    [InlineData("SELECT NEXTVAL(s)")]
    [InlineData("SELECT LAST_INSERT_ID(5)")]
    [InlineData("SELECT @@server_id")]
    [InlineData("UPDATE hits SET n = n + 1")]
    [InlineData("CREATE TABLE other (a INT)")]
    public async Task The_oracle_sees_what_is_no_plain_read(string sql)
    {
        await using var oracle = new ReadOracle(_servers[0], _servers[1]);
        Assert.NotNull(await oracle.FindFaultAsync(sql, ""));
    }

    [Fact]
    public async Task No_mutation_of_the_corpus_is_a_false_read()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("HEADWATER_SEED"), out var given) ? given : Environment.TickCount;
        var rounds = 3_000 * (int.TryParse(Environment.GetEnvironmentVariable("HEADWATER_FUZZ_FACTOR"), out var factor) ? factor : 1);
        Say($"HEADWATER_SEED={seed}");
        var splicer = new StatementSplicer([.. Corpus.Lines.Where(line => line.Syntax == SqlSyntax.Standard).Select(line => line.Statement)], seed);
        await using var oracle = new ReadOracle(_servers[0], _servers[1]);
        var falseReads = new StringBuilder();
        for (var round = 0; round < rounds; round++)
        {
            var sql = splicer.Next();
            if (sql.Contains("sleep", StringComparison.OrdinalIgnoreCase) || !Classifier.Classify(Encoding.UTF8.GetBytes(sql), SqlSyntax.Standard, Corpus.Catalogue).IsPlainRead)
                continue;
            if (await oracle.FindFaultAsync(sql, "", sameAnswers: false) is { } fault)
                falseReads.AppendLine($"{sql}\n  {fault}");
        }
        Say($"{oracle.Executed} of {rounds} mutations were plain reads; {oracle.Executed - oracle.Failed} of them ran");
        Assert.True(falseReads.Length == 0, $"seed {seed}\n{falseReads}");
    }

    /// <summary>For information: what goes to the primary although the replica would have done it as well. Safe, and what it costs is load.</summary>
    [Fact]
    public async Task Queries_that_go_to_the_primary_without_need_are_counted()
    {
        await using var oracle = new ReadOracle(_servers[0], _servers[1]);
        var without = new List<string>();
        var queries = 0;
        foreach (var line in Corpus.Lines)
        {
            var facts = Classifier.Classify(line.Bytes, line.Syntax, Corpus.Catalogue);
            // of several statements in one text the second may drop what the other tests of this class read
            if ((facts.Needs & Needs.Multiple) != 0) continue;
            if (facts.IsPlainRead || facts.Gateway != GatewayStatement.None || facts.Kind is not (StatementKind.Select or StatementKind.Show) || !facts.Cacheable)
                continue;
            queries++;
            await oracle.ForgetConnectionsAsync();
            var failed = oracle.Failed;
            if (await oracle.FindFaultAsync(line.Statement, ReadOracle.SqlMode(line.Syntax)) is null && oracle.Failed == failed)
                without.Add(line.Statement);
        }
        Say($"{without.Count} of {queries} queries that go to the primary did nothing there that the replica does not:\n{string.Join('\n', without)}");
    }

    [Fact]
    public async Task Every_function_that_is_called_native_is_native_on_a_real_server()
    {
        await using var connection = await ServerConnection.ConnectAsync(_servers[0].Local, new ServerLogin(OracleSchema.User, OracleSchema.Password, "app"), TestContext.Current.CancellationToken);
        var stored = new List<string>();
        foreach (var (name, rule) in Functions.All.Where(entry => entry.Value is not (FunctionRule.UnlessRoutine or FunctionRule.Construct)))
        {
            try
            {
                await connection.QueryAsync($"SELECT {name}('\u0001no such argument', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)", TestContext.Current.CancellationToken);
            }
            catch (ServerException e) when (e.Code == 1305)
            {
                stored.Add($"{name} ({rule})");
            }
            catch (ServerException)
            {
                // Refused for its arguments: then it is known.
            }
        }
        Assert.Empty(stored);
    }

    static void Say(string text) => TestContext.Current.TestOutputHelper?.WriteLine(text);
}
