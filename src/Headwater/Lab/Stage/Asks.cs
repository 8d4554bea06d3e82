using System.Globalization;

namespace Headwater.Lab.Stage;

/// <summary>How many SELECTs of the application reach the servers, as these count them (userstat): whatever stands before them, this is what they had to do.</summary>
sealed class Asks
{
    readonly LabCluster _cluster;
    long _before;

    Asks(LabCluster cluster) => _cluster = cluster;

    public static async Task<Asks> BeginAsync(LabCluster cluster, CancellationToken ct)
    {
        foreach (var server in cluster.Servers) await cluster.ExecuteAsync(server, "SET GLOBAL userstat = ON", ct);
        var asks = new Asks(cluster);
        asks._before = await asks.AllAsync(ct);
        return asks;
    }

    /// <summary>Since the beginning, or since it was begun anew.</summary>
    public async Task<long> CountAsync(CancellationToken ct) => await AllAsync(ct) - _before;

    public async Task BeginAnewAsync(CancellationToken ct) => _before = await AllAsync(ct);

    /// <summary>Until cancelled, notes the count.</summary>
    public async Task WatchAsync(SeriesRecorder into, CancellationToken ct)
    {
        for (; ; await Task.Delay(TimeSpan.FromMilliseconds(50), ct)) into.Add(await CountAsync(ct));
    }

    async Task<long> AllAsync(CancellationToken ct)
    {
        var sum = 0L;
        foreach (var server in _cluster.Servers)
        {
            var sql = $"SELECT COALESCE(SUM(SELECT_COMMANDS), 0) FROM information_schema.USER_STATISTICS WHERE USER = '{_cluster.Stage.Accounts.Application.User}'";
            sum += long.Parse((await _cluster.ExecuteAsync(server, sql, ct)).Scalar!, CultureInfo.InvariantCulture);
        }
        return sum;
    }
}
