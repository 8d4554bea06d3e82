using System.Globalization;
using System.Net;
using Headwater.Streams.Follow;
using Headwater.Streams.Store;
using Headwater.Streams.Witness;

namespace Headwater.Up;

/// <summary>The witness of <c>headwater up</c>: in this process, at a port that it keeps.</summary>
static class EmbeddedWitness
{
    public static WitnessServer Start(EmbeddedCluster cluster, TimeProvider time, ILoggerFactory log)
    {
        var directory = Path.Combine(cluster.State.Path, "witness");
        Directory.CreateDirectory(directory);
        var file = Path.Combine(directory, "port");
        var port = File.Exists(file) && int.TryParse(File.ReadAllText(file), NumberStyles.None, CultureInfo.InvariantCulture, out var kept) && FreePorts.IsFree(kept)
            ? kept : FreePorts.Take(cluster.State.Path, [.. cluster.Servers.Select(static server => server.Address.Port)]);
        File.WriteAllText(file, port.ToString(CultureInfo.InvariantCulture));
        var (monitor, replication) = (cluster.Accounts.Monitor, cluster.Accounts.Replication);
        return new WitnessServer(new WitnessOptions
        {
            Listen = new IPEndPoint(IPAddress.Loopback, port),
            ServerId = ReaderId.Of("witness", directory),
            Store = new LogStoreOptions { Directory = directory },
            Accounts = [new WitnessAccount(monitor.User, monitor.Password), new WitnessAccount(replication.User, replication.Password)],
        }, time, log);
    }
}
