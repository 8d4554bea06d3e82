using Headwater.Core;
using Headwater.Core.Positions;
using Headwater.Core.Topology;
using Headwater.Servers;
using Headwater.Streams.Store;
using Headwater.Wire.MySql;
using Headwater.Wire.MySql.Binlog;
using Microsoft.Extensions.Logging;

namespace Headwater.Streams.Follow;

/// <summary>
/// Copies the primary's log into a store, whoever is the primary: after a change of primary it goes on at the same position with the new one. What the new one's
/// history does not have is cut off first.
/// </summary>
public sealed class LogFollower(LogStore store, Func<FollowerOptions> options, Published<ClusterView> view, TimeProvider time, ILogger log)
{
    bool _beginningIsGone;

    // What lies ready is taken before it is made visible, up to this much: a reader far behind is not slowed by being told of each transaction.
    const int MostBytesUnpublished = 4 << 20;

    /// <summary>Where it stands.</summary>
    public Published<FollowerState> State { get; } = new(new FollowerState(null, false, "it has not begun"));

    /// <summary>The place in the source's log up to which everything is in the store; null before the source has told one.</summary>
    public LogPlace? Received { get; private set; }

    /// <summary>How often the source has said that it has nothing.</summary>
    public uint Heartbeats { get; private set; }

    // To log in and to ask: a packet that goes nowhere must not hold this up for as long as the system waits.
    static readonly TimeSpan Introduction = TimeSpan.FromSeconds(5);

    /// <summary>The server id that the source has said is its own; 0 before it has.</summary>
    public uint SourceNumber { get; private set; }

