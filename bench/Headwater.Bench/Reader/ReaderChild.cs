using System.Diagnostics;
using System.Globalization;
using System.Text;
using Headwater.Bench.Lab;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Servers;

namespace Headwater.Bench.Reader;

/// <summary>
/// The process that reads, and that may be killed at any moment. Where it stands is what it has written: a line for each transaction, and no other state.
/// </summary>
static class ReaderChild
{
    public const string Verb = "reader-child";
    const uint ReaderId = 4711;

    public static int Run(Arguments arguments)
    {
        var port = arguments.Number("port", 0);
        var index = arguments.Text("index");
        var from = PositionOf(arguments.Text("from"));
        var until = PositionOf(arguments.Text("until"));
        var file = arguments.Text("out");
        var renders = arguments.Flag("render");
        arguments.NothingElse();
        if (file is null) CountAsync(port, index, from, until, renders).GetAwaiter().GetResult();
        else AppendAsync(port, until, file).GetAwaiter().GetResult();
        return 0;
    }

    public static Position PositionOf(string? text) => Position.TryParse(text ?? "", out var position) ? position : throw new UsageException($"{text} is no position");

    /// <summary>The lines of a file; what a kill left of a last one is cut off.</summary>
    public static List<string> Lines(string file)
    {
        if (!File.Exists(file)) return [];
        var text = File.ReadAllText(file);
        var whole = text.LastIndexOf('\n') + 1;
        if (whole < text.Length)
        {
            using var stream = File.OpenWrite(file);
            stream.SetLength(whole);
        }
        return [.. text[..whole].Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    public static string Line(Transaction transaction) => string.Create(CultureInfo.InvariantCulture, $"{transaction.Gtid} {transaction.Checksum:x16}");

    static async Task AppendAsync(int port, Position until, string file)
    {
        var position = Lines(file).Aggregate(Position.Empty, static (position, line) => position.With(PositionOf(line[..line.IndexOf(' ', StringComparison.Ordinal)])[0]));
        await using var stream = new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        while (!position.Covers(until))
            try
            {
                await foreach (var transaction in BinlogStream.ReadAsync(await LoggingServer.ConnectAsync(port, default), position, new BinlogOptions { ReaderId = ReaderId }, default))
                {
                    stream.Write(Encoding.ASCII.GetBytes(Line(transaction) + "\n"));
                    position = position.With(transaction.Gtid);
                    if (position.Covers(until)) break;
                }
            }
            catch (ServerUnreachableException)
            {
                // From where we stand, again.
            }
    }

    // What reading takes: each transaction is looked at as one would who only counts rows, or who writes out every value.
    static async Task CountAsync(int port, string? index, Position from, Position until, bool renders)
    {
        var text = new StringBuilder();
        long transactions = 0, rows = 0, bytes = 0, early = 0;
        var position = from;
        var cpu = Environment.CpuUsage.TotalTime;
        var clock = Stopwatch.StartNew();
        var log = index is null
            ? BinlogStream.ReadAsync(await LoggingServer.ConnectAsync(port, default), from, new BinlogOptions { StopAtEnd = true }, default)
            : BinlogFiles.Open(index).ReadAsync(from, null, default);
        await foreach (var transaction in log)
        {
            transactions++;
            bytes += transaction.Bytes;
            foreach (var change in transaction.Changes)
                if (change is LoggedRows changed)
                {
                    rows += changed.Count;
                    if (renders) Render(changed, text);
                }
            if (early == 0 && rows >= 1_000_000) early = ProcStat.StatusBytes(Environment.ProcessId, "VmHWM");
            if (until.IsEmpty) continue;
            position = position.With(transaction.Gtid);
            if (position.Covers(until)) break;
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{transactions} {rows} {bytes} {clock.Elapsed.TotalSeconds:F6} {(Environment.CpuUsage.TotalTime - cpu).TotalSeconds:F6} {early} {ProcStat.StatusBytes(Environment.ProcessId, "VmHWM")} {GC.GetTotalAllocatedBytes()} {GC.CollectionCount(0)}"));
    }

    static void Render(LoggedRows rows, StringBuilder text)
    {
        for (var i = 0; i < rows.Count; i++)
        {
            text.Clear();
            foreach (var image in (ReadOnlySpan<RowImage>)[rows[i].Before, rows[i].After])
                for (var ordinal = 0; ordinal < rows.Table.Columns.Count; ordinal++)
                    if (image.Has(ordinal)) image[ordinal].AppendSqlLiteral(text);
        }
    }
}
