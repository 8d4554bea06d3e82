using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Headwater.Core.Topology;
using Headwater.Servers;
using Headwater.Wire.MySql;
using Xunit;

namespace Headwater.IntegrationTests.Servers;

public sealed class OneServer : IAsyncLifetime
{
    internal RealServer Server { get; private set; } = null!;
    public async ValueTask InitializeAsync() => Server = await RealServer.StartAsync();
    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

public class ServerConnectionTests(OneServer one) : IClassFixture<OneServer>
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_query_gives_columns_rows_and_NULLs()
    {
        await using var connection = await one.Server.ConnectAsync();
        var result = await connection.QueryAsync("SELECT 1 AS a, NULL AS b, 'é' AS c UNION ALL SELECT 2, '', 'x'", Ct);
        Assert.Equal(["a", "b", "c"], result.Columns);
        Assert.Equal([["1", null, "é"], ["2", "", "x"]], result.Rows);
        Assert.Equal("1", result.Scalar);
        Assert.Contains("MariaDB", connection.ServerVersion, StringComparison.Ordinal);
        Assert.False(connection.ServerVersion.StartsWith("5.5.5", StringComparison.Ordinal));
        Assert.Equal(connection.ThreadId.ToString(System.Globalization.CultureInfo.InvariantCulture), (await connection.QueryAsync("SELECT CONNECTION_ID()", Ct)).Scalar);
        Assert.NotEqual(Capabilities.None, connection.Capabilities & Capabilities.MariaDbStmtBulk);
    }

    [Fact]
    public async Task Several_statements_give_several_results()
    {
        await using var connection = await one.Server.ConnectAsync();
        var results = await connection.QueryMultiAsync("SELECT 1; DO 2; SELECT 3", Ct);
        Assert.Equal(["1", null, "3"], results.Select(static r => r.Scalar));
    }

    [Fact]
    public async Task A_refusal_has_the_servers_code_and_words_and_the_connection_goes_on()
    {
        await using var connection = await one.Server.ConnectAsync();
        var refusal = await Assert.ThrowsAsync<ServerException>(() => connection.QueryAsync("SELECT 1; SELEC 2", Ct));
        Assert.Equal((1064, "42000"), (refusal.Code, refusal.SqlState));
        Assert.Equal("4", (await connection.QueryAsync("SELECT 4", Ct)).Scalar);
    }

    [Fact]
    public async Task A_commit_tells_its_GTID_where_the_session_tracks_it()
    {
        await using var connection = await one.Server.ConnectAsync();
        await connection.QueryMultiAsync("SET session_track_system_variables='last_gtid'; CREATE DATABASE IF NOT EXISTS g; CREATE OR REPLACE TABLE g.t (id INT AUTO_INCREMENT PRIMARY KEY, v INT)", Ct);
        var write = await connection.QueryAsync("INSERT INTO g.t (v) VALUES (1), (2)", Ct);
        Assert.Equal((2UL, 1UL), (write.AffectedRows, write.LastInsertId));
        Assert.Equal((await connection.QueryAsync("SELECT @@last_gtid", Ct)).Scalar, write.LastGtid);
        Assert.Null((await connection.QueryAsync("SELECT 1", Ct)).LastGtid);
    }

    [Fact]
    public async Task Prepared_statements_give_values_of_their_types()
    {
        await using var connection = await one.Server.ConnectAsync();
        await using var statement = await connection.PrepareAsync(
            "SELECT ? + 0, CAST(? AS CHAR), ?, CAST(? AS DOUBLE), TIMESTAMP'2026-11-21 04:05:06.000007', TIME'-01:02:03', CAST(1.50 AS DECIMAL(5,2)), CAST(? AS UNSIGNED), DATE'0000-00-00', X'00FF'", Ct);
        Assert.Equal(5, statement.Parameters);
        for (var round = 0; round < 2; round++)
        {
            var result = await statement.ExecuteAsync([42, "é", null, 2.5, ulong.MaxValue], Ct);
            Assert.Equal([42L, "é", null, 2.5, new DateTime(2026, 11, 21, 4, 5, 6).AddTicks(70), new TimeSpan(-1, -2, -3), "1.50", ulong.MaxValue, "0000-00-00", new byte[] { 0, 255 }], result.Rows[0]);
        }
        await Assert.ThrowsAsync<ServerException>(() => connection.PrepareAsync("SELEC", Ct));
        Assert.Equal("1", (await connection.QueryAsync("SELECT 1", Ct)).Scalar);
    }

    [Fact]
    public async Task Rows_over_16_MB_go_both_ways()
    {
        await using var connection = await one.Server.ConnectAsync();
        var text = new string('x', 17_000_000);
        Assert.Equal(text, (await connection.QueryAsync($"SELECT '{text}'", Ct)).Scalar);
        Assert.Equal(text.Length, (await connection.QueryAsync($"SELECT REPEAT('y', {text.Length})", Ct)).Scalar!.Length);
    }

    [Fact]
    public async Task Rows_can_be_taken_as_they_come()
    {
        await using var connection = await one.Server.ConnectAsync();
        var sum = 0L;
        await foreach (var row in connection.StreamAsync("SELECT seq FROM mysql.seq_1_to_10000; SELECT 1", Ct)) sum += long.Parse(row[0]!, System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(50_005_000, sum);
        await connection.PingAsync(Ct);
        await foreach (var _ in connection.StreamAsync("SELECT seq FROM mysql.seq_1_to_10000", Ct)) break;
        Assert.False(connection.IsOpen);
    }

    [Fact]
    public async Task A_reset_forgets_the_session()
    {
        await using var connection = await one.Server.ConnectAsync();
        await connection.QueryAsync("SET @a = 1", Ct);
        await connection.ResetAsync(Ct);
        Assert.Null((await connection.QueryAsync("SELECT @a", Ct)).Scalar);
    }

    [Fact]
    public async Task A_cancelled_command_closes_the_connection()
    {
        await using var connection = await one.Server.ConnectAsync();
        using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connection.QueryAsync("SELECT SLEEP(10)", soon.Token));
        Assert.False(connection.IsOpen);
        await Assert.ThrowsAsync<ServerUnreachableException>(() => connection.PingAsync(Ct));
    }

