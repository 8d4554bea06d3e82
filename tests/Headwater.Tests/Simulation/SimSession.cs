using Headwater.Core;
using Headwater.Core.Caching;
using Headwater.Core.Positions;
using Headwater.Core.Routing;
using Headwater.Core.Statements;
using Headwater.Core.Topology;
using Token = Headwater.Core.Positions.Token;

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
    SimStatement? _statement;
    SimFlight? _leads;

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
                    // One in two reads everything there is: no proof and nothing that is kept helps it.
                    _statement = world.Chance.OneIn(2) ? null : SimTables.Statements[Math.Min(world.Chance.Below(SimTables.Statements.Length), world.Chance.Below(SimTables.Statements.Length))];
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
        if (_statement is { } kept && TryKept(kept, level, arrivedAt, arrived)) return;
        var scope = _statement is { } statement ? new ReadScope(gateway.Feed.Changes, statement.Facts[gateway.Feed.Understood], "d", statement.Sql, SqlSyntax.Standard) : ReadScope.None;
        var route = Router.ForRead(gateway.View, ref _position, level, policy, gateway.Load, world.Chance.Next(), world.Now, arrivedAt, in scope);
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

    /// <summary>As the gateway does: what is kept, or what another session reads just now. True: it is answered, or waits.</summary>
    bool TryKept(SimStatement statement, Level level, Instant arrivedAt, long arrived)
    {
        if (level.Kind == LevelKind.Strong) return false;
        var isUncovered = (fault & Fault.MergeUncovered) != 0;
        if (gateway.Flights.TryGetValue(statement.Number, out var flight) && (isUncovered || CachedRoute.Of(gateway.View, ref _position, level, flight.From, world.Now).Kind == CachedRouteKind.Serve))
        {
            flight.Waiting.Add(landed =>
            {
                if (landed is not null && (isUncovered || CachedRoute.MayTakeOver(gateway.View, ref _position, level, landed.Moment, world.Now)))
                {
                    verdict.Merged++;
                    _position.AfterResult(landed.Moment.From);
                    Served(level, gateway.Kept[statement.Number].Answer, arrived, "shared");
                    _position.AfterRead(landed.Moment.Server, ReferenceEquals(gateway.View.Primary?.State, landed.Moment.Server), landed.Moment.FinishedAt);
                }
                else world.After(1, () => Read(level, arrivedAt, arrived));
            });
            return true;
        }
        if (!gateway.Kept.TryGetValue(statement.Number, out var found)) return false;
        var changes = gateway.Feed.Changes;
        var extent = changes.Extent;
        if ((fault & Fault.ExtentAhead) != 0) extent = extent with { Position = world.Position(world.Primary.Logged) };
        var validity = Judge(found.Result, statement, extent);
        if (validity == ResultValidity.Invalid)
        {
            gateway.Kept.Remove(statement.Number);
            return false;
        }
        var route = CachedRoute.Of(gateway.View, ref _position, level, extent.Position, world.Now);
        if (validity == ResultValidity.Valid && route.Kind == CachedRouteKind.Serve)
        {
            verdict.Routed(RouteKind.Server, RouteReason.KeptResult);
            if ((fault & Fault.ResultForgotten) == 0) _position.AfterResult(found.Result.Moment.From);
            Served(level, found.Answer, arrived, $"kept since {found.Result.Moment.From}, of epoch {found.Result.Moment.Epoch}");
            return true;
        }
        if (route.Kind == CachedRouteKind.No || world.Now - arrivedAt >= policy.LogWait) return false;
        gateway.View.Primary?.State.Demand(Position.Empty);
        AskAgain(arrivedAt + policy.LogWait, () => Read(level, arrivedAt, arrived));
        return true;
    }

    ResultValidity Judge(CachedResult found, SimStatement statement, Core.Consumers.Extent extent)
    {
        if ((fault & Fault.UnsettledOverAnEpoch) != 0 && found.Moment.Epoch != gateway.View.Epoch)
        {
            found = Result(statement, found.Moment with { Epoch = gateway.View.Epoch });
            gateway.Kept[statement.Number] = (found, gateway.Kept[statement.Number].Answer);
        }
        var validity = found.Judge(gateway.View, gateway.Feed.Changes, extent);
        if ((fault & Fault.FillWithoutBound) != 0 && validity == ResultValidity.NotYet) return ResultValidity.Valid;
        return (fault & Fault.OldNumbers) != 0 && validity == ResultValidity.Invalid && found.Moment.Since < gateway.Feed.BegunWith ? ResultValidity.Valid : validity;
    }

    void Served(Level level, SimAnswer answer, long arrived, string how)
    {
        // Until it is told of a change of primary, a gateway goes on with what the former one had shown, as clients do who have it in hand.
        if (gateway.View.Epoch.Number == world.Epoch || world.Cells[_statement!.Number].Had(answer))
        {
            Check(level, answer, _seen, _written, arrived, gateway.View.Epoch, how);
            _seen = _seen.Max(answer.Last);
        }
        Next();
    }

    ReadMoment? Begin(ServerState state)
    {
        var changes = gateway.Feed.Changes;
        var extent = changes.Extent;
        if (_statement is not { } statement || extent.Dictionary is null || !statement.Facts[gateway.Feed.Understood].IsReadBy(extent.Dictionary)) return null;
        var begun = ReadMoment.Before(gateway.View, changes, extent, state, in _position);
        if (begun is not null && !gateway.Flights.ContainsKey(statement.Number)) gateway.Flights[statement.Number] = _leads = new SimFlight(begun.From);
        return begun;
    }

    void Keep(ReadMoment begun, SimAnswer answer)
    {
        var result = Result(_statement!, begun with { FinishedAt = world.Now });
        gateway.Kept[_statement!.Number] = (result, answer);
        verdict.Fills++;
        gateway.View.Primary?.State.Demand(Position.Empty);
    }

    // What it reads does not differ between the dictionaries: only what changes it does.
    static CachedResult Result(SimStatement statement, ReadMoment moment)
    {
        var reads = statement.Facts[0].FootprintIn("d");
        long? key = reads.Key is { } lookup && lookup.TryKey(statement.Sql, SqlSyntax.Standard, out var value) ? value : null;
        return new CachedResult((ulong)statement.Number, default, default, reads, key, moment, 1) { Digest = "", Rows = 1, Cost = TimeSpan.Zero };
    }

    void Land(CachedResult? result)
    {
        if (_leads is not { } leads) return;
        _leads = null;
        gateway.Flights.Remove(_statement!.Number);
        foreach (var waiting in leads.Waiting) waiting(result);
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
        var (breaks, routedIn) = (world.Breaks, gateway.View.Epoch);
        var started = world.Now;
        // A token may come in while the read runs: it binds the next one.
        var (seen, written) = (_seen, _written);
        gateway.Load[route.ServerIndex].Busy++;
        var begun = Begin(state);
        world.After(10 + (world.Chance.OneIn(10) ? world.Chance.Below(20_000) : world.Chance.Below(200)), () =>
        {
            var connected = server.Up && (server.Boot == boot || ((fault & Fault.IncarnationForgotten) != 0 && !fromPrimary));
            var shown = server.Shown;
            world.After(10 + (world.Chance.OneIn(10) ? world.Chance.Below(20_000) : world.Chance.Below(200)), () =>
            {
                gateway.Load[route.ServerIndex].Busy--;
                if (!connected || server.Boot != boot && (fault & Fault.IncarnationForgotten) == 0 || breaks != world.Breaks)
                {
                    Land(null);
                    // the connection broke: nothing had been sent to the client, so ask again when the view may have changed
                    world.After(3_000, () => Read(level, arrivedAt, arrived));
                    return;
                }
                var answer = _statement is { } statement ? world.Cells[statement.Number].At(shown) : new SimAnswer(shown, 0, 0);
                Check(level, answer, seen, written, arrived, routedIn, RouteReasons.Sentence(in route));
                _seen = _seen.Max(answer.Last);
                _position.AfterRead(state, fromPrimary, (fault & Fault.ReadDatedByItsStart) != 0 ? started : world.Now);
                if (begun is not null) Keep(begun, answer);
                Land(begun is null ? null : gateway.Kept[_statement!.Number].Result);
                Next();
            });
        });
    }

    /// <summary>The answer must be that of some position at or above what the level asks for.</summary>
    void Check(Level level, SimAnswer answer, Marks seen, Marks written, long arrived, Epoch routedIn, string how)
    {
        var needed = level.Kind switch
        {
            LevelKind.Eventual => default,
            LevelKind.Bounded => world.PrimaryShownAt(arrived - level.Bound.Ticks / 10),
            LevelKind.Strong => _primaryThen.Max(seen.Max(written)),
            LevelKind.Monotonic => seen,
            _ => seen.Max(written),
        };
        // Until its gateway is told of a change of primary, what the log proves is proven of the former one's history, which had that write.
        var isToBeTold = _lostAWrite && level.Kind is LevelKind.Session or LevelKind.Prefix && (_statement is null || routedIn.Number == world.Epoch);
        var bad = !IsOf(answer, needed) || isToBeTold;
        verdict.Read(level.Kind, bad, bad ? $"{level}: showed {answer.Last} of {(_statement is { } statement ? System.Text.Encoding.UTF8.GetString(statement.Sql) : "everything")}, seen {seen}, written {written}, needed {needed}, lost {_lostAWrite}; floor {_position.Floor} judged in {_position.JudgedIn}, view epoch {gateway.View.Epoch} of {world.Epoch}, history {string.Join(',', gateway.View.History)}; log {gateway.Feed.Changes.Extent.Position}; {how}" : "");
    }

    bool IsOf(SimAnswer answer, Marks needed)
    {
        if (_statement is not { } statement) return answer.Last.Covers(needed);
        var cell = world.Cells[statement.Number];
        return cell.Had(answer) && cell.EndOf(0, answer.Last.First) > needed.First && cell.EndOf(1, answer.Last.Second) > needed.Second;
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
