using Headwater.Servers;
using Headwater.Up;

namespace Headwater.Lab.Stage;

/// <summary>
/// Replicas apply nothing to a table for most of each second, as long as this lives, because somebody holds a read lock on it there, as a backup or a long report does: no
/// luck is needed to find them behind. (MASTER_DELAY would not do: Headwater sees it, and sends nobody to such a replica who did not ask for one.)
/// </summary>
sealed class Lateness : IAsyncDisposable
{
    static readonly TimeSpan Locked = TimeSpan.FromMilliseconds(900), Free = TimeSpan.FromMilliseconds(100);
    readonly Watching _holding;

    Lateness(CancellationToken ct) => _holding = new Watching(ct);

    public static async Task<Lateness> BeginAsync(LabCluster cluster, IEnumerable<EmbeddedServer> replicas, string table, CancellationToken ct)
    {
        var late = new Lateness(ct);
        foreach (var replica in replicas)
        {
            var connection = await cluster.AdminAsync(replica, ct);
            var sql = $"LOCK TABLES `{cluster.Stage.Accounts.Application.Schema}`.`{table}` READ";
            // The first lock is there when this returns.
            await connection.QueryAsync(sql, ct);
            late._holding.Add(end => HoldAsync(connection, sql, end));
        }
        return late;
    }

    static async Task HoldAsync(ServerConnection connection, string sql, CancellationToken ct)
    {
        // Closing the connection lets go of the lock.
        await using (connection)
            while (true)
            {
                await Task.Delay(Locked, ct);
                await connection.QueryAsync("UNLOCK TABLES", ct);
                await Task.Delay(Free, ct);
                await connection.QueryAsync(sql, ct);
            }
    }

    public ValueTask DisposeAsync() => _holding.DisposeAsync();
}
