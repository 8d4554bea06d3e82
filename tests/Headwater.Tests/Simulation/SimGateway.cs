using Headwater.Core;
using Headwater.Core.Caching;
using Headwater.Core.Positions;
using Headwater.Core.Routing;
using Headwater.Core.Topology;

namespace Headwater.Tests.Simulation;

/// <summary>Mistakes that the code around the router could make. Each must be found by the checker, or the checker proves nothing.</summary>
[Flags]
enum Fault
{
    None = 0,
    SampleDatedByItsAnswer = 1 << 0,
    IncarnationForgotten = 1 << 1,
    LowerBoundTakenAsUpper = 1 << 2,
    LoggedTakenAsVisible = 1 << 3,
    BinlogPositionTakenAsApplied = 1 << 4,
    WriteForgotten = 1 << 5,
    TokenWithoutTheLastRead = 1 << 6,
    ReadDatedByItsStart = 1 << 7,
    HistoryForgotten = 1 << 8,
    TokenIgnored = 1 << 9,
    SampleOfAnotherHistory = 1 << 10,

    // what the log proves, and what is kept
    FillWithoutBound = 1 << 11,
    RowSkipped = 1 << 12,
    ExtentAhead = 1 << 13,
    DefinitionSkipped = 1 << 14,
    UnsettledOverAnEpoch = 1 << 15,
    OldNumbers = 1 << 16,
    MergeUncovered = 1 << 17,
    LostBranchKept = 1 << 18,
    ResultForgotten = 1 << 19,

    /// <summary>The primary is changed as planned, the old one lives on, and nobody keeps reads from gateways that have not heard of it: what they take for the primary's look bounds nothing.</summary>
    PlannedChangeUnheard = 1 << 20,
}

/// <summary>One gateway's picture of the world: its own samples, incarnations and view, taken over a network with delays.</summary>
sealed class SimGateway
{
    readonly World _world;
    readonly Fault _fault;
    readonly ServerState[] _states;
    readonly int[] _boots;
    readonly VisibleProof[] _proofs;
    readonly bool[] _sampling;
    readonly bool[] _reachable;
    readonly long _every;
    List<Action> _waiters = [];
    int _epoch = 1, _primary, _lookedEpoch = 1;

    public ClusterView View { get; private set; } = null!;
    public ServerLoad[] Load { get; }
    public SimFeed Feed { get; }

    /// <summary>What is kept, by statement.</summary>
    public readonly Dictionary<int, (CachedResult Result, SimAnswer Answer)> Kept = [];
    public readonly Dictionary<int, SimFlight> Flights = [];
    public bool Stopped;
    public event Action? EpochChanged;

    public SimGateway(World world, Fault fault)
    {
        _world = world;
        _fault = fault;
        var count = world.Servers.Length;
        (_states, _boots, _proofs, _sampling, _reachable, Load) = (new ServerState[count], new int[count], new VisibleProof[count], new bool[count], new bool[count], new ServerLoad[count]);
        _every = 2_000 + world.Chance.Below(25_000);
        for (var i = 0; i < count; i++)
        {
            (_boots[i], _reachable[i], _proofs[i]) = (1, true, new VisibleProof());
            NewState(i);
            Tick(i);
        }
        Publish();
        Feed = new SimFeed(world, this, fault);
        Probe();
    }

    public int BootOf(ServerState state) => Array.IndexOf(_states, state) is >= 0 and var i ? _boots[i] : -1;
    public void WhenAnythingChanges(Action act) => _waiters.Add(act);

    void NewState(int i)
    {
        var state = new ServerState(new ServerId($"db{i + 1}"), _states[i] is { } old ? old.Incarnation + 1 : 1);
        state.Demanded += _ => Sample(i);
        _states[i] = state;
        _proofs[i] = new VisibleProof();
    }

    void Tick(int i) => _world.After(1 + _world.Chance.Below((int)_every * 2), () =>
    {
        if (Stopped) return;
        Sample(i);
        Tick(i);
    });

