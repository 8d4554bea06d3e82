using Headwater.Up;

namespace Headwater.Lab.Stage;

/// <summary>Where scenarios play: a folder of its own, the first data that every server gets a copy of, and one cluster that those share which leave it whole.</summary>
sealed class LabStage : IAsyncDisposable
{
    readonly StateDirectory _state;
    readonly ServerFolder _first;
    readonly List<LabCluster> _clusters = [];
    LabCluster? _standing;
    int _count;

    LabStage(StateDirectory state, MariaDbInstallation installation, ClusterAccounts accounts)
    {
        (_state, Installation, Accounts) = (state, installation, accounts);
        _first = state.Server("first");
    }

    public MariaDbInstallation Installation { get; }
    public ClusterAccounts Accounts { get; }

    /// <summary>KILL, as a server that a scenario has frozen heeds nothing less.</summary>
    public ChildLauncher Launcher { get; } = new(lastSignal: "KILL");

    /// <summary>Ports that were given away; whoever takes one adds it.</summary>
    public HashSet<int> Ports { get; } = [];

    public static async Task<LabStage> StartAsync(string directory, CancellationToken ct)
    {
        var state = StateDirectory.Open(directory);
        var stage = new LabStage(state, MariaDbInstallation.Find(), AccountStatements.Fresh("app"));
        try
        {
            await FirstData.BootstrapAsync(stage.Installation, stage._first, stage.Accounts, ct);
            return stage;
        }
        catch
        {
            await stage.DisposeAsync();
            throw;
        }
    }

    public int Port() => FreePorts.Take(_state.Path, Ports);

    /// <summary>A folder that nobody has.</summary>
    public string Folder(string name)
    {
        var path = Path.Combine(_state.Path, $"{name}{++_count}");
        Directory.CreateDirectory(path);
        return path;
    }

    /// <summary>Servers of a scenario's own, which it disposes of.</summary>
    public async Task<LabCluster> ClusterAsync(LabClusterOptions options, CancellationToken ct)
    {
        var number = ++_count;
        var servers = Enumerable.Range(1, options.Servers).Select(i => new EmbeddedServer(
            new ServerRecord($"db{i}", (uint)(100 * number + i), Port()),
            new ServerFolder(Path.Combine(_state.Path, $"c{number}", $"db{i}"), Path.Combine(_state.Sockets, $"c{number}-{i}.sock")))).ToArray();
        var cluster = new LabCluster(this, options, Path.Combine(_state.Path, $"c{number}"), servers);
        _clusters.Add(cluster);
        await cluster.StartAsync(_first, ct);
        return cluster;
    }

    /// <summary>The cluster that stays: a primary and two replicas, of which a scenario changes its own tables only.</summary>
    public async Task<LabCluster> StandingAsync(CancellationToken ct) => _standing ??= await ClusterAsync(new LabClusterOptions { Servers = 3 }, ct);

    /// <summary>Ends every server, the standing cluster's too: who asks for that next gets a new one.</summary>
    public async Task ClearAsync()
    {
        foreach (var cluster in _clusters) await cluster.DisposeAsync();
        _clusters.Clear();
        _standing = null;
    }

    public async ValueTask DisposeAsync()
    {
        await ClearAsync();
        Launcher.Dispose();
        _state.Dispose();
    }
}
