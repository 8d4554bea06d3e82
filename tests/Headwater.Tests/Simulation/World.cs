using Headwater.Core;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Tests.Consumers;

namespace Headwater.Tests.Simulation;

/// <summary>How many transactions of each of the two domains; the truth that no gateway knows.</summary>
readonly record struct Marks(ulong First, ulong Second)
{
    public ulong this[int domain] => domain == 0 ? First : Second;
    public Marks With(int domain, ulong count) => domain == 0 ? this with { First = count } : this with { Second = count };
    public bool Covers(Marks other) => First >= other.First && Second >= other.Second;
    public Marks Max(Marks other) => new(Math.Max(First, other.First), Math.Max(Second, other.Second));
    public Marks Min(Marks other) => new(Math.Min(First, other.First), Math.Min(Second, other.Second));
}

/// <summary>One database process. Shown is what a reader sees; the variables that can be asked for move before and after it.</summary>
sealed class SimServer(int index)
{
    public int Index = index;
    public uint Number => (uint)(Index + 1);
    public bool Up = true;
    public int Boot = 1;
    public bool Replicating = true;
    public long LagMicroseconds;

    /// <summary>@@gtid_binlog_pos: moves before the engine's commit.</summary>
    public Marks Logged;
    public Marks Shown;

    /// <summary>@@gtid_slave_pos: moves after the engine's commit.</summary>
    public Marks SlavePosition;
}

/// <summary>
/// The true cluster, event by event on one clock of microseconds: commits that hang between log and engine, replicas that lag, stop, restart and
/// rewind, and a primary that dies and loses its tail. Everything follows from the seed.
/// </summary>
sealed class World
{
    public const uint SecondDomain = 7;
    readonly PriorityQueue<Action, (long At, long Order)> _events = new();
    long _order;
    long _lastVisibleAt;

    public readonly Seeded Chance;
    public readonly SimServer[] Servers;
    public readonly int Domains;
    public long Microseconds;
    public int PrimaryIndex;
    public readonly Marks Granted;
    public int Epoch = 1;
    public long FailedOverAt;

    /// <summary>Per domain: who wrote each transaction, and when it was logged. The one history; a lost tail is cut off.</summary>
    public readonly List<(uint Writer, long LoggedAt)>[] Log = [[], []];

    /// <summary>All of it in the order of the primary's log, with what each has changed as the log tells it, and whether the foreign key is there after it.</summary>
    public readonly List<(Gtid Gtid, LoggedChange What, int Definition)> Order = [];

    /// <summary>What each statement's answer was changed by, in truth.</summary>
    public readonly SimCell[] Cells = [.. SimTables.Statements.Select(_ => new SimCell())];

    /// <summary>By epoch: how much of the order its primary took over.</summary>
    public readonly Dictionary<int, int> KeptIn = [];

    /// <summary>What the history was cut to when a primary was lost; by new epoch.</summary>
    public event Action<Marks>? TailLost;

    /// <summary>When the primary showed what; for the checker of bounded reads.</summary>
    readonly List<(long At, Marks Shown)> _primaryShown = [(0, default)];

    public World(Seeded chance, int replicas, int domains)
    {
        Chance = chance;
        Domains = domains;
        Servers = new SimServer[1 + replicas];
        // every log begins with what set the servers up
        Granted = new Marks(2, domains > 1 ? 1UL : 0);
        for (var d = 0; d < 2; d++)
            for (var i = 0UL; i < Granted[d]; i++)
            {
                Log[d].Add((1, 0));
                Order.Add((new Gtid(Domain(d), 1, i + 1), MadeLog.Text("GRANT …"), 0));
            }
        _primaryShown[0] = (0, Granted);
        for (var i = 0; i < Servers.Length; i++)
        {
            Servers[i] = new SimServer(i) { LagMicroseconds = chance.OneIn(3) ? 200 : chance.Below(60_000), Logged = Granted, Shown = Granted, SlavePosition = i == 0 ? default : Granted };
            if (i > 0) StartApplying(Servers[i]);
        }
    }

    public SimServer Primary => Servers[PrimaryIndex];
    public Instant Now => new(Microseconds * 10);

    public void After(long microseconds, Action act) => _events.Enqueue(act, (Microseconds + Math.Max(1, microseconds), _order++));

