using System.Collections.Immutable;
using Headwater.Core;
using Headwater.Core.Positions;
using Headwater.Core.Topology;

namespace Headwater.Tests.Simulation.Clusters;

/// <summary>One committed or committing write: a thing, so that two with one GTID are still two.</summary>
/// <param name="Write">The client's unique id; below 0 for what set the servers up.</param>
/// <param name="RoutedIn">The epoch in which a gateway sent it.</param>
sealed record Transaction(Gtid Gtid, int Write, Epoch RoutedIn);

enum WriteReply : byte
{
    Committed,
    ReadOnly,

    /// <summary>The session was ended, or the server died: nobody told what became of it.</summary>
    Broken,
}

/// <summary>
/// One MariaDB server: gtid_strict_mode, log_slave_updates, sync_binlog=1, AFTER_SYNC with one acknowledgement, wait_no_slave and no timeout.
/// A commit is written to the log, made durable, shown to the replicas, waits for an acknowledgement, and then becomes visible; a crash in
/// between leaves it logged, and recovery commits it.
/// </summary>
sealed class Database(World world, int index)
{
    readonly record struct Entry(Transaction Transaction, bool Replicated);

    readonly List<Entry> _log = [];
    readonly Dictionary<int, Action<WriteReply, Transaction>> _waiting = [];
    readonly List<Action> _frozen = [];
    int _freezes;
    bool _syncing;
    bool _closing;

    public int Index => index;
    /// <summary>@@server_id; a rewound server comes back under another, so that it never gives a number twice.</summary>
    public uint Number = (uint)index + 1;
    public readonly WatchedServer Watched = new(new ServerId($"db{index + 1}"), new ServerAddress($"db{index + 1}", 3306));
    public ServerId Id => Watched.Id;

    // ---- host and process
    public bool HostUp = true;
    public bool Up = true;
    public int Boot = 1;

    /// <summary>Of its connections to replicas: another process, or a log that was rewound, is another life.</summary>
    public int Life = 1;
    public long BootedAt = -100 * Clockwork.Second;
    public bool Frozen => _freezes > 0;
    public bool Serves => HostUp && Up && !Frozen;

    /// <summary>How long an fsync takes.</summary>
    public long Fsync = 300;

    // ---- what its option file says
    public bool ReadOnlyAtStart, WaitsAtStart;

    // ---- variables
    public bool ReadOnly, Waits, Acknowledges;

    // ---- the log: written, durable, visible
    public int Written => _log.Count;
    public int Synced { get; private set; }
    public int Committed { get; private set; }
    public int AcknowledgedTo { get; private set; }
    public long Unacknowledged { get; private set; }
    public Gtid SlavePosition { get; set; }
    public Link? Link;

    public Transaction this[int i] => _log[i].Transaction;
    public Gtid Last => _log[^1].Transaction.Gtid;
    public bool Has(Transaction transaction) => (int)transaction.Gtid.Sequence <= _log.Count && ReferenceEquals(_log[(int)transaction.Gtid.Sequence - 1].Transaction, transaction);
    public bool Shows(Transaction transaction) => (int)transaction.Gtid.Sequence <= Committed && Has(transaction);
    public bool Knows(Gtid gtid) => gtid.Sequence == 0 || ((int)gtid.Sequence <= Synced && _log[(int)gtid.Sequence - 1].Transaction.Gtid == gtid);

    public void SetUp(Transaction transaction, bool replica)
    {
        _log.Add(new Entry(transaction, replica));
        Synced = Committed = AcknowledgedTo = _log.Count;
        if (replica) SlavePosition = transaction.Gtid;
    }

    /// <summary>Something that this process does, after a time: not if it has died by then, and later if it is frozen.</summary>
    public void Later(long microseconds, Action what)
    {
        var boot = Boot;
        world.Clock.In(microseconds, () => Now(boot, what));
    }

    void Now(int boot, Action what)
    {
        if (boot != Boot || !Up) return;
        if (Frozen) _frozen.Add(() => Now(boot, what));
        else what();
    }

    /// <summary>A message has come; its process takes it when it runs. Nobody is there: <paramref name="otherwise"/>.</summary>
    public void Receive(Action what, Action? otherwise = null)
    {
        if (HostUp && Up) Now(Boot, what);
        else if (HostUp) otherwise?.Invoke();
    }

    // ---- writing

    public void Write(int write, Epoch epoch, Action<WriteReply, Transaction?> reply)
    {
        if (ReadOnly || _closing)
        {
            reply(WriteReply.ReadOnly, null);
            return;
        }
        _waiting[_log.Count] = reply;
        world.Wrote.Add(Number);
        Append(new Transaction(new Gtid(0, Number, (ulong)_log.Count + 1), write, epoch), false);
    }

    void Append(Transaction transaction, bool replicated)
    {
        _log.Add(new Entry(transaction, replicated));
        Sync();
    }

    void Sync()
    {
        if (_syncing || Synced == _log.Count) return;
        _syncing = true;
        var to = _log.Count;
        Later(Fsync, () =>
        {
            _syncing = false;
            Synced = to;
            world.Logged(this);
            Commit();
            Sync();
        });
    }

    public void Acknowledge(int to)
    {
        AcknowledgedTo = Math.Max(AcknowledgedTo, Math.Min(to, _log.Count));
        Commit();
    }

