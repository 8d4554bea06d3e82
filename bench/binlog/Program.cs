// How fast a log's files are read: dotnet run -c Release --project bench/binlog -- INDEX-FILE [rounds]
using System.Diagnostics;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Servers;

if (args.Length == 0)
{
    Console.Error.WriteLine("binlog: name the index file of a log, such as /var/lib/mysql/binlog.index.");
    return 64;
}
for (var rounds = args.Length > 1 ? int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) : 3; rounds > 0; rounds--)
{
    var log = BinlogFiles.Open(args[0]);
    long transactions = 0, rows = 0, bytes = 0, allocated = GC.GetTotalAllocatedBytes();
    var start = Stopwatch.GetTimestamp();
    var before = Environment.CpuUsage.TotalTime;
    await foreach (var transaction in log.ReadAsync(Position.Empty, null, CancellationToken.None))
    {
        transactions++;
        bytes += transaction.Bytes;
        foreach (var change in transaction.Changes)
            if (change is LoggedRows changed) rows += changed.Count;
    }
    var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
    var busy = (Environment.CpuUsage.TotalTime - before).TotalSeconds;
    Console.WriteLine($"{bytes / 1e6:F0} MB, {transactions} transactions, {rows} rows in {seconds:F2} s ({busy:F2} s of processor): {bytes / 1e6 / seconds:F0} MB/s, {transactions / seconds:F0} transactions/s, {rows / seconds:F0} rows/s, {(GC.GetTotalAllocatedBytes() - allocated) / (double)bytes:F2} bytes allocated a byte");
}
return 0;