    public async Task RunAsync(CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            var present = view.Current;
            if (present.Primary is not { } primary)
            {
                Say(present.Reigning?.Id, false, $"no primary is known: {present.Reason}");
                await ChangedAsync(present, ct);
                continue;
            }
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(ct);
            // Another primary, or the same one in another incarnation: the connection to this one says nothing any more.
            void Look(ClusterView next)
            {
                if (!ReferenceEquals(next.Primary?.State, primary.State)) ending.Cancel();
            }
            view.Changed += Look;
            try
            {
                Look(view.Current);
                await FollowAsync(primary, ending.Token);
            }
            catch (OperationCanceledException) when (ending.IsCancellationRequested)
            {
                continue;
            }
            catch (BinlogException trouble) when (trouble.Trouble is BinlogTrouble.Diverged or BinlogTrouble.Behind or BinlogTrouble.Purged)
            {
                await MendAsync(primary, trouble, ct);
            }
            // Whatever it is: who follows a log for others does not stop to.
            catch (Exception trouble)
            {
                Say(primary.Id, false, trouble.Message, CodeOf(trouble));
            }
            finally
            {
                view.Changed -= Look;
                DropWhatIsHalf(primary);
            }
            await Task.Delay(options().Pause, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    void DropWhatIsHalf(ServerView primary)
    {
        try
        {
            store.Drop();
        }
        catch (Exception trouble) when (trouble is IOException or StoreException)
        {
            Say(primary.Id, false, trouble.Message, CodeOf(trouble));
        }
    }

    static int CodeOf(Exception trouble) => trouble switch
    {
        ServerException refused => refused.Code,
        BinlogException => 1236,
        ServerUnreachableException or OperationCanceledException => 2003,
        _ => 1595, // ER_SLAVE_RELAY_LOG_WRITE_FAILURE
    };

    async Task FollowAsync(ServerView primary, CancellationToken ct)
    {
        var how = options();
        using var introducing = CancellationTokenSource.CreateLinkedTokenSource(ct);
        introducing.CancelAfter(Introduction);
        var connection = await ServerConnection.ConnectAsync(primary.Address, how.Login, introducing.Token);
        await using var closing = connection;
        SourceNumber = uint.Parse((await connection.QueryAsync("SELECT @@global.server_id", introducing.Token)).Rows[0][0]!, System.Globalization.CultureInfo.InvariantCulture);
        if (store.IsEmpty) store.BeginAfter(!how.IsWitness ? await LastOfAsync(connection, introducing.Token) : _beginningIsGone ? await OldestOfAsync(connection, introducing.Token) : [], SourceNumber);
        var from = store.IsEmpty ? Position(store.Last) : store.End.Position;
        await using var dump = await BinlogDump.OpenAsync(connection, from, new BinlogOptions
        {
            ReaderId = how.ReaderId,
            Acknowledges = how.Acknowledges,
            ReportHost = how.ReportHost,
            ReportPort = how.ReportPort,
        }, introducing.Token);
        introducing.CancelAfter(Timeout.Infinite);
        var hasChecksums = dump.HasChecksums;
        var (file, taken, waited, unpublished) = ("", 0ul, default((string File, ulong Offset)?), 0);
        while (true)
        {
            var next = dump.NextAsync(ct);
            if (!next.IsCompleted || unpublished > MostBytesUnpublished)
            {
                store.Publish(durably: waited is not null);
                unpublished = 0;
                if (file.Length > 0 && taken > 0) Received = new LogPlace(file, (long)taken);
                if (waited is { } place) await dump.AcknowledgeAsync(place.File, place.Offset, ct);
                waited = null;
            }
            var one = await next;
            var header = EventHeader.Parse(one.Span);
            if (header.Size != one.Length) throw new MalformedPacketException($"an event of {header.Size} bytes is announced in {one.Length}");
            unpublished += one.Length;
            switch (header.Type)
            {
                case EventType.Rotate when new BinlogDecoder(null, hasChecksums).Decode(one) is RotateEvent rotate:
                    (file, taken) = (rotate.File, rotate.Offset);
                    continue;
                case EventType.FormatDescription when new BinlogDecoder().Decode(one) is FormatDescriptionEvent format:
                    hasChecksums = format.HasChecksums;
                    if (!State.Current.IsFollowing) Say(primary.Id, true, $"it follows {primary.Id} from {(from.IsEmpty ? "its beginning" : from.ToString())}");
                    break;
            }
            if (header.Type == EventType.Heartbeat) Heartbeats++;
            // What was made for the reader has no place of its own. The others tell theirs modulo 4 GB, and the acknowledgement is compared in full.
            if (header.Next != 0 && (header.Flags & EventFlags.Artificial) == 0) taken = Unwrapped(header.Next, taken);
            store.Add(header, one.Span, hasChecksums);
            // With the file that it is in: a rotation may lie behind it in what has come already.
            if (dump.IsWaitedFor) waited = (file, taken);
        }
    }

    /// <summary>A place behind another one of the same file, of which the lower 32 bits are known.</summary>
    static ulong Unwrapped(uint low, ulong before)
    {
        var place = before & ~0xFFFFFFFFul | low;
        return place + (1ul << 31) < before ? place + (1ul << 32) : place;
    }

    /// <summary>What stands in the way of going on is looked at from the primary's side: its history decides what was lost.</summary>
    async Task MendAsync(ServerView primary, BinlogException trouble, CancellationToken ct)
    {
        if (trouble.Trouble == BinlogTrouble.Purged && store.IsEmpty)
        {
            // It was asked for from its very beginning, which needs no right to look first; some of it has been purged.
            _beginningIsGone = true;
            return;
        }
        if (trouble.Trouble == BinlogTrouble.Behind && options().IsWitness)
        {
            // It may have lost what it was told is safe here, or be another server by now: what others rely on is not taken back for that.
            Say(primary.Id, false, $"{trouble.Message} What is kept here is not taken back.", 1236);
            return;
        }
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
            patience.CancelAfter(Introduction);
            ct = patience.Token;
            await using var connection = await ServerConnection.ConnectAsync(primary.Address, options().Login, ct);
            var history = await HistoryAsync(connection, ct);
            if (trouble.Trouble == BinlogTrouble.Purged)
            {
                Log.StartsAnew(log, primary.Id.Name, store.End.Position.ToString(), trouble.Message);
                _beginningIsGone = true;
                store.BeginAnew(options().IsWitness ? [] : await LastOfAsync(connection, ct), SourceNumber);
                return;
            }
            var cut = store.CutFrom(gtid => !history.Exists(known => known.Domain == gtid.Domain && known.Server == gtid.Server && known.Sequence >= gtid.Sequence));
            if (cut > 0) Log.CutBack(log, cut, store.End.Position.ToString(), primary.Id.Name, trouble.Message);
            else Say(primary.Id, false, trouble.Message, 1236);
        }
        catch (Exception other)
        {
            Say(primary.Id, false, other.Message, CodeOf(other));
        }
    }

    static async Task<List<Gtid>> HistoryAsync(ServerConnection connection, CancellationToken ct)
    {
        var row = (await connection.QueryAsync("SELECT @@global.gtid_binlog_state, @@global.gtid_slave_pos", ct)).Rows[0];
        return [.. Gtids(row[0]), .. Gtids(row[1])];
    }

    /// <summary>What the log held before its oldest file. The account needs BINLOG MONITOR.</summary>
    static async Task<List<Gtid>> OldestOfAsync(ServerConnection connection, CancellationToken ct)
    {
        try
        {
            var file = (await connection.QueryAsync("SHOW BINARY LOGS", ct)).Rows[0][0]!;
            return Gtids((await connection.QueryAsync($"SELECT BINLOG_GTID_POS('{file.Replace("'", "''", StringComparison.Ordinal)}', 4)", ct)).Rows[0][0]);
        }
        catch (ServerException refused)
        {
            // To begin with what comes next would be to be taken for one that holds what was before.
            throw new BinlogException(BinlogTrouble.Unavailable, $"The beginning of the source's log has been purged, and where what is left begins cannot be asked ({refused.Message}): the account needs BINLOG MONITOR.", refused);
        }
    }

    /// <summary>What the log holds now, the newest of a domain last.</summary>
    static async Task<List<Gtid>> LastOfAsync(ServerConnection connection, CancellationToken ct)
    {
        // One statement, so that the newest are the state's own.
        var row = (await connection.QueryAsync("SELECT @@global.gtid_binlog_state, @@global.gtid_binlog_pos", ct)).Rows[0];
        var newest = Gtids(row[1]);
        return [.. Gtids(row[0]).Where(gtid => !newest.Exists(one => one.Domain == gtid.Domain && one.Server == gtid.Server)), .. newest];
    }

    static List<Gtid> Gtids(string? text)
    {
        var all = new List<Gtid>();
        foreach (var one in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            if (Gtid.TryParse(System.Text.Encoding.ASCII.GetBytes(one), out var gtid)) all.Add(gtid);
        return all;
    }

    static Position Position(IEnumerable<Gtid> last) => last.Aggregate(Core.Positions.Position.Empty, static (position, gtid) => position.With(gtid));

    void Say(ServerId? source, bool isFollowing, string sentence, int code = 0)
    {
        var next = new FollowerState(source, isFollowing, sentence, code);
        if (next == State.Current) return;
        if (isFollowing) Log.Follows(log, sentence);
        // Nobody is told that it does not come before it ever could.
        else if (source is not null && (State.Current.IsFollowing || sentence != State.Current.Sentence)) Log.DoesNotFollow(log, source.Value.Name, sentence);
        State.Publish(next);
    }

    async Task ChangedAsync(ClusterView seen, CancellationToken ct)
    {
        var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look(ClusterView _) => changed.TrySetResult();
        view.Changed += Look;
        try
        {
            if (!ReferenceEquals(view.Current, seen)) return;
            await changed.Task.WaitAsync(ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            view.Changed -= Look;
        }
    }
}
