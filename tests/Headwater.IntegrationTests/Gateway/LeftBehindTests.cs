using Headwater.IntegrationTests.Fixtures;
using Headwater.Wire.MySql;
using Xunit;

namespace Headwater.IntegrationTests.Gateway;

/// <summary>What statements leave in a real server's connection that their own text does not show.</summary>
public sealed class LeftBehindTests
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    static async Task<(ServedCluster Cluster, RawClient Client)> ConnectAsync(string schema)
    {
        var cluster = await SharedCluster.StartedAsync();
        var account = await cluster.FreshSchemaAsync(schema, Ct);
        return (cluster, await RawClient.ConnectAsync(cluster.Gateway, account, Ct));
    }

    static async Task<string> HeldBecauseAsync(RawClient client)
    {
        var answer = await client.QueryAsync("SHOW HEADWATER SESSIONS", Ct);
        foreach (var packet in answer.Skip(12))
        {
            if (packet[0] == 0xFE && packet.Length < 9) break;
            var reader = new PayloadReader(packet);
            var fields = new string[10];
            for (var i = 0; i < fields.Length; i++)
            {
                if (packet[reader.Offset] == 0xFB) reader.Skip(1);
                else fields[i] = reader.LengthEncodedText();
            }
            if (fields[0] == $"{client.ThreadId}") return fields[7] ?? "";
        }
        throw new InvalidDataException("the session does not show itself");
    }

    [Fact]
    public async Task A_procedure_that_leaves_a_lock_holds_until_the_reset_gives_it_up_and_one_that_leaves_nothing_does_not()
    {
        var (cluster, client) = await ConnectAsync("left_behind");
        await using var _ = client;
        await client.DoAsync("CREATE TABLE t (a INT)", Ct);
        await client.DoAsync("CREATE PROCEDURE plain() UPDATE t SET a = a + 1", Ct);
        await client.DoAsync("CREATE PROCEDURE locks() DO GET_LOCK('left-behind', 1)", Ct);
        await client.DoAsync("CREATE PROCEDURE makes() CREATE TEMPORARY TABLE made (a INT)", Ct);
        // The catalogue follows within its second.
        for (var tries = 0; ; tries++)
        {
            await client.DoAsync("CALL plain()", Ct);
            if (await HeldBecauseAsync(client) == "") break;
            Assert.True(tries < 50, "CALL plain() holds its backend");
            await client.SendAsync(Command.ResetConnection, ReadOnlyMemory<byte>.Empty, Ct);
            await Task.Delay(100, Ct);
        }

        await client.DoAsync("CALL locks()", Ct);
        Assert.Contains("CALL", await HeldBecauseAsync(client), StringComparison.Ordinal);
        await client.DoAsync("CALL makes()", Ct);
        Assert.Equal("0", await client.ScalarAsync("SELECT COUNT(*) FROM made", Ct));
        await using var primary = await RawClient.ConnectAsync(cluster.Primary, cluster.Administrator, Ct);
        Assert.Equal("0", await primary.ScalarAsync("SELECT IS_FREE_LOCK('left-behind')", Ct));
        await client.SendAsync(Command.ResetConnection, ReadOnlyMemory<byte>.Empty, Ct);
        Assert.Equal("", await HeldBecauseAsync(client));
        Assert.Equal("1", await primary.ScalarAsync("SELECT IS_FREE_LOCK('left-behind')", Ct));

        await client.DoAsync("CALL locks()", Ct);
        await client.DisposeAsync();
        for (var tries = 0; await primary.ScalarAsync("SELECT IS_FREE_LOCK('left-behind')", Ct) != "1"; tries++)
        {
            Assert.True(tries < 100, "the lock outlives its session");
            await Task.Delay(20, Ct);
        }
    }

    [Fact]
    public async Task A_text_that_is_executed_holds_for_what_it_does()
    {
        var (_, client) = await ConnectAsync("left_by_text");
        await using var _ = client;
        await client.DoAsync("EXECUTE IMMEDIATE 'DO 1'", Ct);
        Assert.Equal("", await HeldBecauseAsync(client));
        await client.DoAsync("PREPARE s FROM 'CREATE TEMPORARY TABLE made (a INT)'", Ct);
        Assert.Equal("", await HeldBecauseAsync(client));
        await client.DoAsync("EXECUTE s", Ct);
        Assert.Equal("temporary table made", await HeldBecauseAsync(client));
        await client.DoAsync("DROP TEMPORARY TABLE made", Ct);
        Assert.Equal("", await HeldBecauseAsync(client));
    }

    [Fact]
    public async Task BEGIN_releases_locked_tables_at_the_server_and_here()
    {
        var (cluster, client) = await ConnectAsync("left_locked");
        await using var _ = client;
        await client.DoAsync("CREATE TABLE t (a INT)", Ct);
        await client.DoAsync("LOCK TABLES t WRITE", Ct);
        Assert.Equal("locked tables", await HeldBecauseAsync(client));
        await client.DoAsync("BEGIN", Ct);
        Assert.Equal("an open transaction", await HeldBecauseAsync(client));
        await using var primary = await RawClient.ConnectAsync(cluster.Primary, cluster.Administrator, Ct);
        await primary.DoAsync("SET STATEMENT lock_wait_timeout = 1 FOR INSERT INTO left_locked.t VALUES (1)", Ct);
        await client.DoAsync("COMMIT", Ct);
        Assert.Equal("", await HeldBecauseAsync(client));
    }

    [Fact]
    public async Task Outcomes_are_this_session_s_own_whoever_has_used_its_backends_since()
    {
        var (cluster, client) = await ConnectAsync("left_counts");
        await using var _ = client;
        await client.DoAsync("CREATE TABLE t (a INT)", Ct);
        await client.DoAsync("INSERT INTO t VALUES (1), (2), (3)", Ct);
        var others = new List<RawClient>();
        for (var i = 0; i < 3; i++) others.Add(await RawClient.ConnectAsync(cluster.Gateway, cluster.Application with { Schema = "left_counts" }, Ct));
        foreach (var asked in new[] { "SELECT FOUND_ROWS()", "SELECT ROW_COUNT()" })
        {
            await client.DoAsync("SELECT a FROM t", Ct);
            foreach (var other in others)
                for (var i = 0; i < 5; i++) await other.DoAsync("SELECT 1 FROM t LIMIT 1", Ct);
            Assert.Equal(asked.Contains("FOUND", StringComparison.Ordinal) ? "3" : "-1", await client.ScalarAsync(asked, Ct));
        }
        foreach (var other in others) await other.DisposeAsync();
    }
}
