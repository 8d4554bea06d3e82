using Headwater.Bench.Lab;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Audit;

/// <summary>
/// How an audited session reaches the data: one connection of a gateway for all, or, where the fault is planted, one for writes
/// and some for reads, of which each read takes any.
/// </summary>
sealed class Door(SqlClient writes, params SqlClient[] reads) : IDisposable
{
    public SqlClient Writes => writes;

    public SqlClient Reads(ref Chance chance) => reads.Length == 1 ? reads[0] : reads[chance.Below(reads.Length)];

    public void Dispose()
    {
        writes.Dispose();
        foreach (var client in reads) client.Dispose();
    }
}

/// <summary>Opens doors: the gateways' in turn, or the planted ones.</summary>
sealed class Doors(Cluster cluster, int secondPort, AuditOptions options)
{
    static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    public Door Open(int number, AskedLevel level)
    {
        var account = cluster.Run.Application;
        switch (options.Through)
        {
            case Through.Gateways:
                var client = SqlClient.Tcp(cluster.Run.Gateway.Address, number % 2 == 0 ? cluster.Run.Gateway.Port : secondPort, account.User, account.Password, account.Schema, _patience);
                client.Query($"SET headwater.level = '{level.Setting}'");
                return new Door(client, client);
            case Through.Primary:
                var primary = cluster.Directly(cluster.Run.Primary, account, _patience);
                return new Door(primary, primary);
            default:
                var writes = cluster.Directly(cluster.Run.Primary, account, _patience);
                return new Door(writes, [.. cluster.Run.Replicas.Select(replica => OpenPatiently(replica, account))]);
        }
    }

    /// <summary>A replica may just be dead by our own hand.</summary>
    SqlClient OpenPatiently(ServerInfo replica, Account account)
    {
        for (var i = 0; ; i++)
        {
            try
            {
                return cluster.Directly(replica, account, _patience);
            }
            catch (System.Net.Sockets.SocketException) when (i < 100)
            {
                Thread.Sleep(100);
            }
        }
    }
}
