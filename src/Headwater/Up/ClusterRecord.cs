using System.Text.Json;
using System.Text.Json.Serialization;

namespace Headwater.Up;

/// <summary>What is remembered of a cluster between starts: <c>cluster.json</c> in the state directory.</summary>
internal sealed record ClusterRecord
{
    public const int CurrentFormat = 1;

    public int Format { get; init; } = CurrentFormat;
    public required string Cluster { get; init; }

    /// <summary>The server software that the data was made by, <c>10.11.19-MariaDB-…</c>.</summary>
    public required string ServerVersion { get; init; }

    /// <summary>Name of the server that is the primary.</summary>
    public required string Primary { get; init; }
    public required IReadOnlyList<ServerRecord> Servers { get; init; }

    public ServerRecord? Find(string name) => Servers.FirstOrDefault(s => s.Name == name);
}

/// <summary>One server: its name is also the name of its folder.</summary>
internal sealed record ServerRecord(string Name, uint ServerId, int Port);

/// <summary>One account with its password. Only ever written to files of mode 0600.</summary>
internal sealed record AccountRecord(string User, string Password, string? Schema = null)
{
    public override string ToString() => User;
}

/// <summary>The accounts made on first start: <c>accounts.json</c>, mode 0600.</summary>
internal sealed record ClusterAccounts
{
    /// <summary>For applications: everything on its schema, nothing else.</summary>
    public required AccountRecord Application { get; init; }

    /// <summary>For people: everything but READ_ONLY ADMIN, so that even its statements cannot change a replica.</summary>
    public required AccountRecord Administrator { get; init; }

    /// <summary>For the watcher and the controller: roles, positions, accounts, catalogue; who is read_only and who follows whom.</summary>
    public required AccountRecord Monitor { get; init; }

    /// <summary>For the replicas' link to the primary.</summary>
    public required AccountRecord Replication { get; init; }

    /// <summary>For the recovery of a former primary's tail, and for rebuilding replicas. Null in a cluster that was made before there was one.</summary>
    public AccountRecord? Recovery { get; init; }

    public IEnumerable<AccountRecord> All => Recovery is null ? [Application, Administrator, Monitor, Replication] : [Application, Administrator, Monitor, Replication, Recovery];
}

/// <summary>One child process, written down the moment it runs: <c>processes.json</c>.</summary>
internal sealed record ProcessRecord(string Server, int Pid, ulong StartTicks, string DataDirectory);

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
[JsonSerializable(typeof(ClusterRecord))]
[JsonSerializable(typeof(ClusterAccounts))]
[JsonSerializable(typeof(List<ProcessRecord>))]
[JsonSerializable(typeof(RunFile))]
internal sealed partial class UpJson : JsonSerializerContext;
