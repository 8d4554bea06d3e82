using System.Diagnostics;
using System.Net.Sockets;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Lab;

/// <summary><c>headwater serve</c> before the servers of a cluster that has a gateway already: as on another machine of a real installation.</summary>
sealed class SecondGateway : IDisposable
{
    readonly ChildProcess _serve;

    SecondGateway(ChildProcess serve, int port, int analyticsPort, int http)
    {
        _serve = serve;
        Port = port;
        AnalyticsPort = analyticsPort;
        HttpPort = http;
    }

    public int HttpPort { get; }

    public int Pid => _serve.Id;
    public int Port { get; }

    /// <summary>A listener whose sessions read from the server with the tag analytics.</summary>
    public int AnalyticsPort { get; }

    /// <param name="analytics">The server that gets the tag analytics; null: none.</param>
    public static SecondGateway Start(Cluster cluster, string? analytics = null, bool caches = false, int audited = 1)
    {
        var (port, analyticsPort, http) = (Cluster.FreePort(), Cluster.FreePort(), Cluster.FreePort());
        var (monitor, replication) = (cluster.Monitor(), cluster.Account("replication"));
        var directory = Path.Combine(cluster.Directory, "second");
        Directory.CreateDirectory(directory);
        var config = Path.Combine(directory, "headwater.yaml");
        File.WriteAllText(config, $$"""
            cluster: {{cluster.Run.Cluster}}
            state_directory: {{directory}}
            servers:
            {{string.Join('\n', cluster.Run.Servers.Select(server => $"  - {{ address: \"{server.Address}:{server.Port}\", name: {server.Name}{(server.Name == analytics ? ", tags: [analytics]" : "")} }}"))}}
            monitor: { user: {{monitor.User}}, password: "{{monitor.Password}}" }
            listeners:
              - { address: "127.0.0.1:{{port}}" }
              - { address: "127.0.0.1:{{analyticsPort}}", tag: analytics }
            http: { address: "127.0.0.1:{{http}}" }
            feed: { enabled: true, user: {{replication.User}}, password: "{{replication.Password}}" }
            audit: { reads_per_second: {{audited}} }
            cache: { enabled: {{(caches ? "true" : "false")}} }

            """);
        var serve = ChildProcess.Start("headwater serve", Cluster.Program, ["serve", "--config", config], Path.Combine(cluster.Directory, "serve.log"));
        var clock = Stopwatch.StartNew();
        var account = cluster.Run.Application;
        while (true)
        {
            try
            {
                using var client = SqlClient.Tcp("127.0.0.1", port, account.User, account.Password, account.Schema, TimeSpan.FromSeconds(5));
                client.Query("SELECT 1");
                return new SecondGateway(serve, port, analyticsPort, http);
            }
            catch (Exception e) when (e is SocketException or SqlException or EndOfStreamException)
            {
                if (serve.HasExited || clock.Elapsed > TimeSpan.FromSeconds(30))
                {
                    var said = serve.LogTail();
                    serve.Dispose();
                    throw new UsageException($"headwater serve does not serve ({e.Message}). It said:\n{said}");
                }
                Thread.Sleep(50);
            }
        }
    }

    public void Dispose() => _serve.Dispose();
}