    public bool Step()
    {
        if (!_events.TryDequeue(out var act, out var at)) return false;
        Microseconds = at.At;
        act();
        return true;
    }

    /// <summary>A commit on the primary: logged at once, shown in log order when acknowledged, told to the client after that (null: the server died before).</summary>
    public void Commit(int domain, Action<Gtid?> told)
    {
        var primary = Primary;
        var boot = primary.Boot;
        Log[domain].Add((primary.Number, Microseconds));
        var sequence = (ulong)Log[domain].Count;
        Happen(domain, new Gtid(Domain(domain), primary.Number, sequence));
        primary.Logged = primary.Logged.With(domain, sequence);
        long ack = Chance.OneIn(25) ? 2_000 + Chance.Below(300_000) : 20 + Chance.Below(600);
        _lastVisibleAt = Math.Max(_lastVisibleAt + 1, Microseconds + ack);
        After(_lastVisibleAt - Microseconds, () =>
        {
            if (primary.Boot != boot || primary != Primary)
            {
                After(100, () => told(null));
                return;
            }
            primary.Shown = primary.Shown.With(domain, sequence);
            _primaryShown.Add((Microseconds, primary.Shown));
            After(10 + Chance.Below(200), () => told(primary.Boot == boot && primary == Primary ? new Gtid(Domain(domain), primary.Number, sequence) : null));
        });
    }

    void Happen(int domain, in Gtid gtid)
    {
        var (table, key, definition) = (Chance.Below(2), Chance.Below(SimTables.Keys), DefinitionAt(Order.Count));
        LoggedChange what = MadeLog.Update(SimTables.Logged[table], [key, Chance.OneIn(2) ? 1 : null], [null, 2]);
        if (Chance.OneIn(25)) (what, definition, table) = (MadeLog.Text("ALTER TABLE u …"), 1 - definition, -1);
        else if (Chance.OneIn(25)) what = MadeLog.Text("UPDATE …", StatementKind.Change);
        Order.Add((gtid, what, definition));
        if (table < 0) return;
        Change(table);
        if (table == 0 && definition == 1) Change(1);

        void Change(int changed)
        {
            Cells[SimTables.RowOf(changed, key)].Change(domain, (ulong)Log[domain].Count, Primary.Number);
            Cells[SimTables.WholeOf(changed)].Change(domain, (ulong)Log[domain].Count, Primary.Number);
        }
    }

    /// <summary>Whether the foreign key is there after the order's first so many.</summary>
    public int DefinitionAt(int count) => count == 0 ? 0 : Order[count - 1].Definition;

    public Position PositionAt(int count)
    {
        var position = Headwater.Core.Positions.Position.Empty;
        for (var i = 0; i < count; i++) position = position.With(Order[i].Gtid);
        return position;
    }

    public Marks PrimaryShownAt(long microseconds)
    {
        for (var i = _primaryShown.Count - 1; i >= 0; i--)
            if (_primaryShown[i].At <= microseconds) return _primaryShown[i].Shown;
        return default;
    }

    /// <summary>Restarts a replica; with a rewind it comes back with less than it has shown.</summary>
    public void Restart(SimServer replica, bool rewind)
    {
        replica.Up = false;
        replica.Boot++;
        After(1_000 + Chance.Below(200_000), () =>
        {
            if (replica == Primary) return;
            var marks = replica.Shown;
            if (rewind) marks = new Marks(marks.First - Math.Min(marks.First - Granted.First, (ulong)Chance.Below(6)), marks.Second - Math.Min(marks.Second - Granted.Second, (ulong)Chance.Below(6)));
            replica.Logged = replica.Shown = replica.SlavePosition = marks;
            replica.Up = true;
            StartApplying(replica);
        });
    }

    /// <summary>Another takes the primary's place when it has all of it; the old one follows it from then on, and its connections stay. Gateways hear of it later.</summary>
    public void SwitchOver()
    {
        var old = Primary;
        var heir = Servers.FirstOrDefault(s => s != old && s.Up && s.Replicating && s.Shown == old.Logged && s.SlavePosition == old.Logged);
        if (heir is null || Domains > 1 || !old.Up || old.Shown != old.Logged) return;
        FailedOverAt = Microseconds;
        old.SlavePosition = old.Shown;
        PrimaryIndex = heir.Index;
        Epoch++;
        KeptIn[Epoch] = Order.Count;
        _lastVisibleAt = Microseconds;
        StartApplying(old);
    }

