using System.Diagnostics;
using System.Globalization;
using Headwater.Bench.Lab;
using Headwater.Bench.Report;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Reader;

/// <summary>How many row changes a second one core reads, next to mariadb-binlog on the same log, and whether memory stays where it is.</summary>
static class RateRun
{
    const int RowsPerTransaction = 100;
    const double Wanted = 100_000;

    sealed record Shape(string Name, string From, string Until, string File);

    public static void Run(ReaderOptions options, string folder, Bars bars)
    {
        using var server = LoggingServer.Start(folder);
        var clock = Stopwatch.StartNew();
        var shapes = Write(server, options.Changes);
        Console.WriteLine($"rate       written in {clock.Elapsed.TotalSeconds:0} s: rows of 5 small columns, row images FULL; processor time is the reader's alone, the server's is not in it");
        var steal = new StolenTime();
        var table = new TextTable("what, by whom", "rows", "s", "CPU s", "rows/s", "rows/s of one core", "MB of log/CPU s", "peak MB", "bytes allocated/row");
        var least = double.MaxValue;
        foreach (var shape in shapes)
        {
            string[] span = shape.From.Length == 0 ? ["--until", shape.Until] : ["--from", shape.From, "--until", shape.Until];
            var counted = Counted.Run(["--port", server.Port.ToString(CultureInfo.InvariantCulture), .. span]);
            Row(table, $"{shape.Name}: Headwater, protocol", counted);
            least = Math.Min(least, counted.Rows / counted.Cpu);
            Row(table, $"{shape.Name}: Headwater, files", Counted.Run(["--index", server.Index, .. span]));
            Row(table, $"{shape.Name}: Headwater, protocol, every value written out", Counted.Run(["--port", server.Port.ToString(CultureInfo.InvariantCulture), "--render", .. span]));
            string[] others = ["-R", "--host=127.0.0.1", $"--port={server.Port}", "--user=reader", "--password=reads", "--skip-ssl"];
            Other(table, $"{shape.Name}: mariadb-binlog --raw", counted, ["mariadb-binlog", "--no-defaults", "--raw", $"--result-file={folder}/raw-", .. others, shape.File]);
            foreach (var raw in Directory.GetFiles(folder, "raw-*")) File.Delete(raw);
            Other(table, $"{shape.Name}: mariadb-binlog -vv", counted, ["mariadb-binlog", "--no-defaults", "-vv", "--base64-output=DECODE-ROWS", .. others, shape.File]);
            Other(table, $"{shape.Name}: mariadb-binlog -vv, files", counted, ["mariadb-binlog", "--no-defaults", "-vv", "--base64-output=DECODE-ROWS", Path.Combine(folder, "data", shape.File)]);
        }
        table.Print(Console.Out);
        var all = Counted.Run("--port", server.Port.ToString(CultureInfo.InvariantCulture));
        Console.WriteLine($"all        {all.Rows:N0} row changes in one reading: {all.Seconds:0.0} s, {all.Cpu:0.0} s of processor; peak memory {all.EarlyPeak / 1e6:0} MB after the first million, {all.Peak / 1e6:0} MB at the end; {all.Collections:N0} collections");
        Console.WriteLine($"stolen time: {steal.ShareSinceLastLook():P1}");
        bars.Check(least >= Wanted, "≥ 100,000 row changes a second of one core, over the protocol, in every shape", $"{least:N0}");
        bars.Check(all.Peak <= all.EarlyPeak * 1.25 + 8e6, $"constant memory over {all.Rows:N0} row changes", $"peak {all.EarlyPeak / 1e6:0} MB after the first million, {all.Peak / 1e6:0} MB at the end");
    }

    static void Row(TextTable table, string name, Counted counted) => table.Row(name, TextTable.Count(counted.Rows), $"{counted.Seconds:0.00}", $"{counted.Cpu:0.00}", $"{counted.Rows / counted.Seconds:N0}",
        $"{counted.Rows / counted.Cpu:N0}", $"{counted.Bytes / 1e6 / counted.Cpu:0}", $"{counted.Peak / 1e6:0}", $"{(double)counted.Allocated / counted.Rows:0}");

    static void Other(TextTable table, string name, Counted counted, string[] command)
    {
        var (seconds, cpu, peak) = Measured.Run(command);
        table.Row(name, TextTable.Count(counted.Rows), $"{seconds:0.00}", $"{cpu:0.00}", $"{counted.Rows / seconds:N0}", $"{counted.Rows / cpu:N0}", $"{counted.Bytes / 1e6 / cpu:0}", $"{peak / 1e6:0}", "-");
    }

    // Each shape begins a file of its own, which mariadb-binlog is given.
    static List<Shape> Write(LoggingServer server, int changes)
    {
        using var root = server.AsRoot();
        root.Query("SET GLOBAL max_binlog_size=1073741824");
        root.Query("CREATE DATABASE r");
        root.Query("CREATE TABLE r.t (id int PRIMARY KEY AUTO_INCREMENT, a bigint NOT NULL, b varchar(40), c datetime(3), d decimal(12,2)) CHARSET utf8mb4");
        root.Query("CREATE TABLE r.one LIKE r.t");
        var half = changes / 2 / RowsPerTransaction * RowsPerTransaction;
        var shapes = new List<Shape>();
        Begin(root, shapes, $"{RowsPerTransaction} inserts a transaction");
        for (var first = 1; first <= half; first += RowsPerTransaction) root.Query($"INSERT INTO r.t SELECT seq, seq*7919, SHA1(seq), '2024-01-01'+INTERVAL seq SECOND, seq/7 FROM r.seq_{first}_to_{first + RowsPerTransaction - 1}");
        End(root, shapes);
        Begin(root, shapes, $"{RowsPerTransaction} updates a transaction");
        for (var first = 1; first <= half; first += RowsPerTransaction) root.Query($"UPDATE r.t SET a=a+1, d=d+1 WHERE id BETWEEN {first} AND {first + RowsPerTransaction - 1}");
        End(root, shapes);
        // Enough that a process's start does not count.
        var alone = Math.Max(100_000, changes / 50);
        Begin(root, shapes, "1 insert a transaction");
        for (var i = 0; i < alone; i++) root.Query($"INSERT INTO r.one (a,b,c,d) VALUES ({i},'{i * 31L:D20}','2024-01-01',{i / 3})");
        End(root, shapes);
        Begin(root, shapes, "1 update a transaction");
        for (var i = 1; i <= alone; i++) root.Query($"UPDATE r.one SET a=a+1 WHERE id={i}");
        End(root, shapes);
        return shapes;
    }

    static void Begin(SqlClient root, List<Shape> shapes, string name)
    {
        root.Query("FLUSH BINARY LOGS");
        shapes.Add(new Shape(name, root.Scalar("SELECT @@global.gtid_binlog_pos"), "", ""));
        root.Query("SHOW MASTER STATUS");
        shapes[^1] = shapes[^1] with { File = root.Text(0, 0) };
    }

    static void End(SqlClient root, List<Shape> shapes) => shapes[^1] = shapes[^1] with { Until = root.Scalar("SELECT @@global.gtid_binlog_pos") };
}
