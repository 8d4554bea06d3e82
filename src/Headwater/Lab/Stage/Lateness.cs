using Headwater.Up;

namespace Headwater.Lab.Stage;

/// <summary>Replicas are behind for as long as this lives, by MariaDB's own MASTER_DELAY: no luck is needed to find them so.</summary>
sealed class Lateness : IAsyncDisposable
{
    readonly LabCluster _cluster;
    readonly IReadOnlyList<EmbeddedServer> _replicas;

    Lateness(LabCluster cluster, IReadOnlyList<EmbeddedServer> replicas) => (_cluster, _replicas) = (cluster, replicas);

    public static async Task<Lateness> BeginAsync(LabCluster cluster, IEnumerable<EmbeddedServer> replicas, CancellationToken ct)
    {
        var late = new Lateness(cluster, [.. replicas]);
        foreach (var replica in late._replicas) await cluster.DelayAsync(replica, 1, ct);
        return late;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var replica in _replicas) await _cluster.DelayAsync(replica, 0, CancellationToken.None);
    }
}