    void Commit(bool waits = true)
    {
        var to = Waits && waits ? Math.Min(Synced, AcknowledgedTo) : Synced;
        var applied = false;
        while (Committed < to)
        {
            var entry = _log[Committed];
            if (Waits && Committed >= AcknowledgedTo) Unacknowledged++;
            if (_waiting.Remove(Committed++, out var reply)) reply(waits ? WriteReply.Committed : WriteReply.Broken, entry.Transaction);
            if (!entry.Replicated) continue;
            SlavePosition = entry.Transaction.Gtid;
            applied = true;
        }
        if (applied) Link?.Applied();
    }

    public void Apply(Transaction transaction) => Append(transaction, true);

    /// <summary>Nobody waits any more: all that is logged is committed, and its clients are told so.</summary>
    public void SetWaits(bool waits)
    {
        Waits = waits;
        Commit();
    }

    /// <summary>SET GLOBAL read_only = ON waits for the commits under way; those that do not end within a second are ended, which commits them untold.</summary>
    public void Close(Action done)
    {
        _closing = true;
        Await(10);
        void Await(int tries)
        {
            if (Committed == _log.Count || tries == 0)
            {
                if (Committed < Synced) Commit(waits: false);
                if (Committed == _log.Count)
                {
                    _closing = false;
                    ReadOnly = true;
                    done();
                    return;
                }
            }
            Later(100 * Clockwork.Millisecond, () => Await(Math.Max(0, tries - 1)));
        }
    }

    // ---- dying and coming back

    public void Die(bool power)
    {
        if (power && HostUp)
        {
            HostUp = false;
            world.Network.Forget(index);
        }
        if (!Up) return;
        Up = false;
        Boot++;
        Life++;
        _frozen.Clear();
        _freezes = 0;
        _syncing = _closing = false;
        if (power) _log.RemoveRange(Synced, _log.Count - Synced);
        foreach (var reply in _waiting.Values.ToList()) if (!power) reply(WriteReply.Broken, null!);
        _waiting.Clear();
        Link?.Died();
        world.Died(this, power);
    }

    public void Start()
    {
        HostUp = true;
        if (Up) return;
        Up = true;
        BootedAt = world.Clock.Now;
        (ReadOnly, Waits, Acknowledges) = (ReadOnlyAtStart, WaitsAtStart, false);
        // Recovery commits what was prepared and logged.
        Synced = Committed = _log.Count;
        for (var i = _log.Count - 1; i >= 0 && _log[i].Transaction.Gtid.Sequence > SlavePosition.Sequence; i--)
            if (_log[i].Replicated)
            {
                SlavePosition = _log[i].Transaction.Gtid;
                break;
            }
        AcknowledgedTo = 0;
        Unacknowledged = 0;
        Link?.Restarted();
    }

    public void Freeze() => _freezes++;

    public void Thaw()
    {
        if (_freezes == 0 || --_freezes > 0) return;
        var held = _frozen.ToList();
        _frozen.Clear();
        foreach (var what in held) what();
    }

    // ---- replication

    public void DemoteToReplica() => SlavePosition = Last;

    /// <summary>Its tail is set aside, and it stands where its history and the other's part.</summary>
    public List<Transaction> RewindTo(Database other)
    {
        var common = 0;
        while (common < Math.Min(_log.Count, other.Synced) && ReferenceEquals(_log[common].Transaction, other[common])) common++;
        var tail = _log.Skip(common).Select(static entry => entry.Transaction).ToList();
        _log.RemoveRange(common, _log.Count - common);
        Synced = Committed = common;
        AcknowledgedTo = Math.Min(AcknowledgedTo, common);
        SlavePosition = Last;
        Number += 16;
        Life++;
        world.Died(this, power: false);
        return tail;
    }

    /// <summary>Where this log and the other's part; the shorter one's length when one is the beginning of the other.</summary>
    public int CommonWith(Database other)
    {
        var common = 0;
        while (common < Math.Min(_log.Count, other._log.Count) && ReferenceEquals(_log[common].Transaction, other._log[common].Transaction)) common++;
        return common;
    }

    // ---- what a probe reads

    public Observation Answer(Instant asked, Instant answered, bool newConnection)
    {
        var state = ImmutableArray.CreateBuilder<Gtid>();
        Span<uint> wrote = stackalloc uint[64];
        // Each server's numbers grow along the log, so the newest of each is found from the end.
        var seen = 0;
        for (var i = _log.Count - 1; i >= 0 && seen < wrote.Length; i--)
        {
            var gtid = _log[i].Transaction.Gtid;
            if (wrote[..seen].Contains(gtid.Server)) continue;
            wrote[seen++] = gtid.Server;
            state.Insert(0, gtid);
            if (world.Wrote.Count == seen) break;
        }
        return new Observation
        {
            Server = Watched,
            AskedAt = asked,
            AnsweredAt = answered,
            Outcome = ProbeOutcome.Answered,
            Number = Number,
            ReadOnly = ReadOnly,
            Uptime = TimeSpan.FromSeconds((world.Clock.Now - BootedAt) / Clockwork.Second),
            NewConnection = newConnection,
            BinlogPosition = new Position(Last),
            SlavePosition = SlavePosition.Sequence == 0 ? Position.Empty : new Position(SlavePosition),
            BinlogState = state.ToImmutable(),
            Links = Link is { } link ? [link.Row()] : [],
            SemiSync = !world.SemiSync ? null : new SemiSync
            {
                Waits = Waits,
                Waiting = Waits,
                Acknowledgers = world.AcknowledgersOf(this),
                Unacknowledged = Unacknowledged,
                WaitingCommits = Waits ? _waiting.Count : 0,
                Acknowledges = Acknowledges,
                Acknowledging = Link is { Acknowledging: true, Receiving: LinkState.Running },
            },
        };
    }
}
