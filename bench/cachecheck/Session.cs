using Headwater.Core;
using Headwater.Core.Caching;
using Headwater.Core.Positions;
using Headwater.Core.Routing;
using Headwater.Core.Statements;
using Headwater.Core.Topology;
using Headwater.Tests;

namespace Headwater.Bench.CacheCheck;

/// <summary>
/// One session, as the gateway has them: it looks for what is kept, waits for what is worth it, shares what another is reading, or has a server asked. Next to what the product's code
/// knows of it stands what it has truly seen and written, as the least position that explains all of its answers.
/// </summary>
sealed class Session(Reactor on, Database database, Tables tables, Cluster cluster, Feed feed, Kept kept, Plant plant, Seeded chance, int number)
{
    enum Phase : byte
    {
        Idle,
        Waiting,
        Sharing,
        Asked,
        Answered,
        Committing,
    }

    static readonly Level[] Levels =
    [
        new(LevelKind.Session), new(LevelKind.Monotonic), new(LevelKind.Bounded, TimeSpan.FromMilliseconds(50)), new(LevelKind.Prefix), new(LevelKind.Eventual), new(LevelKind.Strong),
        new(LevelKind.Bounded, TimeSpan.FromMilliseconds(500)), new(LevelKind.Session),
    ];
    static readonly RoutingPolicy Routing = RoutingPolicy.Default with { ReadWait = TimeSpan.FromMilliseconds(20) };
    const int HitsInATurn = 32;

    SessionPosition _position;
    long _seen, _written;

    Phase _phase;
    Statement _statement = tables.Statements[0];
    Level _level;
    Instant _arrivedAt, _startedAt;
    long _primaryThen;
    Route _route;
    long _due, _value, _committed;
    ReadMoment? _begun;
    Footprint? _reads;
    long? _key;
    Underway? _leads;

    /// <summary>False: there was nothing to do yet.</summary>
    public bool Turn()
    {
        switch (_phase)
        {
            case Phase.Idle:
                for (var i = 0; i < HitsInATurn && _phase == Phase.Idle; i++) Next();
                return true;
            case Phase.Waiting:
                Read();
                return _phase != Phase.Waiting;
            case Phase.Sharing when Database.Ticks >= _due:
                _phase = Phase.Waiting;
                Run();
                return true;
            case Phase.Asked when Database.Ticks >= _due:
                _value = database.Cells[_statement.Number].At(cluster.Shown(_route.ServerIndex));
                _due = Database.Ticks + Delay();
                _phase = Phase.Answered;
                return true;
            case Phase.Answered when Database.Ticks >= _due:
                Finish();
                return true;
            case Phase.Committing:
                return Commit();
            default:
                return false;
        }
    }

    // Most are short; some take as long as a server that swaps.
    long Delay() => chance.Below(400) switch { 0 => chance.Below(20_000_000), < 12 => chance.Below(300_000), < 100 => chance.Below(20_000), _ => 0 };

    void Next()
    {
        if (chance.OneIn(300))
        {
            _committed = database.Commit(chance);
            _due = Database.Ticks + Delay() / 20;
            _phase = Phase.Committing;
            return;
        }
        var table = chance.Below(8) switch { < 4 => Tables.T, < 7 => Tables.U, _ => Tables.Calm };
        _statement = tables.Statements[chance.OneIn(100) || table == Tables.Calm && chance.OneIn(2) ? Tables.WholeOf(table) : Tables.RowOf(table, Database.Key(chance))];
        _level = chance.OneIn(8) ? Levels[chance.Below(Levels.Length)] : Levels[number % Levels.Length];
        _arrivedAt = Database.Now;
        _primaryThen = database.Shown;
        Read();
    }

    bool Commit()
    {
        if (_due != 0)
        {
            if (Database.Ticks < _due) return false;
            database.Acknowledge(_committed);
            _due = 0;
        }
        if (database.Shown < _committed) return false;
        kept.Written(database[_committed]);
        _position.AfterWrite(Database.At(_committed)[0], cluster.View.Servers[0].State);
        _written = _committed;
        on.Tally.Writes++;
        _phase = Phase.Idle;
        return true;
    }

    void Read()
    {
        if (kept.Policy == Policy.Log ? TryKept() : TryPlain()) return;
        Run();
    }

    bool TryPlain()
    {
        if (_level.Kind == LevelKind.Strong || kept.FindPlain(_statement.Number) is not { } value) return false;
        Served(value);
        return true;
    }

    /// <summary>True: it is answered, or waits.</summary>
    bool TryKept()
    {
        if (_level.Kind == LevelKind.Strong) return false;
        var now = Database.Now;
        if (on.Underway.TryGetValue(_statement.Number, out var underway) && (plant == Plant.MergeUncovered
            || CachedRoute.Of(cluster.View, ref _position, _level, underway.From, now).Kind == CachedRouteKind.Serve))
        {
            underway.Waiting.Add(this);
            _due = Database.Ticks + TimeSpan.FromMilliseconds(200).Ticks;
            _phase = Phase.Sharing;
            return true;
        }
        if (kept.Find(_statement.Number) is not { } found) return false;
        var extent = feed.Changes.Extent;
        if (plant == Plant.ExtentAhead) extent = extent with { Position = Database.At(database.Logged) };
        var validity = kept.Judge(found, cluster.View, extent);
        if (validity == ResultValidity.Invalid)
        {
            if (found.Hits == 0) on.Tally.Refused++;
            kept.Results.Remove(found);
            return false;
        }
        var route = CachedRoute.Of(cluster.View, ref _position, _level, extent.Position, now);
        if (validity == ResultValidity.Valid && route.Kind == CachedRouteKind.Serve)
        {
            kept.Results.Hit(found);
            var proven = _position.Proven;
            if (plant != Plant.ResultForgotten) _position.AfterResult(found.Moment.From);
            if (plant == Plant.PrimaryTrusted && proven is not null) _position.ProvenOn(proven);
            Served(Kept.ValueOf(found));
            return true;
        }
        if (route.Kind == CachedRouteKind.No || now - _arrivedAt >= Routing.LogWait) return false;
        cluster.View.Primary!.State.Demand(Position.Empty);
        Wait();
        return true;
    }

