using Headwater.Core.Caching;
using Headwater.Core.Consumers;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Tests.Consumers;

namespace Headwater.Tests.Simulation;

/// <summary>A read under way in one gateway, and who waits for the same.</summary>
sealed class SimFlight(Position from)
{
    public Position From => from;
    public readonly List<Action<CachedResult?>> Waiting = [];
}

/// <summary>
/// A gateway's log: it follows the primary that the gateway knows, with delays, breaks and repeats; it has what was logged and never shown; with another primary it goes
/// on where its branch ends. Looks at the tables take time, and may be of a primary that is lost.
/// </summary>
sealed class SimFeed
{
    readonly World _world;
    readonly SimGateway _gateway;
    readonly Fault _fault;
    readonly long _every;
    int _at, _epoch = 1;
    bool _looking;

    public readonly LastChanges Changes = new(1 << 4, 1 << 6, 128);

    /// <summary>Which dictionary statements are understood by.</summary>
    public int Understood { get; private set; }

    /// <summary>The number with which the fold has last begun anew.</summary>
    public long BegunWith { get; private set; }

    public SimFeed(World world, SimGateway gateway, Fault fault)
    {
        (_world, _gateway, _fault) = (world, gateway, fault);
        _every = 200 + world.Chance.Below(4_000);
        Begin(world.Order.Count);
        Tick();
        Look();
    }

    void Begin(int at)
    {
        _at = at;
        Changes.Begin(_world.PositionAt(at));
        BegunWith = Changes.Extent.Ordinal;
    }

    // A stream that breaks is gone on with later, from where it stood.
    void Tick() => _world.After(1 + _world.Chance.Below((int)_every) + (_world.Chance.OneIn(60) ? _world.Chance.Below(200_000) : 0), () =>
    {
        if (_gateway.Stopped) return;
        if (_epoch != _world.Epoch && _gateway.View.Epoch.Number == _world.Epoch) Follow();
        if (_epoch == _world.Epoch)
        {
            if (_world.Chance.OneIn(150)) Begin(_world.Chance.OneIn(3) ? _world.Order.Count : Math.Clamp(_at - _world.Chance.Below(40), 0, _world.Order.Count));
            var before = _at;
            for (var left = 1 + _world.Chance.Below(30); left > 0 && _at < _world.Order.Count; left--) Changes.Apply(Transaction(_at++));
            Changes.Publish();
            if (_at > before) _gateway.Wake();
        }
        Tick();
    });

    void Follow()
    {
        var kept = _world.Order.Count;
        while (_epoch < _world.Epoch) kept = Math.Min(kept, _world.KeptIn[++_epoch]);
        if (_at <= kept) return;
        // By its number it stands where the new branch does, or will.
        if ((_fault & Fault.LostBranchKept) == 0) Begin(Math.Max(0, kept - _world.Chance.Below(10)));
    }

    Transaction Transaction(int index)
    {
        var one = _world.Order[index];
        var isLeftOut = (_fault & Fault.RowSkipped) != 0 && one.What is LoggedRows && _world.Chance.OneIn(10)
            || (_fault & Fault.DefinitionSkipped) != 0 && one.What is LoggedStatement { Kind: StatementKind.Definition };
        return MadeLog.Transaction(one.Gtid, isLeftOut ? [] : [one.What]);
    }

    void Look() => _world.After(2_000 + _world.Chance.Below(Changes.Extent.Dictionary is null ? 4_000 : 60_000), () =>
    {
        if (_gateway.Stopped) return;
        Look();
        var primary = _world.Primary;
        if (_looking || !primary.Up || _gateway.View.Primary?.Number != primary.Number) return;
        _looking = true;
        var boot = primary.Boot;
        var from = _world.Position(primary.Logged);
        _world.After(20 + _world.Chance.Below(3_000), () =>
        {
            var found = _world.DefinitionAt(_world.Order.Count);
            _world.After(20 + _world.Chance.Below(3_000), () =>
            {
                _looking = false;
                if (!primary.Up || primary.Boot != boot) return;
                // It answered; its word comes a moment later, when it may be lost.
                var to = _world.Position(primary.Logged);
                _world.After(20 + _world.Chance.Below(300), () =>
                {
                    if (_gateway.View.Primary?.Number != primary.Number) return;
                    Understood = found;
                    Changes.Offer(SimTables.Catalogues[found].Dictionary, from, to);
                });
            });
        });
    });
}
