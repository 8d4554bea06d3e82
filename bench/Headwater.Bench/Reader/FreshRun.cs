using System.Buffers.Binary;
using System.Diagnostics;
using Headwater.Bench.Lab;
using Headwater.Bench.Report;
using Headwater.Bench.Sql;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Servers;

namespace Headwater.Bench.Reader;

/// <summary>How long behind a commit's OK the transaction is at a reader who follows. Writer and reader are in one process and look at one clock.</summary>
static class FreshRun
{
    const int CommitsPerSecond = 50;
    const double Wanted = 20;

    public static void Run(ReaderOptions options, string folder, Bars bars)
    {
        using var server = LoggingServer.Start(folder);
        var commits = options.Seconds * CommitsPerSecond;
        var (sent, acknowledged, seen) = (new long[commits], new long[commits], new long[commits]);
        Position from;
        using (var root = server.AsRoot())
        {
            root.Query("CREATE DATABASE f");
            root.Query("CREATE TABLE f.t (id int PRIMARY KEY, a varchar(100))");
            from = ReaderChild.PositionOf(root.Scalar("SELECT @@global.gtid_binlog_pos"));
        }
        var steal = new StolenTime();
        var reading = FollowAsync(server, from, seen);
        var chance = Chance.For(options.Seed, 2);
        using (var writer = server.AsRoot())
        {
            for (var i = 0; i < commits; i++)
            {
                Thread.Sleep(chance.Below(2000 / CommitsPerSecond));
                sent[i] = Stopwatch.GetTimestamp();
                writer.Query($"INSERT INTO f.t VALUES ({i}, 'some text')");
                acknowledged[i] = Stopwatch.GetTimestamp();
            }
        }
        if (!reading.Wait(TimeSpan.FromSeconds(30))) throw new UsageException("the reader did not see the last commit within 30 s");
        var table = new TextTable("ms", "p50", "p90", "p99", "p99.9", "most");
        var behindOk = Since(acknowledged, seen);
        Row(table, "commit's OK to the transaction at the reader", behindOk);
        Row(table, "statement sent to the transaction at the reader", Since(sent, seen));
        Row(table, "statement sent to the commit's OK", Since(sent, acknowledged));
        Console.WriteLine($"fresh      {commits:N0} commits, some {CommitsPerSecond} a second; less than 0: the reader had it before the writer had its OK");
        table.Print(Console.Out);
        Console.WriteLine($"stolen time: {steal.ShareSinceLastLook():P1}");
        var p99 = Spread.Percentile(behindOk, 0.99);
        bars.Check(p99 <= Wanted, "freshness of the feed p99 ≤ 20 ms behind the commit", $"p50 {Spread.Percentile(behindOk, 0.5):0.00} ms, p99 {p99:0.00} ms, most {behindOk[^1]:0.00} ms");
    }

    static double[] Since(long[] from, long[] to) => [.. from.Zip(to, static (from, to) => Stopwatch.GetElapsedTime(from, to).TotalMilliseconds).Order()];

    static void Row(TextTable table, string name, double[] sorted) =>
        table.Row(name, $"{Spread.Percentile(sorted, 0.5):0.00}", $"{Spread.Percentile(sorted, 0.9):0.00}", $"{Spread.Percentile(sorted, 0.99):0.00}", $"{Spread.Percentile(sorted, 0.999):0.00}", $"{sorted[^1]:0.00}");

    static async Task FollowAsync(LoggingServer server, Position from, long[] seen)
    {
        await foreach (var transaction in BinlogStream.ReadAsync(await server.ConnectAsync(), from, new BinlogOptions { ReaderId = 4711 }, default))
        {
            var id = BinaryPrimitives.ReadInt32LittleEndian(((LoggedRows)transaction.Changes[0])[0].After[0].Raw);
            seen[id] = Stopwatch.GetTimestamp();
            if (id == seen.Length - 1) return;
        }
    }
}
