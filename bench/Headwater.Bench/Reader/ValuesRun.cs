using System.Diagnostics;
using Headwater.Bench.Report;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Servers;

namespace Headwater.Bench.Reader;

/// <summary>A workload of everything, read by both: over the protocol and from the files.</summary>
static class ValuesRun
{
    public static void Run(ReaderOptions options, string folder, Bars bars)
    {
        using var server = LoggingServer.Start(folder);
        var clock = Stopwatch.StartNew();
        using (var root = server.AsRoot())
        {
            var workload = new Workload(root, options.Seed);
            workload.Begin();
            workload.Run(options.Steps);
            Console.WriteLine($"workload   {options.Steps:N0} steps in {clock.Elapsed.TotalSeconds:0.0} s; {workload.Refused:N0} statements were refused; done: {string.Join(", ", workload.Done.Select(static pair => $"{pair.Key} {pair.Value:N0}"))}");
        }
        foreach (var fromFiles in (bool[])[false, true])
        {
            var comparison = ReadBothAsync(server, fromFiles).GetAwaiter().GetResult();
            var way = fromFiles ? "from the files" : "over the protocol";
            Console.WriteLine($"{way}: {comparison.Transactions:N0} transactions, {comparison.Statements:N0} statements, {comparison.Rows:N0} rows, {comparison.Values:N0} values; {comparison.Differences:N0} differences");
            foreach (var example in comparison.Examples) Console.WriteLine($"  {example}");
            bars.Check(comparison.Differences == 0 && comparison.Rows > 0, $"row for row, value for value as mariadb-binlog -vv reads it, {way}", $"{comparison.Rows:N0} rows, {comparison.Values:N0} values, {comparison.Differences:N0} differences");
            if (fromFiles) continue;
            var table = new TextTable("type as mariadb-binlog names it", "values");
            foreach (var (type, count) in comparison.ByType.OrderBy(static pair => pair.Key, StringComparer.Ordinal)) table.Row(type, TextTable.Count(count));
            table.Print(Console.Out);
        }
    }

    public static async Task<Comparison> ReadBothAsync(LoggingServer server, bool fromFiles)
    {
        using var theirs = new VerboseLog(server.Others(fromFiles, "-vv", "--base64-output=DECODE-ROWS"));
        var comparison = new Comparison();
        await comparison.RunAsync(await OpenAsync(server, fromFiles, Position.Empty), theirs);
        return comparison;
    }

    public static async Task<IAsyncEnumerable<Transaction>> OpenAsync(LoggingServer server, bool fromFiles, Position from) => fromFiles
        ? BinlogFiles.Open(server.Index).ReadAsync(from, null, default)
        : BinlogStream.ReadAsync(await server.ConnectAsync(), from, new BinlogOptions { StopAtEnd = true }, default);
}
