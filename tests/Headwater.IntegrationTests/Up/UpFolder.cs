using Headwater.Servers;
using Headwater.Up;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Headwater.IntegrationTests.Up;

/// <summary>A state directory of its own for one test, removed afterwards.</summary>
internal sealed class UpFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("headwater-up-").FullName;

    public EmbeddedClusterOptions Options(int replicas = 1) => new()
    {
        Directory = Path,
        Replicas = replicas,
        BufferPoolMegabytes = 16,
        RestartAfter = null,
        StartTimeout = TimeSpan.FromSeconds(30),
    };

    public Task<EmbeddedCluster> StartAsync(int replicas = 1) => StartAsync(Options(replicas));

    public static Task<EmbeddedCluster> StartAsync(EmbeddedClusterOptions options, ILoggerFactory? loggers = null) =>
        EmbeddedCluster.StartAsync(options, TimeProvider.System, loggers ?? NullLoggerFactory.Instance, TestContext.Current.CancellationToken);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

internal static class Sql
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static async Task<QueryResult> RunAsync(this EmbeddedServer server, AccountRecord account, string sql)
    {
        await using var connection = await ServerConnection.ConnectAsync(server.Address, new ServerLogin(account.User, account.Password, account.Schema), Ct);
        return await connection.QueryAsync(sql, Ct);
    }

    /// <summary>Waits until the replica has applied all that the primary has logged.</summary>
    public static async Task CaughtUpAsync(this EmbeddedCluster cluster, EmbeddedServer replica)
    {
        var position = (await cluster.Primary.RunAsync(cluster.Accounts.Administrator, "SELECT @@GLOBAL.gtid_binlog_pos")).Scalar;
        var waited = await replica.RunAsync(cluster.Accounts.Administrator, $"SELECT MASTER_GTID_WAIT('{position}', 10)");
        Assert.Equal("0", waited.Scalar);
    }
}
