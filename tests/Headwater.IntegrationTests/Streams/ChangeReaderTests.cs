using System.Text.Json;
using Headwater.Core.Consumers;
using Headwater.IntegrationTests.Fixtures;
using Headwater.IntegrationTests.Servers;
using Headwater.Wire.MySql.Binlog;

namespace Headwater.IntegrationTests.Streams;

/// <summary>What consumers get of a real server's log, and of its tables.</summary>
public sealed class ChangeReaderTests
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_goes_on_from_anywhere_gets_the_rest_and_a_large_transaction_has_one_end()
    {
        await using var followed = await FollowedServer.StartAsync();
        await followed.Server.ExecuteAsync("CREATE TABLE d.big (id int primary key auto_increment, b longtext)");
        await followed.Server.ExecuteAsync("INSERT INTO d.big (b) VALUES ('small')");
        // Larger than the pieces that it is read in, twice.
        await followed.Server.ExecuteAsync("INSERT INTO d.big (b) SELECT REPEAT('x', 200000) FROM d.seq_1_to_100");
        await followed.Server.ExecuteAsync("DELETE FROM d.big WHERE id < 3");
        await followed.HandedOnAsync();
        var all = followed.All();
        Assert.Equal([.. all.Select(static change => change.Id).Distinct()], all.Select(static change => change.Id));
        var large = all.FindAll(static change => change.Kind == ChangeKind.Insert && change.Row!.Value.After[1].Raw.Length > 1000);
        Assert.Equal(Enumerable.Range(0, 100).Select(static index => (long)index), large.Select(static change => change.Index));
        Assert.True(large[0].IsFirst);
        Assert.Equal(100, Assert.Single(large, static change => change.Count is not null).Count);
        Assert.Equal(100, large[^1].Count);
        for (var at = 0; at < all.Count; at += 7)
        {
            Assert.True(FeedPlace.TryParse(all[at].Place.ToString(), out var place));
            Assert.Equal(all.Skip(at + 1).Select(static change => (change.Id, change.Count, change.Place)), followed.All(place).Select(static change => (change.Id, change.Count, change.Place)));
        }
        Assert.DoesNotContain(followed.All(tables: new(["e.*"])), static change => change.Table is not null);

    }

    [Fact]
    public async Task A_value_of_any_type_is_written_the_same_whether_it_was_logged_or_copied()
    {
        await using var followed = await FollowedServer.StartAsync();
        foreach (var sql in EveryType.Create("d.every")) await followed.Server.ExecuteAsync(sql);
        await using (var connection = await followed.Server.ConnectAsync())
        {
            await connection.QueryAsync("SET NAMES utf8mb4, sql_mode='', time_zone='+00:00'", Ct);
            foreach (var sql in EveryType.Inserts("d.every")) await connection.QueryAsync(sql, Ct);
        }
        await followed.HandedOnAsync();
        var logged = Rows(followed.All().Where(static change => change.Kind == ChangeKind.Insert));
        var copied = new List<ChangeRecord>();
        await foreach (var row in followed.Feed.Source.SnapshotAsync(TablePatterns.All, Ct)) copied.Add(row);
        Assert.Equal(ChangeKind.SnapshotEnd, copied[^1].Kind);
        Assert.Equal(logged, Rows(copied.SkipLast(1)));
    }

    [Fact]
    public async Task Where_nothing_is_written_a_copy_is_had_all_the_same_and_what_comes_then_is_not_missed()
    {
        await using var followed = await FollowedServer.StartAsync();
        var copied = new List<ChangeRecord>();
        await foreach (var row in followed.Feed.Source.SnapshotAsync(TablePatterns.All, Ct)) copied.Add(row);
        Assert.Equal(ChangeKind.SnapshotEnd, Assert.Single(copied).Kind);
        Assert.True(followed.Feed.Store.IsEmpty);
        using var reader = followed.Feed.Source.Read(TablePatterns.All, copied[0].Place);
        Assert.Equal(BinlogTrouble.Purged, Assert.Throws<BinlogException>(() => followed.Feed.Source.Read(TablePatterns.All, default)).Trouble);
        await followed.Server.ExecuteAsync("CREATE TABLE d.t (id int primary key)");
        await followed.HandedOnAsync();
        Assert.Equal("CREATE TABLE d.t (id int primary key)", reader.TryNext()!.Statement!.ToString());
        Assert.Equal(BinlogTrouble.Purged, Assert.Throws<BinlogException>(() => followed.Feed.Source.Read(TablePatterns.All, default)).Trouble);
    }

    [Fact]
    public async Task A_copy_and_what_follows_it_are_the_table_while_others_write()
    {
        var seed = Seeds.Of(nameof(ChangeReaderTests));
        await using var followed = await FollowedServer.StartAsync();
        await followed.CountUpAsync(seed, 1, 10);
        var goesOn = true;
        var writing = followed.CountUpAsync(seed, writers: 3, 30_000, () => Volatile.Read(ref goesOn));
        try
        {
            var copies = new List<(Dictionary<int, int> Rows, FeedPlace Place)>();
            for (var i = 0; i < 5; i++)
            {
                var (rows, place) = (new Dictionary<int, int>(), default(FeedPlace));
                await foreach (var row in followed.Feed.Source.SnapshotAsync(new(["d.counters"]), Ct))
                {
                    place = row.Place;
                    if (row.Kind == ChangeKind.SnapshotEnd) continue;
                    var (id, n) = Counter(row);
                    rows.Add(id, n);
                }
                copies.Add((rows, place));
                await Task.Delay(100, Ct);
            }
            Volatile.Write(ref goesOn, false);
            await writing;
            await followed.HandedOnAsync();
            var table = (await followed.Server.ExecuteAsync("SELECT id, n FROM d.counters")).Rows.ToDictionary(static row => Number(row[0]), static row => Number(row[1]));
            foreach (var (rows, place) in copies)
            {
                var stream = followed.All(place).FindAll(static change => change.Kind == ChangeKind.Update);
                foreach (var change in stream)
                {
                    var (id, n) = Counter(change);
                    // One more each time: nothing between the copy and the stream is missing, and nothing comes twice.
                    Assert.Equal(rows[id] + 1, n);
                    rows[id] = n;
                }
                Assert.Equal(table, rows);
                TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}: copy at {place}, {stream.Count} changes behind it");
            }
            Assert.Equal(copies.Count, copies.Select(static copy => copy.Place).Distinct().Count());
        }
        finally
        {
            Volatile.Write(ref goesOn, false);
            await writing;
        }
    }

    static (int, int) Counter(ChangeRecord change)
    {
        var after = JsonDocument.Parse(ChangeJson.Of(change)).RootElement.GetProperty("after");
        return (after.GetProperty("id").GetInt32(), after.GetProperty("n").GetInt32());
    }

    static int Number(string? text) => int.Parse(text!, System.Globalization.CultureInfo.InvariantCulture);

    static List<string> Rows(IEnumerable<ChangeRecord> changes) =>
        [.. changes.Select(static change => $"{change.Table} {JsonDocument.Parse(ChangeJson.Of(change)).RootElement.GetProperty("after").GetRawText()}").Order(StringComparer.Ordinal)];
}
