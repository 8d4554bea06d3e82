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
            catch (Exception trouble) when (trouble is ServerException or ServerUnreachableException or BinlogException or MalformedPacketException or IOException or OperationCanceledException)
            {
                Say(primary.Id, false, trouble.Message);
            }
            finally
            {
                view.Changed -= Look;
                store.Drop();
            }
            await Task.Delay(options().Pause, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    async Task FollowAsync(ServerView primary, CancellationToken ct)
    {
        var how = options();
        var connection = await ServerConnection.ConnectAsync(primary.Address, how.Login, ct);
        await using var closing = connection;
        SourceNumber = uint.Parse((await connection.QueryAsync("SELECT @@global.server_id", ct)).Rows[0][0]!, System.Globalization.CultureInfo.InvariantCulture);
        if (store.IsEmpty) store.BeginAfter(how.BeginsWithOldest ? _beginningIsGone ? await OldestOfAsync(connection, ct) ?? await LastOfAsync(connection, ct) : [] : await LastOfAsync(connection, ct), SourceNumber);
        var from = store.IsEmpty ? Position(store.Last) : store.End.Position;
        await using var dump = await BinlogDump.OpenAsync(connection, from, new BinlogOptions
        {
            ReaderId = how.ReaderId,
            Acknowledges = how.Acknowledges,
            ReportHost = how.ReportHost,
            ReportPort = how.ReportPort,
        }, ct);
        var hasChecksums = dump.HasChecksums;
        var (file, waited, unpublished) = ("", default(ulong?), 0);
        while (true)
        {
            var next = dump.NextAsync(ct);
            if (!next.IsCompleted || unpublished > MostBytesUnpublished)
            {
                store.Publish(durably: waited is not null);
                unpublished = 0;
                if (waited is { } offset) await dump.AcknowledgeAsync(file, offset, ct);
                waited = null;
            }
            var one = await next;
            var header = EventHeader.Parse(one.Span);
            if (header.Size != one.Length) throw new MalformedPacketException($"an event of {header.Size} bytes is announced in {one.Length}");
            unpublished += one.Length;
            switch (header.Type)
            {
                case EventType.Rotate when new BinlogDecoder(null, hasChecksums).Decode(one) is RotateEvent rotate:
                    file = rotate.File;
                    continue;
                case EventType.FormatDescription when new BinlogDecoder().Decode(one) is FormatDescriptionEvent format:
                    hasChecksums = format.HasChecksums;
                    if (!State.Current.IsFollowing) Say(primary.Id, true, $"it follows {primary.Id} from {(from.IsEmpty ? "its beginning" : from.ToString())}");
                    break;
            }
            store.Add(header, one.Span, hasChecksums);
            if (dump.IsWaitedFor) waited = header.Next;
        }
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
        try
        {
            await using var connection = await ServerConnection.ConnectAsync(primary.Address, options().Login, ct);
            var history = await HistoryAsync(connection, ct);
            if (trouble.Trouble == BinlogTrouble.Purged)
            {
                Log.StartsAnew(log, primary.Id.Name, store.End.Position.ToString(), trouble.Message);
                store.BeginAnew(await LastOfAsync(connection, ct), SourceNumber);
                return;
            }
            var cut = store.CutFrom(gtid => !history.Exists(known => known.Domain == gtid.Domain && known.Server == gtid.Server && known.Sequence >= gtid.Sequence));
            if (cut > 0) Log.CutBack(log, cut, store.End.Position.ToString(), primary.Id.Name, trouble.Message);
            else Say(primary.Id, false, trouble.Message);
        }
        catch (Exception other) when (other is ServerException or ServerUnreachableException)
        {
            Say(primary.Id, false, other.Message);
        }
    }

    static async Task<List<Gtid>> HistoryAsync(ServerConnection connection, CancellationToken ct)
    {
        var row = (await connection.QueryAsync("SELECT @@global.gtid_binlog_state, @@global.gtid_slave_pos", ct)).Rows[0];
        return [.. Gtids(row[0]), .. Gtids(row[1])];
    }

    /// <summary>What the log held before its oldest file; null where the account may not ask (BINLOG MONITOR).</summary>
    static async Task<List<Gtid>?> OldestOfAsync(ServerConnection connection, CancellationToken ct)
    {
        try
        {
            var file = (await connection.QueryAsync("SHOW BINARY LOGS", ct)).Rows[0][0]!;
            return Gtids((await connection.QueryAsync($"SELECT BINLOG_GTID_POS('{file.Replace("'", "''", StringComparison.Ordinal)}', 4)", ct)).Rows[0][0]);
        }
        catch (ServerException)
        {
            return null;
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

    void Say(ServerId? source, bool isFollowing, string sentence)
    {
        var next = new FollowerState(source, isFollowing, sentence);
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
