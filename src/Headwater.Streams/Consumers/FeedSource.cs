using System.Runtime.CompilerServices;
using Headwater.Core;
using Headwater.Core.Consumers;
using Headwater.Core.Topology;
using Headwater.Servers;
using Headwater.Streams.Store;
using Headwater.Wire.MySql;
using Headwater.Wire.MySql.Binlog;

namespace Headwater.Streams.Consumers;

/// <summary>What consumers of the feed read from: the store, and the servers for who begins with a copy.</summary>
public sealed class FeedSource(LogStore store, Published<ClusterView> view, ServerLogin copier, TimeProvider time)
{
    public LogStore Store => store;
    public string Cluster => view.Current.Cluster;
    internal StoreTimes Times { get; } = new(time);

    /// <exception cref="BinlogException">The store cannot be read from there.</exception>
    public ChangeReader Read(TablePatterns tables, FeedPlace from) => new(store, Cluster, tables, from);

    /// <summary>Where that is. A store that has not begun is waited for: until then nobody knows what the log held before.</summary>
    public async Task<FeedPlace> PlaceOfAsync(FeedBegin begin, CancellationToken ct)
    {
        if (begin.Kind == BeginKind.Place) return begin.Place;
        for (var seen = store.End; ; seen = store.End)
        {
            if (store.Begin is { } oldest) return new FeedPlace(begin.Kind == BeginKind.Oldest ? oldest : store.End.Position);
            await store.MovedAsync(seen, ct);
        }
    }

    /// <summary>A copy of the tables at a position from which the store can be read on.</summary>
    /// <param name="begins">Told of each table: its name, and how many rows there may be in all.</param>
    /// <exception cref="SnapshotException">No server can be copied from.</exception>
    public async IAsyncEnumerable<ChangeRecord> SnapshotAsync(TablePatterns tables, [EnumeratorCancellation] CancellationToken ct, Action<string, TablesAhead>? begins = null)
    {
        var isFirst = true;
        await using var rows = (await BeginAsync(tables, begins ?? (static (_, _) => { }), ct)).GetAsyncEnumerator(ct);
        while (await NextAsync(rows))
        {
            if (isFirst) await CheckAsync(rows.Current.Place, ct);
            isFirst = false;
            yield return rows.Current;
        }
    }

    async Task<IAsyncEnumerable<ChangeRecord>> BeginAsync(TablePatterns tables, Action<string, TablesAhead> begins, CancellationToken ct)
    {
        var trouble = "no server is up";
        foreach (var server in TableSnapshot.Sources(view.Current))
            try
            {
                await using var probe = await ServerConnection.ConnectAsync(server.Address, copier, ct);
                if ((await probe.QueryAsync(server.Role == ServerRole.Primary ? "SELECT @@log_bin" : "SELECT @@log_bin AND @@log_slave_updates", ct)).Scalar == "1")
                    return TableSnapshot.ReadAsync(server.Address, copier, Cluster, tables, begins, ct);
                trouble = $"{server.Id.Name} does not log what it applies (log_bin, log_slave_updates), so that its snapshot has no place in the log";
            }
            catch (Exception refused) when (refused is ServerException or ServerUnreachableException)
            {
                trouble = refused.Message;
            }
        throw new SnapshotException($"No copy of the tables can be had: {trouble}");
    }

    static async ValueTask<bool> NextAsync(IAsyncEnumerator<ChangeRecord> rows)
    {
        try
        {
            return await rows.MoveNextAsync();
        }
        catch (Exception broken) when (broken is ServerException or ServerUnreachableException or MalformedPacketException or InvalidOperationException)
        {
            throw new SnapshotException($"The copy of the tables broke off: {broken.Message}", broken);
        }
    }

    /// <summary>The rows of a store that begins behind them, or never comes to them, would be followed by a gap.</summary>
    async Task CheckAsync(FeedPlace place, CancellationToken ct)
    {
        for (var seen = store.End; store.Begin is null || !seen.Position.Covers(place.Before); seen = store.End) await store.MovedAsync(seen, ct);
        using var reader = Read(TablePatterns.All, place);
    }
}

/// <summary>A copy of the tables cannot be had, or broke off. The sentence is for an operator.</summary>
public sealed class SnapshotException(string sentence, Exception? cause = null) : Exception(sentence, cause);