    /// <summary>How often connections have broken with a primary.</summary>
    public int Breaks;

    /// <summary>The primary dies; the replica that has applied most takes over, and what it has not is lost.</summary>
    public void FailOver()
    {
        var old = Primary;
        FailedOverAt = Microseconds;
        var heir = Servers.Where(s => s != old && s.Up && s.Logged.Covers(s.Shown)).MaxBy(s => s.Logged.First);
        if (heir is null || Domains > 1) return;
        old.Up = false;
        old.Boot++;
        heir.Shown = heir.SlavePosition = heir.Logged;
        var kept = heir.Logged;
        Log[0].RemoveRange((int)kept.First, Log[0].Count - (int)kept.First);
        Order.RemoveRange((int)kept.First, Order.Count - (int)kept.First);
        foreach (var cell in Cells) cell.Lose(kept);
        foreach (var server in Servers)
        {
            // one that is down and had more comes back rebuilt, as another incarnation
            if (server != old && server != heir) (server.Logged, server.Shown, server.SlavePosition) = (server.Logged.Min(kept), server.Shown.Min(kept), server.SlavePosition.Min(kept));
        }
        PrimaryIndex = heir.Index;
        Epoch++;
        Breaks++;
        KeptIn[Epoch] = Order.Count;
        _lastVisibleAt = Microseconds;
        _primaryShown.Clear();
        _primaryShown.Add((Microseconds, kept));
        TailLost?.Invoke(kept);
        After(50_000 + Chance.Below(300_000), () =>
        {
            // rebuilt from the new primary
            old.Boot++;
            old.Logged = old.Shown = old.SlavePosition = Primary.Shown;
            old.Up = old.Replicating = true;
            StartApplying(old);
        });
    }

    public Position Position(Marks marks)
    {
        var position = Headwater.Core.Positions.Position.Empty;
        for (var d = 0; d < 2; d++)
            if (marks[d] > 0) position = position.With(new Gtid(Domain(d), Log[d][(int)marks[d] - 1].Writer, marks[d]));
        return position;
    }

    /// <summary>@@gtid_binlog_state of the present primary.</summary>
    public IEnumerable<Gtid> History()
    {
        for (var d = 0; d < Domains; d++)
            foreach (var writer in Log[d].Take((int)Primary.Logged[d]).Select((w, i) => (w.Writer, Sequence: (ulong)i + 1)).GroupBy(w => w.Writer))
                yield return new Gtid(Domain(d), writer.Key, writer.Max(w => w.Sequence));
    }

    public static uint Domain(int index) => index == 0 ? 0 : SecondDomain;

    void StartApplying(SimServer replica)
    {
        var boot = replica.Boot;
        for (var d = 0; d < Domains; d++) Apply(replica, boot, d);
    }

    void Apply(SimServer replica, int boot, int domain)
    {
        if (replica.Boot != boot || replica == Primary) return;
        var next = replica.Logged[domain];
        var due = next < (ulong)Log[domain].Count && next < Primary.Logged[domain] && replica.Replicating && Primary.Up
            && Log[domain][(int)next].LoggedAt + replica.LagMicroseconds <= Microseconds;
        if (!due)
        {
            After(replica.Replicating ? 150 + Chance.Below(300) : 2_000, () => Apply(replica, boot, domain));
            return;
        }
        replica.Logged = replica.Logged.With(domain, next + 1);
        After(5 + (Chance.OneIn(10) ? Chance.Below(4_000) : Chance.Below(150)), () =>
        {
            if (replica.Boot != boot || replica == Primary) return;
            replica.Shown = replica.Shown.With(domain, next + 1);
            After(1 + (Chance.OneIn(10) ? Chance.Below(15_000) : Chance.Below(60)), () =>
            {
                if (replica.Boot != boot || replica == Primary) return;
                replica.SlavePosition = replica.SlavePosition.With(domain, next + 1);
                Apply(replica, boot, domain);
            });
        });
    }
}
