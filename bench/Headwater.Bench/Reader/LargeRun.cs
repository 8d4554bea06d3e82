using System.Diagnostics;
using System.Globalization;
using Headwater.Bench.Report;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Reader;

/// <summary>One transaction that is larger than one would wish, read by both; and what memory the reader needs for it.</summary>
static class LargeRun
{
    const int SmallRow = 130, LargeRow = 1 << 20;

    public static void Run(ReaderOptions options, string folder, Bars bars)
    {
        using var server = LoggingServer.Start(folder, "--binlog-cache-size=1M");
        var clock = Stopwatch.StartNew();
        using (var root = server.AsRoot())
        {
            Create(root);
            Write(root, options.Large);
        }
        Console.WriteLine($"large      written in {clock.Elapsed.TotalSeconds:0.0} s");
        foreach (var fromFiles in (bool[])[false, true])
        {
            var way = fromFiles ? "from the files" : "over the protocol";
            var counted = Counted.Run(fromFiles ? ["--index", server.Index] : ["--port", server.Port.ToString(CultureInfo.InvariantCulture)]);
            clock.Restart();
            var comparison = ValuesRun.ReadBothAsync(server, fromFiles).GetAwaiter().GetResult();
            Console.WriteLine($"{way}: {counted.Bytes / 1e6:N0} MB in {counted.Transactions} transactions, {counted.Rows:N0} rows; read in {counted.Seconds:0.0} s ({counted.Cpu:0.0} s of processor), peak memory {counted.Peak / 1e6:N0} MB; compared in {clock.Elapsed.TotalSeconds:0.0} s");
            foreach (var example in comparison.Examples) Console.WriteLine($"  {example}");
            bars.Check(comparison.Differences == 0 && comparison.Rows == counted.Rows && counted.Bytes >= options.Large * 1_000_000L, $"a transaction of {options.Large:N0} MB agrees row for row, {way}", $"{comparison.Rows:N0} rows, {comparison.Values:N0} values, {comparison.Differences} differences; peak memory of the reader {counted.Peak / 1e6:N0} MB");
        }
    }

    public static void Create(SqlClient root)
    {
        root.Query("CREATE DATABASE large");
        root.Query("CREATE TABLE large.t (id bigint PRIMARY KEY AUTO_INCREMENT, a int, b varchar(200), c datetime(3), d decimal(12,2), e longblob) CHARSET utf8mb4");
    }

    /// <summary>Half of it in small rows, half in rows of 1 MB, then a change of some; one transaction.</summary>
    public static void Write(SqlClient root, int megabytes)
    {
        var small = megabytes * 450_000L / SmallRow;
        root.Query("START TRANSACTION");
        for (long done = 0; done < small; done += 100_000)
            root.Query($"INSERT INTO large.t (a,b,c,d) SELECT seq*7919, REPEAT(CHAR(97+seq%26), 60+seq%60), '2024-01-01'+INTERVAL seq SECOND, seq/7 FROM large.seq_1_to_{Math.Min(100_000, small - done)}");
        for (var i = 0; i < Math.Max(1, megabytes * 450_000L / LargeRow); i++) root.Query($"INSERT INTO large.t (a,e) VALUES ({i}, REPEAT(UNHEX(SHA2({i},512)), {LargeRow / 64}))");
        root.Query($"UPDATE large.t SET a=a+1, d=-d WHERE e IS NULL AND id % 4 = 0");
        root.Query($"DELETE FROM large.t WHERE id % 50 = 7");
        root.Query("COMMIT");
    }
}