    [Fact]
    public async Task A_killed_connection_is_reported_as_unreachable_while_a_command_ran()
    {
        await using var connection = await one.Server.ConnectAsync();
        await one.Server.ExecuteAsync($"KILL HARD CONNECTION {connection.ThreadId}");
        var lost = await Assert.ThrowsAnyAsync<Exception>(() => connection.QueryAsync("SELECT 1", Ct));
        Assert.True(lost is ServerUnreachableException { Phase: ServerPhase.Command } or ServerException { Code: 1927 }, lost.ToString());
    }

    [Fact]
    public async Task Nobody_listening_is_reported_as_unreachable_while_connecting()
    {
        using var taken = new Socket(SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)taken.LocalEndPoint!).Port;
        var lost = await Assert.ThrowsAsync<ServerUnreachableException>(() => ServerConnection.ConnectAsync(new ServerAddress("127.0.0.1", port), one.Server.Login, Ct));
        Assert.Equal(ServerPhase.Connect, lost.Phase);
    }

    [Fact]
    public async Task A_wrong_password_is_refused_in_the_servers_words_and_told_to_nobody()
    {
        var refusal = await Assert.ThrowsAsync<ServerException>(() => ServerConnection.ConnectAsync(one.Server.Address, new ServerLogin("monitor", "wrong-secret"), Ct));
        Assert.Equal(1045, refusal.Code);
        Assert.DoesNotContain("wrong-secret", refusal.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(RealServer.Password, one.Server.Login.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_ed25519_account_logs_in_with_its_password_only()
    {
        try
        {
            await one.Server.ExecuteAsync("INSTALL SONAME 'auth_ed25519'");
        }
        catch (ServerException e) when (e.Code == 1968)
        {
            // It is there already.
        }
        await one.Server.ExecuteAsync("CREATE OR REPLACE USER curve@'%' IDENTIFIED VIA ed25519 USING PASSWORD('pässword')");
        await using var connection = await ServerConnection.ConnectAsync(one.Server.Address, new ServerLogin("curve", "pässword"), Ct);
        Assert.Equal("curve@%", (await connection.QueryAsync("SELECT CURRENT_USER()", Ct)).Scalar);
        await Assert.ThrowsAsync<ServerException>(() => ServerConnection.ConnectAsync(one.Server.Address, new ServerLogin("curve", "password"), Ct));
    }

    [Fact]
    public async Task An_account_without_a_password_logs_in_to_a_schema_over_a_Unix_socket()
    {
        await one.Server.ExecuteAsync("CREATE OR REPLACE USER nobody@'%'");
        await using var connection = await ServerConnection.ConnectAsync(one.Server.Local, new ServerLogin("nobody", "", "information_schema"), Ct);
        Assert.Equal("information_schema", (await connection.QueryAsync("SELECT DATABASE()", Ct)).Scalar);
    }

    [Fact]
    public async Task TLS_is_used_where_offered_demanded_where_required_and_checked_where_verified()
    {
        var refusal = await Assert.ThrowsAsync<ServerException>(() => ServerConnection.ConnectAsync(one.Server.Address, one.Server.Login with { Tls = TlsMode.Required }, Ct));
        Assert.Contains("offers none", refusal.Message, StringComparison.Ordinal);

        var (certificate, key) = SelfSigned();
        try
        {
            await using var server = await RealServer.StartAsync(9, $"--ssl-cert={certificate}", $"--ssl-key={key}");
            foreach (var (mode, cipher) in ((TlsMode, bool)[])[(TlsMode.Off, false), (TlsMode.Preferred, true), (TlsMode.Required, true)])
            {
                await using var connection = await ServerConnection.ConnectAsync(server.Address, server.Login with { Tls = mode }, Ct);
                Assert.Equal(cipher, !string.IsNullOrEmpty((await connection.QueryAsync("SHOW STATUS LIKE 'Ssl_cipher'", Ct)).Rows[0][1]));
            }
            await using (var large = await ServerConnection.ConnectAsync(server.Address, server.Login, Ct))
                Assert.Equal(3_000_000, (await large.QueryAsync("SELECT REPEAT('y', 3000000)", Ct)).Scalar!.Length);
            var untrusted = await Assert.ThrowsAsync<ServerUnreachableException>(() => ServerConnection.ConnectAsync(server.Address, server.Login with { Tls = TlsMode.Verified }, Ct));
            Assert.Equal(ServerPhase.Handshake, untrusted.Phase);
        }
        finally
        {
            File.Delete(certificate);
            File.Delete(key);
        }
    }

    static (string Certificate, string Key) SelfSigned()
    {
        using var rsa = RSA.Create(2048);
        var request = new CertificateRequest("CN=test", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));
        var (path, key) = (Path.GetTempFileName(), Path.GetTempFileName());
        File.WriteAllText(path, certificate.ExportCertificatePem());
        File.WriteAllText(key, rsa.ExportRSAPrivateKeyPem());
        return (path, key);
    }
}
