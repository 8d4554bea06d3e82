using Headwater.Core;
using Headwater.Core.Recovery;
using Headwater.Core.Topology;
using Headwater.Servers;
using Headwater.Wire.MySql.Binlog;

namespace Headwater.Control.Recovery;

/// <summary>Brings an <see cref="OpenTail"/> to the primary, from the copy of the log. It can be begun anew at any time: the ledger knows what is there.</summary>
sealed class OpenTailJob(string name, ServerId primary, ServerAddress address, RecoveryOptions options, Action<Underway> tell, TimeProvider time)
{
    public async Task<RecoveryReport> RunAsync(CancellationToken ct)
    {
        var began = time.GetTimestamp();
        var report = new RecoveryReport { Server = Path.GetFileName(name), Primary = primary.Name, DryRun = false };
        try
        {
            var tail = OpenTail.Read(name);
            report = report with
            {
                Server = tail.Server,
                CommonEnd = tail.CommonEnd,
                First = tail.First,
                Last = tail.Last,
                Transactions = tail.Counts.All,
                Bytes = tail.Bytes,
                Acknowledged = tail.Counts.Acknowledged,
                Unknown = tail.Counts.Unknown,
                NeverAcknowledged = tail.Counts.NeverAcknowledged,
                Went = true,
                Choice = $"{tail.Server} was rewound first, as nobody else could acknowledge what is brought back",
            };
            report = await RunAsync(tail, report, ct);
        }
        catch (OperationCanceledException)
        {
            report = report with { Trouble = "this process ends" };
        }
        catch (Exception e) when (e is ServerException or IOException or InvalidDataException or BinlogException or InvalidOperationException or UnauthorizedAccessException)
        {
            report = report with { Trouble = e.Message };
        }
        return report with { Seconds = Math.Round(time.GetElapsedTime(began).TotalSeconds, 3) };
    }

    async Task<RecoveryReport> RunAsync(OpenTail tail, RecoveryReport report, CancellationToken ct)
    {
        await using var connection = await ServerConnection.ConnectAsync(address, options.Login, ct);
        if ((await connection.QueryAsync("SELECT GET_LOCK('headwater recovery', 0)", ct)).Scalar != "1") throw new InvalidOperationException("another process is bringing something in");
        var tables = await TableFactsReader.ReadAsync(connection, ct);
        // First, so that the tail's server, should it be promoted before this has come to its end, gives none of those numbers again.
        await TailReplay.LeapAsync(connection, tail.Labels.Select(static run => (run.Domain, run.Last)), ct);
        var replay = new TailReplay(connection, tables, new LabelRuns(tail.Labels).Of, tell, time);
        report = await replay.RunAsync(TailSource.OfCopy(OpenTail.CopyOf(name), tail.KnownHistory, tables.Shapes()), report, token => ServerConnection.ConnectAsync(address, options.Login, token), ct);
        if (!report.Complete) throw new InvalidOperationException($"the ledger does not have every transaction of the tail; {OpenTail.CopyOf(name)} is kept");
        return report;
    }
}
