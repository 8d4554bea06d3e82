using System.Collections.Immutable;
using Headwater.Control.Failover;
using Headwater.Core.Topology;
using Microsoft.Extensions.Logging;

namespace Headwater.Up;

/// <summary>Who is in the cluster this time: what is remembered, plus who is new, on ports that are free now.</summary>
internal static class ClusterPlan
{
    public static EmbeddedCluster Make(EmbeddedClusterOptions options, MariaDbInstallation installation, StateDirectory state, TimeProvider time, ILogger log)
    {
        // Accounts are written before any data that holds them, so that a start cut short can be taken up again.
        var accounts = state.Read(state.AccountsFile, UpJson.Default.ClusterAccounts);
        var remembered = state.Read(state.ClusterFile, UpJson.Default.ClusterRecord);
        if (remembered is not null) Check(remembered, installation, state);
        if (accounts is null)
        {
            if (Directory.EnumerateDirectories(state.Path, "db*").Any(folder => Directory.Exists(Path.Combine(folder, "data"))))
                throw new UpException($"{state.Path} holds data of servers, but {Path.GetFileName(state.AccountsFile)} with their passwords is missing. Put it back, or use another --dir.");
            accounts = AccountStatements.Fresh(options.Schema);
            StateDirectory.Write(state.AccountsFile, accounts, UpJson.Default.ClusterAccounts);
        }

        var record = Grown(remembered ?? new ClusterRecord { Cluster = options.Cluster, ServerVersion = installation.Version, Primary = "db1", Servers = [] }, options, state, log);
        if (remembered is null || !record.Servers.SequenceEqual(remembered.Servers) || record.ServerVersion != remembered.ServerVersion)
            StateDirectory.Write(state.ClusterFile, record, UpJson.Default.ClusterRecord);

        // Who is the primary is the controller's to say, once there was one.
        if (options.Controlled && Journal.ReadAll(state.Path).LastOrDefault(static entry => entry.Record is not null)?.Record?.Primary is { } appointed && record.Find(appointed) is not null)
            record = record with { Primary = appointed };
        var servers = record.Servers.OrderBy(server => server.Name != record.Primary).Take(options.Replicas + 1)
            .Select(server => new EmbeddedServer(server, state.Server(server.Name)) { Role = server.Name == record.Primary ? ServerRole.Primary : ServerRole.Replica })
            .ToImmutableArray();
        foreach (var server in servers) Directory.CreateDirectory(server.Folder.Temporary);
        return EmbeddedCluster.Create(options with { Cluster = record.Cluster }, installation, state, accounts, servers, time, log);
    }

    static ClusterRecord Grown(ClusterRecord record, EmbeddedClusterOptions options, StateDirectory state, ILogger log)
    {
        var servers = record.Servers.ToList();
        var taken = servers.Select(server => server.Port).ToHashSet();
        for (var i = 0; i < servers.Count; i++)
        {
            if (FreePorts.IsFree(servers[i].Port)) continue;
            var moved = servers[i] with { Port = FreePorts.Take(state.Path, taken) };
            UpLog.PortMoved(log, moved.Name, servers[i].Port, moved.Port);
            servers[i] = moved;
        }

        while (servers.Count < options.Replicas + 1)
        {
            var number = servers.Select(server => server.ServerId).DefaultIfEmpty(0u).Max() + 1;
            servers.Add(new ServerRecord($"db{number}", number, FreePorts.Take(state.Path, taken)));
        }

        return record with { Servers = servers };
    }

    static void Check(ClusterRecord record, MariaDbInstallation installation, StateDirectory state)
    {
        if (record.Format != ClusterRecord.CurrentFormat)
            throw new UpException($"{state.ClusterFile} has format {record.Format}; this headwater knows {ClusterRecord.CurrentFormat}. It was written by another version: use that one, or another --dir.");
        if (record.Find(record.Primary) is null)
            throw new UpException($"{state.ClusterFile} names {record.Primary} as the primary, but no such server.");
        if (MariaDbInstallation.SeriesOf(record.ServerVersion) != installation.Series)
            throw new UpException($"The data in {state.Path} was made by MariaDB {record.ServerVersion}; {installation.Server} is {installation.Version}.\n"
                + "Data is not carried over from one series to another here: install the one it was made by, or dump it there and load it into another --dir.");
    }
}
