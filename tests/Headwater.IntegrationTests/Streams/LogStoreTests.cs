using System.Diagnostics;
using Headwater.Core;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Core.Topology;
using Headwater.Servers;
using Headwater.Streams.Follow;
using Headwater.Streams.Store;
using Headwater.Wire.MySql.Binlog;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Headwater.IntegrationTests.Streams;

/// <summary>The store that follows real servers holds what they logged: no more, no less, in their order.</summary>
public sealed class LogStoreTests : IDisposable
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;
    readonly string _directory = Directory.CreateTempSubdirectory("headwater-store-").FullName;

    [Theory]
    [InlineData("--binlog-checksum=CRC32")]
    [InlineData("--binlog-checksum=NONE", "--log-bin-compress=1", "--log-bin-compress-min-len=10")]
    public async Task What_a_server_logs_is_in_the_store_whenever_the_follower_was_stopped(params string[] options)
    {
        await using var server = await RealServer.StartAsync(1, [.. options, "--binlog-row-metadata=FULL"]);
        await server.ExecuteAsync("CREATE DATABASE d");
        await server.ExecuteAsync("CREATE TABLE d.t (id int primary key auto_increment, a varchar(200), b longblob)");
        await server.ExecuteAsync("INSERT INTO d.t (a) VALUES ('before the store began')");
        var begin = await LoggedAsync(server);
        var view = new Published<ClusterView>(ViewOf(server));
        var random = new Random(7);
        var written = 0;
        for (var round = 0; round < 8; round++)
        {
            using var store = Open(segmentBytes: 64 << 10);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
            var follower = Follower(store, view);
            var running = follower.RunAsync(stop.Token);
            if (round == 0) await UntilAsync(() => follower.State.Current.IsFollowing, "it follows");
            for (var i = 0; i < 40; i++) await server.ExecuteAsync(Statement(random, ref written));
            // Sometimes it is stopped in the midst of what comes.
            if (round % 2 == 1) await UntilAsync(async () => store.End.Position == await LoggedAsync(server), "it has all");
            await stop.CancelAsync();
            await running;
        }
        using (var store = Open(64 << 10))
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
            var running = Follower(store, view).RunAsync(stop.Token);
            await UntilAsync(async () => store.End.Position == await LoggedAsync(server), "it has all");
            await stop.CancelAsync();
            await running;
            var there = new List<Transaction>();
            await using (var connection = await server.ConnectAsync())
                await foreach (var transaction in BinlogStream.ReadAsync(connection, begin, new BinlogOptions { StopAtEnd = true }, Ct)) there.Add(transaction);
            Assert.True(store.Segments.Length > 3);
            Assert.Equal(there.Select(static t => (t.Gtid, t.Checksum)), Read(store, begin));
            // From anywhere in it.
            for (var i = 0; i < 20; i++)
            {
                var at = random.Next(there.Count);
                Assert.Equal(there.Skip(at + 1).Select(static t => (t.Gtid, t.Checksum)), Read(store, new Position(there[at].Gtid)));
            }
        }
        // It is a log like any other.
        var lines = await MariadbBinlogAsync(Directory.GetFiles(_directory, "log.0*").Order().ToArray());
        Assert.Contains("GTID 0-1-", lines, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_follows_the_new_primary_and_cuts_off_what_was_lost_with_the_old_one()
    {
        await using var old = await RealServer.StartAsync(1);
        await using var heir = await RealServer.StartAsync(2);
        await heir.FollowAsync(old);
        await old.ExecuteAsync("CREATE DATABASE d");
        await old.ExecuteAsync("CREATE TABLE d.t (id int primary key)");
        var view = new Published<ClusterView>(ViewOf(old));
        using var store = Open(1 << 20);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var follower = Follower(store, view);
        var running = follower.RunAsync(stop.Token);
        await UntilAsync(() => follower.State.Current.IsFollowing, "it follows");
        await old.ExecuteAsync("INSERT INTO d.t VALUES (1)");
        await UntilAsync(async () => await LoggedAsync(heir) == await LoggedAsync(old), "the replica has it");
        await heir.ExecuteAsync("STOP SLAVE");
        await old.ExecuteAsync("INSERT INTO d.t VALUES (2)");
        await old.ExecuteAsync("INSERT INTO d.t VALUES (3)");
        await UntilAsync(async () => store.End.Position == await LoggedAsync(old), "the store has more than the replica");
        using var cursor = StoreCursor.Open(store, store.End.Position);
        await old.KillAsync();
        await heir.ExecuteAsync("INSERT INTO d.t VALUES (4)");
        view.Publish(ViewOf(heir));
        await UntilAsync(async () => store.End.Position == await LoggedAsync(heir), "it follows the new one");
        Assert.Equal(1, store.End.Branch);
        // Who had read what was lost is told, and does not read on as if nothing had been.
        Assert.Equal(BinlogTrouble.Diverged, Assert.Throws<BinlogException>(() => cursor.TryNext()).Trouble);
        Assert.DoesNotContain(Read(store, store.Begin!.Value), static one => one.Item1 is { Server: 1, Sequence: > 3 });
        Assert.Equal(2u, store.End.Position[0].Server);
        await stop.CancelAsync();
        await running;
    }

    static string Statement(Random random, ref int written) => random.Next(10) switch
    {
        0 => $"UPDATE d.t SET a = CONCAT(a, '!') WHERE id % 7 = {random.Next(7)}",
        1 => $"DELETE FROM d.t WHERE id = {random.Next(1, written + 2)}",
        2 => $"ALTER TABLE d.t COMMENT '{++written}'",
        3 => $"INSERT INTO d.t (b) VALUES (REPEAT('{(char)('a' + random.Next(26))}', {random.Next(300_000)}))",
        _ => $"INSERT INTO d.t (a) VALUES ('{++written}')",
    };

    LogStore Open(long segmentBytes) => LogStore.Open(new LogStoreOptions { Directory = _directory, SegmentBytes = segmentBytes }, TimeProvider.System);

    static LogFollower Follower(LogStore store, Published<ClusterView> view) =>
        new(store, static () => new FollowerOptions { Login = new ServerLogin("monitor", RealServer.Password), ReaderId = 77 }, view, TimeProvider.System, NullLogger.Instance);

    static List<(Gtid, ulong)> Read(LogStore store, Position from)
    {
        using var reader = new StoreReader(store, from);
        return [.. reader.ToEnd().Where(static t => t.IsLast).Select(static t => (t.Gtid, t.Checksum))];
    }

    static ClusterView ViewOf(RealServer server)
    {
        var primary = new ServerView { State = new ServerState(new ServerId($"s{server.Id}"), 1), Address = server.Address, Role = ServerRole.Primary, Health = ServerHealth.Up, Number = (uint)server.Id };
        return new ClusterView { Cluster = "c", Primary = primary, Servers = [primary] };
    }

    static async Task<Position> LoggedAsync(RealServer server) =>
        Position.TryParse((await server.ExecuteAsync("SELECT @@gtid_binlog_pos")).Rows[0][0]!, out var position) ? position : throw new FormatException();

    static Task UntilAsync(Func<bool> condition, string what) => UntilAsync(() => Task.FromResult(condition()), what);

    static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        for (var since = Stopwatch.StartNew(); !await condition(); await Task.Delay(5, Ct))
            Assert.True(since.Elapsed < TimeSpan.FromSeconds(20), what);
    }

    static async Task<string> MariadbBinlogAsync(string[] files)
    {
        using var process = Process.Start(new ProcessStartInfo("mariadb-binlog", ["--verify-binlog-checksum", .. files]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync(Ct);
        var text = await process.StandardOutput.ReadToEndAsync(Ct);
        await process.WaitForExitAsync(Ct);
        Assert.True(process.ExitCode == 0, await errors);
        return text;
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
