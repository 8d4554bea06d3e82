using System.Diagnostics;
using System.Globalization;
using Headwater.Core;
using Headwater.Core.Consumers;
using Headwater.Core.Positions;
using Headwater.Core.Topology;
using Headwater.Servers;
using Headwater.Streams;
using Headwater.Streams.Consumers;
using Headwater.Streams.Follow;
using Headwater.Streams.Sinks;
using Headwater.Streams.Store;
using Microsoft.Extensions.Logging.Abstractions;

namespace Headwater.IntegrationTests.Streams;

/// <summary>A real server and the feed that follows it, with sinks; the feed can be ended and begun again.</summary>
sealed class FollowedServer : IAsyncDisposable
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;
    readonly string _directory = Directory.CreateTempSubdirectory("headwater-feed-").FullName;
    readonly Published<ClusterView> _view;

    FollowedServer(RealServer server)
    {
        Server = server;
        var primary = new ServerView { State = new ServerState(new ServerId("s1"), 1), Address = server.Address, Role = ServerRole.Primary, Health = ServerHealth.Up, Number = 1 };
        _view = new Published<ClusterView>(new ClusterView { Cluster = "c", Primary = primary, Servers = [primary] });
    }

    public RealServer Server { get; }
    public Feed Feed { get; private set; } = null!;

    public static async Task<FollowedServer> StartAsync(params SinkOptions[] sinks)
    {
        var followed = new FollowedServer(await RealServer.StartAsync(1, "--binlog-row-metadata=FULL", "--sync-binlog=0"));
        await followed.Server.ExecuteAsync("CREATE DATABASE d");
        followed.Begin(sinks);
        await UntilAsync(() => Task.FromResult(followed.Feed.State.IsFollowing), "it follows");
        return followed;
    }

    public void Begin(params SinkOptions[] sinks)
    {
        var login = new ServerLogin("monitor", RealServer.Password);
        Feed = new Feed(new FeedOptions(new LogStoreOptions { Directory = _directory, SegmentBytes = 1 << 20 }, new FollowerOptions { Login = login, ReaderId = 77 }) { Sinks = [.. sinks] },
            _view, TimeProvider.System, NullLoggerFactory.Instance);
        Feed.Start();
    }

    public async Task<Position> LoggedAsync() =>
        Position.TryParse((await Server.ExecuteAsync("SELECT @@gtid_binlog_pos")).Scalar!, out var position) ? position : throw new FormatException();

    /// <summary>Returns when the store has all that is logged, and each sink has handed it on.</summary>
    public async Task HandedOnAsync()
    {
        var logged = await LoggedAsync();
        await UntilAsync(() => Task.FromResult(Feed.Store.End.Position.Covers(logged) && Feed.Sinks.All(sink => sink.Place is { Open: null } place && place.Before.Covers(logged))),
            "all is handed on", () => string.Join("; ", Feed.Sinks));
    }

    /// <summary>What the store has, by the one who asks for all of it from its beginning.</summary>
    public List<ChangeRecord> All(FeedPlace? from = null, TablePatterns? tables = null)
    {
        using var reader = Feed.Source.Read(tables ?? TablePatterns.All, from ?? new FeedPlace(Feed.Store.Begin!.Value));
        var all = new List<ChangeRecord>();
        while (reader.TryNext() is { } change) all.Add(change);
        return all;
    }

    /// <summary>Counters by key, counted up by several writers at once, many in one transaction: what order means is seen in them.</summary>
    public async Task CountUpAsync(int seed, int writers, int transactions, Func<bool>? goesOn = null)
    {
        await Server.ExecuteAsync("CREATE TABLE IF NOT EXISTS d.counters (id int primary key, n int not null, pad varchar(40) not null)");
        await Server.ExecuteAsync($"INSERT IGNORE INTO d.counters SELECT seq, 0, '' FROM (WITH RECURSIVE s AS (SELECT 1 AS seq UNION ALL SELECT seq + 1 FROM s WHERE seq < 200) SELECT seq FROM s) AS all_keys");
        await Task.WhenAll(Enumerable.Range(0, writers).Select(async writer =>
        {
            var random = new Random(seed + writer);
            await using var connection = await Server.ConnectAsync();
            for (var i = 0; i < transactions / writers && goesOn?.Invoke() != false; i++)
            {
                // In the order of the key, so that no two writers wait for each other.
                var first = random.Next(1, 180);
                await connection.QueryAsync(string.Create(CultureInfo.InvariantCulture, $"UPDATE d.counters SET n = n + 1, pad = '{random.Next()}' WHERE id BETWEEN {first} AND {first + random.Next(20)} ORDER BY id"), Ct);
            }
        }));
    }

    public static async Task UntilAsync(Func<Task<bool>> condition, string what, Func<string>? more = null)
    {
        for (var since = Stopwatch.StartNew(); !await condition(); await Task.Delay(10, Ct))
            Assert.True(since.Elapsed < TimeSpan.FromSeconds(90), $"{what} {more?.Invoke()}");
    }

    public async ValueTask DisposeAsync()
    {
        await Feed.DisposeAsync();
        await Server.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