    void Sample(int i)
    {
        if (_sampling[i]) return;
        _sampling[i] = true;
        var asked = _world.Now;
        var server = _world.Servers[i];
        _world.After(Trip(), () =>
        {
            var (boot, up) = (server.Boot, server.Up);
            var isPrimary = _world.PrimaryIndex == i;
            var (logged, slave) = up ? (_world.Position(server.Logged), _world.Position(server.SlavePosition)) : default;
            // the end of the log and the place the engine has committed to are read one after the other
            _world.After(5 + _world.Chance.Below(30), () =>
            {
                var end = server.Logged;
                _world.After(5 + _world.Chance.Below(30), () =>
                {
                    var snapshot = server.Shown;
                    _world.After(Trip(), () =>
                    {
                        _sampling[i] = false;
                        if (Stopped) return;
                        if (!up || server.Boot != boot) Unreachable(i);
                        else Sampled(i, boot, isPrimary, asked, logged, slave, end, snapshot);
                    });
                });
            });
        });
    }

    void Unreachable(int i)
    {
        if (!_reachable[i]) return;
        _reachable[i] = false;
        Publish();
    }

    void Sampled(int i, int boot, bool isPrimary, Instant asked, Position logged, Position slave, Marks end, Marks snapshot)
    {
        var changed = !_reachable[i];
        _reachable[i] = true;
        if (_boots[i] != boot)
        {
            _boots[i] = boot;
            if ((_fault & Fault.IncarnationForgotten) == 0) NewState(i);
            changed = true;
        }
        if (changed) Publish();
        if ((_fault & Fault.SampleDatedByItsAnswer) != 0) asked = _world.Now;
        PositionSample sample;
        if (isPrimary)
        {
            // one log of both domains: offsets add up
            var visible = _proofs[i].Add(logged, new LogPlace("log.000001", (long)(end.First + end.Second)), new LogPlace("log.000001", (long)(snapshot.First + snapshot.Second)));
            sample = new PositionSample(asked, _world.Now, (_fault & Fault.LoggedTakenAsVisible) != 0 ? logged : visible) { Logged = logged };
        }
        else
        {
            var applied = (_fault & Fault.BinlogPositionTakenAsApplied) != 0 ? logged : slave;
            sample = new PositionSample(asked, _world.Now, applied) { Logged = (_fault & Fault.LowerBoundTakenAsUpper) != 0 ? slave : logged };
        }
        if ((_fault & Fault.SampleOfAnotherHistory) != 0 || Lineage.Accepts(View, sample)) _states[i].Advance(sample);
        Wake();
    }

    void Probe() => _world.After(5_000 + _world.Chance.Below(60_000), () =>
    {
        if (Stopped) return;
        // what the probe saw is told a moment later; the gateways learn of a new primary at different times
        var (primary, epoch) = (_world.PrimaryIndex, _world.Epoch);
        var history = _world.History().ToList();
        _world.After(200 + _world.Chance.Below(2_000), () =>
        {
            if (epoch == _world.Epoch) (_primary, _lookedEpoch, _history) = (primary, epoch, history);
            var changed = _lookedEpoch != _epoch;
            _epoch = _lookedEpoch;
            Publish();
            if (changed) EpochChanged?.Invoke();
            Wake();
        });
        Probe();
    });

    List<Gtid> _history = [];
    long _version;

    void Publish()
    {
        var servers = new ServerView[_states.Length];
        for (var i = 0; i < servers.Length; i++)
        {
            servers[i] = new ServerView
            {
                State = _states[i],
                Address = new ServerAddress($"db{i + 1}", 3306),
                Role = i == _primary ? ServerRole.Primary : ServerRole.Replica,
                Health = _reachable[i] ? ServerHealth.Up : ServerHealth.Down,
                Number = (uint)(i + 1),
            };
        }
        View = new ClusterView
        {
            Cluster = "sim",
            Epoch = new Epoch(_epoch),
            Version = ++_version,
            Servers = [.. servers],
            Primary = _reachable[_primary] ? servers[_primary] : null,
            History = (_fault & Fault.HistoryForgotten) != 0 ? [] : [.. _history],
        };
    }

    public void Wake()
    {
        if (_waiters.Count == 0) return;
        var waiters = _waiters;
        _waiters = [];
        foreach (var waiter in waiters) waiter();
    }

    long Trip() => 20 + (_world.Chance.OneIn(20) ? _world.Chance.Below(20_000) : _world.Chance.Below(400));
}