    void Wait()
    {
        if (_phase != Phase.Waiting) on.Tally.Waits++;
        _phase = Phase.Waiting;
    }

    void Served(long value)
    {
        on.Tally.Hits++;
        Check(value, "kept");
        _phase = Phase.Idle;
    }

    void Run()
    {
        var facts = _statement.Facts[feed.Understood];
        var scope = new ReadScope(feed.Changes, facts, "d", _statement.Sql, SqlSyntax.Standard);
        _route = Router.ForRead(cluster.View, ref _position, _level, Routing, on.Load, chance.Next(), Database.Now, _arrivedAt, in scope);
        if (plant == Plant.ProofWithoutReach && _route.Reason == RouteReason.WaitsForLog) _route = _route with { Kind = RouteKind.Server };
        if (_route.Kind != RouteKind.Server)
        {
            _route.Server?.State.Demand(_route.Needed);
            Wait();
            return;
        }
        if (_route.Reason == RouteReason.UnchangedSince) on.Tally.Proven++;
        _startedAt = Database.Now;
        Begin(facts);
        _due = Database.Ticks + Delay();
        _phase = Phase.Asked;
    }

    void Begin(StatementFacts facts)
    {
        _begun = null;
        if (kept.Policy != Policy.Log) return;
        var extent = feed.Changes.Extent;
        if (extent.Dictionary is null || !facts.IsReadBy(extent.Dictionary)) return;
        if (ReadMoment.Before(cluster.View, feed.Changes, extent, _route.Server!.State, in _position) is not { } begun)
        {
            on.Tally.Unbegun++;
            return;
        }
        _begun = begun;
        _reads = facts.FootprintIn("d");
        _key = _reads.Key is { } lookup && lookup.TryKey(_statement.Sql, SqlSyntax.Standard, out var key) ? key : null;
        if (!on.Underway.ContainsKey(_statement.Number)) on.Underway[_statement.Number] = _leads = new Underway(begun.From);
    }

    void Finish()
    {
        var state = _route.Server!.State;
        var finishedAt = plant == Plant.ReadDatedByItsStart ? _startedAt : Database.Now;
        Check(_value, RouteReasons.Sentence(in _route));
        _position.AfterRead(state, _route.ServerIndex == 0, finishedAt);
        _phase = Phase.Idle;
        if (kept.Policy != Policy.Log)
        {
            on.Tally.Fills++;
            kept.KeepPlain(_statement.Number, _value);
            return;
        }
        if (_begun is { } begun)
        {
            if (plant == Plant.ReadFromItsEnd) begun = ReadMoment.Before(cluster.View, feed.Changes, feed.Changes.Extent, state, in _position) ?? begun;
            var landed = kept.Keep(_statement, _reads!, _key, _value, begun with { FinishedAt = finishedAt });
            on.Tally.Fills++;
            cluster.View.Primary!.State.Demand(Position.Empty);
            if (_leads is { } leads)
                foreach (var session in leads.Waiting) session.Land(landed, _statement);
        }
        if (_leads is null) return;
        on.Underway.Remove(_statement.Number);
        _leads = null;
    }

    void Land(CachedResult landed, Statement statement)
    {
        // It may have grown tired of waiting, and asks for something else by now.
        if (_phase != Phase.Sharing || _statement != statement) return;
        _phase = Phase.Waiting;
        if (plant != Plant.MergeUncovered && !CachedRoute.MayTakeOver(cluster.View, ref _position, _level, landed.Moment, Database.Now)) return;
        on.Tally.Merged++;
        _position.AfterResult(landed.Moment.From);
        Check(Kept.ValueOf(landed), "shared");
        _position.AfterRead(landed.Moment.Server, ReferenceEquals(cluster.View.Primary?.State, landed.Moment.Server), landed.Moment.FinishedAt);
        _phase = Phase.Idle;
    }

    /// <summary>The answer has to be that of some position at or above the one that the level asks for.</summary>
    void Check(long value, string how)
    {
        var needed = _level.Kind switch
        {
            LevelKind.Eventual => 0,
            LevelKind.Bounded => database.ShownAt(_arrivedAt.Ticks - _level.Bound.Ticks),
            LevelKind.Monotonic => _seen,
            LevelKind.Strong => Math.Max(_primaryThen, Math.Max(_seen, _written)),
            _ => Math.Max(_seen, _written),
        };
        var cell = database.Cells[_statement.Number];
        on.Tally.Reads++;
        on.Tally.ByLevel[(int)_level.Kind]++;
        if (cell.EndOf(value) <= needed || !cell.Had(value))
        {
            on.Tally.Violations[(int)_level.Kind]++;
            if (on.Tally.First.Length == 0)
                on.Tally.First = $"{_level}: {System.Text.Encoding.UTF8.GetString(_statement.Sql)} was answered with its value of {value}, which ended at {cell.EndOf(value)}; needed was {needed} ({how}; floor {_position.Floor}, log {feed.Changes.Extent.Position}, logged {database.Logged})";
        }
        _seen = Math.Max(_seen, value);
    }
}
