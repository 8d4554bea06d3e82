using Headwater.Core;
using Headwater.Core.Positions;
using Headwater.Core.Routing;
using Headwater.Core.Topology;

namespace Headwater.Tests.Simulation;

/// <summary>
/// One session that writes, reads at varying levels and takes tokens from others; next to what the code knows of it stands what it has
/// truly seen, which the checker compares.
/// </summary>
sealed class SimSession(World world, SimGateway gateway, Fault fault, Verdict verdict, RoutingPolicy policy, int statements)
{
    SessionPosition _position;
    Marks _seen, _written;
    Marks _primaryThen; // what the primary showed when the present read arrived
    bool _lostAWrite;
    int _left = statements;

    public SimGateway Gateway => gateway;
    public bool Done => _left <= 0;
    public List<SimSession> Others = [];
    public Level Main;

    public void Judge() => Router.Judge(gateway.View, ref _position, out _);

    public void Start() => world.After(world.Chance.Below(5_000), Next);

    /// <summary>The primary was lost with what stands after <paramref name="kept"/>. What was seen of it is gone for everybody; a lost own write must be told.</summary>
    public void TailLost(Marks kept)
    {
        if (!kept.Covers(_written)) _lostAWrite = true;
        _seen = _seen.Min(kept);
        _written = _written.Min(kept);
        _primaryThen = _primaryThen.Min(kept);
    }

    void Next()
    {
        if (--_left < 0) return;
        world.After(world.Chance.OneIn(4) ? world.Chance.Below(30_000) : 20 + world.Chance.Below(300), () =>
        {
            switch (world.Chance.Below(10))
            {
                case 0 or 1: Write(); break;
                case 2 when Others.Count > 0: Give(Others[world.Chance.Below(Others.Count)], world.Now); break;
                default:
                    var level = world.Chance.OneIn(6) ? Levels[world.Chance.Below(Levels.Length)] : Main;
                    _primaryThen = world.PrimaryShownAt(world.Microseconds);
                    Read(level, world.Now, world.Microseconds);
                    break;
            }
        });
    }

    public static readonly Level[] Levels =
    [
        new(LevelKind.Session), new(LevelKind.Monotonic), new(LevelKind.Bounded, TimeSpan.FromMilliseconds(5)), new(LevelKind.Bounded, TimeSpan.FromMilliseconds(60)),
        new(LevelKind.Eventual), new(LevelKind.Strong), new(LevelKind.Prefix),
    ];

    void Write()
    {
        if (Router.ForWrite(gateway.View).Server is not { } server || gateway.BootOf(server.State) != world.Primary.Boot || server.Number != world.Primary.Number || !world.Primary.Up)
        {
            world.After(5_000, Next);
            return;
        }
        world.Commit(world.Domains == 2 ? world.Chance.Below(2) : 0, gtid =>
        {
            if (gtid is { } committed)
            {
                var domain = committed.Domain == 0 ? 0 : 1;
                _written = _written.Max(default(Marks).With(domain, committed.Sequence));
                if ((fault & Fault.WriteForgotten) == 0) _position.AfterWrite(committed, server.State);
            }
            Next();
        });
    }

    void Read(Level level, Instant arrivedAt, long arrived)
    {
        var route = Router.ForRead(gateway.View, ref _position, level, policy, gateway.Load, world.Chance.Next(), world.Now, arrivedAt);
        verdict.Routed(route.Kind, route.Reason);
        switch (route.Kind)
        {
            case RouteKind.Server:
                Run(route, level, arrivedAt, arrived);
                break;
            case RouteKind.Refuse:
                (_lostAWrite, _seen, _written) = (false, default, default);
                _position.Forget(Lineage.HeadOf(gateway.View));
                Next();
                break;
            default:
                if (route.Kind == RouteKind.Hold && world.Now > route.Until)
                {
                    Next();
                    break;
                }
                route.Server?.State.Demand(route.Needed);
                AskAgain(route.Until, () => Read(level, arrivedAt, arrived));
                break;
        }
    }

