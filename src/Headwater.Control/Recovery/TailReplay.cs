using System.Globalization;
using Headwater.Core;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Core.Recovery;
using Headwater.Servers;

namespace Headwater.Control.Recovery;

/// <summary>Brings all of a tail to the primary or into quarantine there, and looks whether the ledger has all of it.</summary>
sealed class TailReplay(ServerConnection primary, TableFactsLookup tables, LabelOf label, Action<Underway> tell, TimeProvider time)
{
    const long MostDryRun = 10_000, TellEach = 10;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    readonly Dictionary<uint, (ulong First, ulong Last)> _ranges = [];
    long _done;

    /// <param name="report">What is known of the tail so far.</param>
    /// <param name="connect">Asks the primary while it does not answer.</param>
    /// <exception cref="InvalidOperationException">Nobody acknowledges what is written there, so that it waits.</exception>
    public async Task<RecoveryReport> RunAsync(TailSource source, RecoveryReport report, Func<CancellationToken, Task<ServerConnection>> connect, CancellationToken ct)
    {
        if (report.DryRun) return await ReplayAsync(source, report, ct);
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var replaying = ReplayAsync(source, report, giveUp.Token);
        try
        {
            for (var before = -1L; await Task.WhenAny(replaying, Task.Delay(Patience, ct)) != replaying; before = Volatile.Read(ref _done))
                if (before == Volatile.Read(ref _done) && await IsUnacknowledgedAsync(connect, ct))
                    throw new InvalidOperationException($"what is written to {report.Primary} waits for a replica's acknowledgement, and no replica is there to give it");
        }
        catch
        {
            await giveUp.CancelAsync();
            await replaying.ContinueWith(static _ => { }, TaskScheduler.Default);
            throw;
        }
        return await replaying;
    }

    /// <summary>Whether commits wait there for a replica, and none acknowledges: then nothing can be brought there before one does.</summary>
    public static async Task<bool> IsUnacknowledgedAsync(ServerConnection primary, CancellationToken ct) => (await primary.QueryAsync("""
        SELECT @@global.rpl_semi_sync_master_enabled AND @@global.rpl_semi_sync_master_wait_no_slave
          AND (SELECT variable_value FROM information_schema.global_status WHERE variable_name='RPL_SEMI_SYNC_MASTER_CLIENTS')=0
        """, ct)).Scalar == "1";

    static async Task<bool> IsUnacknowledgedAsync(Func<CancellationToken, Task<ServerConnection>> connect, CancellationToken ct)
    {
        await using var connection = await connect(ct);
        return await IsUnacknowledgedAsync(connection, ct);
    }

    async Task<RecoveryReport> ReplayAsync(TailSource source, RecoveryReport report, CancellationToken ct)
    {
        var replay = new Replay(primary, tables, report.Server, report.DryRun);
        await replay.BeginAsync(ct);
        long applied = 0, there = 0, quarantined = 0, earlier = 0;
        var listed = new List<NotApplied>();
        var doing = report.DryRun ? $"what would become of {report.Server}'s tail is being found out" : $"the tail of {report.Server} is being brought to {report.Primary}";
        var pace = Pace.Begin(WorkUnit.Transactions, time.Now()).Expect(report.DryRun ? Math.Min(report.Transactions, MostDryRun) : report.Transactions);
        tell(new Underway(doing, pace));
        await foreach (var transaction in source.ReadAsync(ct))
        {
            if (report.DryRun && _done == MostDryRun)
            {
                report = report with { Choice = $"{report.Choice}; the dry run looked at the first {MostDryRun}" };
                break;
            }
            Note(transaction.Gtid);
            var (word, why) = label(transaction.Gtid);
            var outcome = await replay.TakeAsync(transaction, word, word == TailLabel.NeverAcknowledged ? $"set aside: no client was told of it, as {why}" : null, ct);
            if (outcome.Word == Ledger.Applied) applied++;
            else if (outcome.Word == Ledger.AlreadyThere) there++;
            else quarantined++;
            if (outcome.Earlier) earlier++;
            else if (outcome.Word != Ledger.Applied && listed.Count < RecoveryReport.MostListed) listed.Add(new NotApplied(transaction.Gtid.ToString(), Words.Of(word), outcome.Word, outcome.Reason));
            Volatile.Write(ref _done, _done + 1);
            if (_done % TellEach == 0) tell(new Underway(doing, pace = pace.At(_done, time.Now())));
        }
        await replay.FinishAsync(ct);
        return report with
        {
            Applied = applied,
            AlreadyThere = there,
            Quarantined = quarantined,
            EarlierRun = earlier,
            Listed = listed,
            Complete = !report.DryRun && _done == report.Transactions && await InLedgerAsync(report.Server, ct) >= report.Transactions,
        };
    }

    void Note(in Gtid gtid) => _ranges[gtid.Domain] = (_ranges.TryGetValue(gtid.Domain, out var range) ? range.First : gtid.Sequence, gtid.Sequence);

    async Task<long> InLedgerAsync(string server, CancellationToken ct)
    {
        var ranges = string.Join(" OR ", _ranges.Select(range => string.Create(CultureInfo.InvariantCulture, $"origin_domain={range.Key} AND origin_sequence BETWEEN {range.Value.First} AND {range.Value.Last}")));
        return long.Parse((await primary.QueryAsync($"SELECT COUNT(*) FROM headwater.recovered WHERE server={Sql.Text(server)} AND ({ranges})", ct)).Scalar!, CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// The primary's numbers go on behind the tail's. Else the tail's server, once it is the primary again, would give a number of its tail to another transaction,
    /// and nobody who had seen the one could tell it from the other.
    /// </summary>
    public Task LeapAsync(CancellationToken ct) => LeapAsync(primary, _ranges.Select(static range => (range.Key, range.Value.Last)), ct);

    /// <param name="last">The last number of the tail in each domain; a domain may be named more than once.</param>
    public static async Task LeapAsync(ServerConnection primary, IEnumerable<(uint Domain, ulong Last)> last, CancellationToken ct)
    {
        const ushort OutOfOrder = 1950; // ER_GTID_STRICT_OUT_OF_ORDER: the log has passed that number by itself
        Position.TryParse((await primary.QueryAsync("SELECT @@global.gtid_binlog_pos", ct)).Scalar ?? "", out var logged);
        foreach (var (domain, passed) in last.GroupBy(static one => one.Domain).Select(static group => (group.Key, group.Max(static one => one.Last))))
        {
            if (logged.SequenceOf(domain) > passed) continue;
            await primary.QueryAsync(string.Create(CultureInfo.InvariantCulture, $"SET SESSION gtid_domain_id = {domain}, SESSION gtid_seq_no = {passed + 1}"), ct);
            try
            {
                await primary.QueryAsync("FLUSH HOSTS", ct);
            }
            catch (ServerException e) when (e.Code == OutOfOrder)
            {
                await primary.QueryAsync("SET SESSION gtid_seq_no = 0", ct);
            }
        }
        await primary.QueryAsync("SET SESSION gtid_domain_id = DEFAULT", ct);
    }
}
