using Headwater.Bench.Report;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Servers;

namespace Headwater.Bench.Reader;

/// <summary>The same workload on two servers, one of which logs no names: those that the history of its definitions gives, against those in the other's log.</summary>
static class NamesRun
{
    public static void Run(ReaderOptions options, string folder, Bars bars)
    {
        using var named = LoggingServer.Start(Path.Combine(folder, "full"));
        using var bare = LoggingServer.Start(Path.Combine(folder, "bare"), "--binlog-row-metadata=NO_LOG");
        var (start, from) = (default(SchemaStart), Position.Empty);
        foreach (var server in (LoggingServer[])[named, bare])
        {
            using var root = server.AsRoot();
            var workload = new Workload(root, options.Seed);
            workload.Begin();
            if (server == bare) (start, from) = SchemaReader.ReadAsync(_ => server.ConnectAsync(), default).GetAwaiter().GetResult();
            workload.Run(options.Steps);
        }
        foreach (var fromFiles in (bool[])[false, true])
            CompareAsync(named, bare, new SchemaHistory(start!), from, fromFiles, bars).GetAwaiter().GetResult();
    }

    static async Task CompareAsync(LoggingServer named, LoggingServer bare, SchemaHistory history, Position from, bool fromFiles, Bars bars)
    {
        var byHistory = fromFiles
            ? BinlogFiles.Open(bare.Index).ReadWithHistoryAsync(from, history, default)
            : BinlogStream.ReadAsync(await bare.ConnectAsync(), from, new BinlogOptions { StopAtEnd = true, History = history }, default);
        await using var fulls = (await ValuesRun.OpenAsync(named, fromFiles, from)).GetAsyncEnumerator();
        long changes = 0, columns = 0, unnamed = 0, definitions = 0;
        var wrong = new List<string>();
        await foreach (var transaction in byHistory)
        {
            if (!await fulls.MoveNextAsync() || fulls.Current.Gtid != transaction.Gtid || fulls.Current.Changes.Count != transaction.Changes.Count)
            {
                wrong.Add($"{transaction} is not the same in both logs");
                break;
            }
            for (var i = 0; i < transaction.Changes.Count; i++)
            {
                if (transaction.Changes[i] is LoggedStatement { Kind: StatementKind.Definition }) definitions++;
                if (transaction.Changes[i] is not LoggedRows rows) continue;
                changes++;
                if (!rows.Table.HasNames) unnamed++;
                else columns += Compare(transaction, ((LoggedRows)fulls.Current.Changes[i]).Table, rows.Table, wrong);
            }
        }
        var way = fromFiles ? "from the files" : "over the protocol";
        Console.WriteLine($"names      {way}: {definitions:N0} definitions, {changes:N0} changes of rows, {columns:N0} columns compared, {unnamed:N0} changes of tables that are not known; {wrong.Count} wrong");
        foreach (var one in wrong.Take(20)) Console.WriteLine($"  {one}");
        bars.Check(wrong.Count == 0 && columns > 0, $"names, signs, character sets and keys by history are those of binlog_row_metadata=FULL, {way}", $"{columns:N0} columns, {wrong.Count} wrong; {100.0 * (changes - unnamed) / changes:0.0} % of changes named");
    }

    static int Compare(Transaction transaction, LoggedTable full, LoggedTable ours, List<string> wrong)
    {
        for (var i = 0; i < ours.Columns.Count; i++)
        {
            var (theirs, mine) = (full.Columns[i], ours.Columns[i]);
            var where = $"{transaction.Gtid}: {full} column {i + 1}";
            if (mine.Name != theirs.Name) wrong.Add($"{where} is {mine.Name}, and {theirs.Name} in the log");
            if (theirs.IsUnsigned is { } unsigned && theirs.Type == LoggedType.Integer && mine.IsUnsigned != unsigned) wrong.Add($"{where} {mine.Name}: unsigned is {mine.IsUnsigned}, and {unsigned} in the log");
            if (theirs.Type is LoggedType.Text or LoggedType.FixedText && mine.Charset != theirs.Charset) wrong.Add($"{where} {mine.Name}: its character set is {mine.Charset}, and {theirs.Charset} in the log");
            // The log calls a unique key primary where there is no other.
            if (ours.HasPrimaryKey && mine.InPrimaryKey != theirs.InPrimaryKey) wrong.Add($"{where} {mine.Name}: in the primary key by one only");
        }
        return ours.Columns.Count;
    }
}