    void AskAgain(Instant until, Action act)
    {
        var asked = false;
        void Once()
        {
            if (asked) return;
            asked = true;
            act();
        }
        gateway.WhenAnythingChanges(Once);
        world.After((until.Ticks - world.Now.Ticks) / 10 + 1, Once);
    }

    void Run(Route route, Level level, Instant arrivedAt, long arrived)
    {
        var state = route.Server!.State;
        var server = world.Servers[route.ServerIndex];
        var boot = gateway.BootOf(state);
        var fromPrimary = route.Server.Role == ServerRole.Primary;
        var epoch = world.Epoch;
        var started = world.Now;
        // A token may come in while the read runs: it binds the next one.
        var (seen, written) = (_seen, _written);
        gateway.Load[route.ServerIndex].Busy++;
        world.After(10 + (world.Chance.OneIn(10) ? world.Chance.Below(20_000) : world.Chance.Below(200)), () =>
        {
            var connected = server.Up && (server.Boot == boot || ((fault & Fault.IncarnationForgotten) != 0 && !fromPrimary));
            var shown = server.Shown;
            world.After(10 + (world.Chance.OneIn(10) ? world.Chance.Below(20_000) : world.Chance.Below(200)), () =>
            {
                gateway.Load[route.ServerIndex].Busy--;
                if (!connected || server.Boot != boot && (fault & Fault.IncarnationForgotten) == 0 || epoch != world.Epoch)
                {
                    // the connection broke: nothing had been sent to the client, so ask again when the view may have changed
                    world.After(3_000, () => Read(level, arrivedAt, arrived));
                    return;
                }
                Check(level, shown, seen, written, arrived, route);
                _seen = _seen.Max(shown);
                _position.AfterRead(state, fromPrimary, (fault & Fault.ReadDatedByItsStart) != 0 ? started : world.Now);
                Next();
            });
        });
    }

    void Check(Level level, Marks shown, Marks seen, Marks written, long arrived, Route route)
    {
        var bad = level.Kind switch
        {
            LevelKind.Eventual => false,
            LevelKind.Bounded => !shown.Covers(world.PrimaryShownAt(arrived - level.Bound.Ticks / 10)),
            LevelKind.Strong => !shown.Covers(_primaryThen) || !shown.Covers(seen.Max(written)),
            LevelKind.Monotonic => !shown.Covers(seen),
            _ => !shown.Covers(seen.Max(written)) || _lostAWrite,
        };
        verdict.Read(level.Kind, bad, bad ? $"{level}: showed {shown}, seen {seen}, written {written}, lost {_lostAWrite}, primary then {_primaryThen}; floor {_position.Floor} judged in {_position.JudgedIn}, view epoch {gateway.View.Epoch} of {world.Epoch}, history {string.Join(',', gateway.View.History)}; {RouteReasons.Sentence(in route)}" : "");
    }

    /// <summary>Hands the token to another session, as a stateless web tier does: it must cover all that this one has seen and written.</summary>
    void Give(SimSession other, Instant askedAt)
    {
        var known = _position.TryToken(gateway.View, out var position);
        if ((fault & Fault.TokenWithoutTheLastRead) != 0) (known, position) = (true, _position.Floor);
        if (!known && world.Now - askedAt < TimeSpan.FromMilliseconds(500))
        {
            (_position.Awaited ?? gateway.View.Primary?.State)?.Demand(Position.Empty);
            AskAgain(world.Now + TimeSpan.FromMilliseconds(100), () => Give(other, askedAt));
            return;
        }
        if (known && !_lostAWrite)
        {
            var text = Token.Format("sim", gateway.View.Epoch, position);
            if (!Token.TryParse(text, out _, out _, out var parsed, out var error)) throw new InvalidOperationException(error);
            if ((fault & Fault.TokenIgnored) == 0) other._position.Raise(parsed);
            other._seen = other._seen.Max(_seen).Max(_written);
        }
        Next();
    }
}
