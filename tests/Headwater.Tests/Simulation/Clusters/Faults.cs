using Headwater.Core.Failover;

namespace Headwater.Tests.Simulation.Clusters;

/// <summary>What goes wrong in this seed, and when it has all been mended.</summary>
sealed class Faults
{
    const long Ms = Clockwork.Millisecond;

    readonly World _world;
    readonly Seeded _chance;
    readonly List<(Database? Of, Action Mend)> _mends = [];
    bool _healed;

    /// <summary>When the primary, and nothing else, dies for good until the heal: then the time until writes return is measured.</summary>
    public long? PrimaryDiesAloneAt { get; private set; }
    public long HealsAt { get; private set; }

    public Faults(World world, ulong seed)
    {
        (_world, _chance) = (world, new Seeded(seed * 104729 + 3));
        HealsAt = 9_000 * Ms + _chance.Below(6_000) * Ms;
        if (_chance.OneIn(12))
        {
            PrimaryDiesAloneAt = 2_500 * Ms + _chance.Below(1_000) * Ms;
            world.Clock.In(PrimaryDiesAloneAt.Value, () => Down(Primary(), power: false, HealsAt));
            return;
        }
        if (_chance.OneIn(10)) world.Clock.In(1_500 * Ms + _chance.Below(2_000) * Ms, OneCopy);
        if (_chance.OneIn(3)) HoldUp(world.Databases[_chance.Below(world.Databases.Length)], For(3_000, 9_000));
        var count = 1 + _chance.Below(4);
        var at = 1_500 * Ms + _chance.Below(1_500) * Ms;
        for (var i = 0; i < count; i++)
        {
            world.Clock.In(at, Strike);
            // Half of them come on top of the one before.
            at += _chance.OneIn(2) ? _chance.Below(1_200) * Ms : 1_000 * Ms + _chance.Below(3_000) * Ms;
        }
        if (_chance.OneIn(2)) OnAStep();
    }

    Database Primary() => _world.Find(_world.Controller.Journal.Primary) ?? _world.Databases[0];
    Database Any() => _chance.OneIn(2) ? Primary() : _world.Databases[_chance.Below(_world.Databases.Length)];

    /// <summary>Something happens at one step of whatever change comes: the worst moments are around the controller's own.</summary>
    void OnAStep()
    {
        var step = _chance.Below(6);
        var what = _chance.Below(7);
        var delay = _chance.OneIn(2) ? _chance.Below(30) * Ms : _chance.Below(600) * Ms;
        var times = 1 + _chance.Below(2);
        _world.Controller.Stepped += change =>
        {
            if (_healed || times == 0 || (step == 5 ? change is not null : change is null || (int)change.Step != step)) return;
            times--;
            _world.Clock.In(delay, () =>
            {
                if (_healed) return;
                var from = _world.Find(change?.From) ?? Primary();
                var to = _world.Find(change?.To) ?? _world.Databases[_chance.Below(_world.Databases.Length)];
                switch (what)
                {
                    case 0: Down(to, power: _chance.OneIn(2), For(300, 5_000)); break;
                    case 1: Return(from); break;
                    case 2: Lose(); break;
                    case 3: Freeze(to, For(100, 4_000)); break;
                    case 4: Down(_world.Databases[_chance.Below(_world.Databases.Length)], power: false, For(300, 3_000)); break;
                    case 5: Part(to, For(200, 4_000)); break;
                    default: Freeze(from, For(100, 4_000)); break;
                }
            });
        };
    }

    /// <summary>One replica alone can acknowledge, and applies slowly; then it, the primary or the controller goes.</summary>
    void OneCopy()
    {
        if (_healed) return;
        var primary = Primary();
        var replicas = _world.Databases.Where(server => server != primary).ToList();
        var alone = replicas[_chance.Below(replicas.Count)];
        var time = For(1_000, 6_000);
        foreach (var other in replicas)
            if (other != alone) Separate(other, primary, time + _chance.Below(2_000) * Ms);
        HoldUp(alone, For(1_000, 4_000));
        var next = For(300, 2_000);
        if (_chance.OneIn(2)) _world.Clock.In(next, () => { if (!_healed) Down(alone, _chance.OneIn(3), For(300, 2_000)); });
        if (_chance.OneIn(4)) _world.Clock.In(next + For(1, 600), () => { if (!_healed) Lose(); });
        _world.Clock.In(next + For(1, 1_500), () => { if (!_healed) Down(primary, _chance.OneIn(3), For(2_000, 9_000)); });
    }

    void Separate(Database a, Database b, long time)
    {
        Tell($"{a.Id} and {b.Id} do not reach each other for {time / Ms} ms");
        _world.Network.Cut(a.Index, b.Index);
        _world.Network.Cut(b.Index, a.Index);
        Until(a, time, () =>
        {
            Tell($"{a.Id} and {b.Id} reach each other");
            _world.Network.Mend(a.Index, b.Index);
            _world.Network.Mend(b.Index, a.Index);
        });
    }

    void Strike()
    {
        if (_healed) return;
        switch (_chance.Below(20))
        {
            case 0 or 1 or 2: Down(Primary(), power: false, For(300, 8_000)); break;
            case 3: Down(Any(), power: true, For(1_500, 8_000)); break;
            case 4: Down(_world.Databases[_chance.Below(_world.Databases.Length)], power: false, For(300, 5_000)); break;
            case 5 or 6: Freeze(Any(), _chance.OneIn(8) ? For(8_000, 30_000) : For(100, 6_000)); break;
            case 7 or 8 or 9: Part(Any(), For(300, 7_000)); break;
            case 10: if (_chance.OneIn(2)) Slow(Any(), For(1_000, 5_000)); else HoldUp(_world.Databases[_chance.Below(_world.Databases.Length)], For(1_000, 6_000)); break;
            case 11 or 12: Lose(); break;
            case 13 or 14 or 15: _world.Controller.Switchover(_chance.OneIn(3) ? null : _world.Databases[_chance.Below(_world.Databases.Length)].Id); break;
            case 16: Maintain(Any(), For(1_000, 6_000)); break;
            case 17: Pause(For(500, 4_000)); break;
            case 18: if (_chance.OneIn(3)) Break(_world.Databases[_chance.Below(_world.Databases.Length)]); else Glitch(); break;
            default: Glitch(); break;
        }
    }

    void Glitch()
    {
        _world.Tally.Glitches++;
        var time = _world.Clock.Now + For(50, 850) - _world.Clock.Now;
        switch (_chance.Below(3))
        {
            case 0: Freeze(Primary(), time); break;
            case 1: Part(Primary(), time); break;
            default: Down(Primary(), power: false, time); break;
        }
    }

    long For(int least, int most) => (least + _chance.Below(most - least)) * Ms;

    void Tell(string line) => _world.Story?.Add($"FAULT {line}");

    /// <summary>Mended after a time, or when all is.</summary>
    void Until(Database? of, long time, Action mend)
    {
        var mended = false;
        void Once()
        {
            if (mended) return;
            mended = true;
            mend();
        }
        _mends.Add((of, Once));
        _world.Clock.In(time, Once);
    }

    void Down(Database server, bool power, long time)
    {
        if (!server.Up) return;
        Tell($"{server.Id} {(power ? "loses power" : "is killed")} for {time / Ms} ms at {server.Last}, {server.Written - server.Committed} under way");
        _ = power ? _world.Tally.PowerLosses++ : _world.Tally.Kills++;
        server.Die(power);
        var boot = server.Boot;
        Until(server, time, () =>
        {
            if (server.Up || server.Boot != boot) return;
            server.Start();
            Tell($"{server.Id} starts again at {server.Last}");
        });
    }

    void Freeze(Database server, long time)
    {
        if (!server.Up) return;
        Tell($"{server.Id} is stopped (SIGSTOP) for {time / Ms} ms");
        _world.Tally.Freezes++;
        server.Freeze();
        var boot = server.Boot;
        Until(server, time, () =>
        {
            if (server.Boot != boot) return;
            Tell($"{server.Id} goes on");
            server.Thaw();
        });
    }

    void Part(Database server, long time)
    {
        _world.Tally.Partitions++;
        var cuts = new List<(int From, int To)>();
        var nodes = _world.Databases.Length + 3;
        string what;
        switch (_chance.Below(6))
        {
            case 0 or 1:
                what = "from everybody";
                for (var other = 0; other < nodes; other++)
                    if (other != server.Index) { cuts.Add((server.Index, other)); cuts.Add((other, server.Index)); }
                break;
            case 2:
                what = "from the controller";
                cuts.Add((server.Index, _world.ControllerNode));
                cuts.Add((_world.ControllerNode, server.Index));
                break;
            case 3:
                var peer = _chance.Below(_world.Databases.Length);
                if (peer == server.Index) peer = (peer + 1) % _world.Databases.Length;
                what = $"from {_world.Databases[peer].Id}";
                cuts.Add((server.Index, peer));
                cuts.Add((peer, server.Index));
                break;
            case 4:
                what = "so that it hears and is not heard";
                for (var other = 0; other < nodes; other++)
                    if (other != server.Index) cuts.Add((server.Index, other));
                break;
            default:
                what = "with one other, from the rest";
                var mate = _chance.Below(nodes);
                for (var other = 0; other < nodes; other++)
                {
                    if (other == server.Index || other == mate) continue;
                    foreach (var inside in mate == server.Index ? [mate] : new[] { server.Index, mate })
                    {
                        cuts.Add((inside, other));
                        cuts.Add((other, inside));
                    }
                }
                break;
        }
        Tell($"{server.Id} is cut off {what} for {time / Ms} ms");
        foreach (var (from, to) in cuts) _world.Network.Cut(from, to);
        Until(server, time, () =>
        {
            Tell($"{server.Id} is no longer cut off {what}");
            foreach (var (from, to) in cuts) _world.Network.Mend(from, to);
        });
    }

    void Slow(Database server, long time)
    {
        var fsync = For(50, 800);
        Tell($"the disk of {server.Id} takes {fsync / Ms} ms for {time / Ms} ms");
        server.Fsync = fsync;
        Until(server, time, () => server.Fsync = 300);
    }

    /// <summary>The worst moment for it: all that keeps it away ends now.</summary>
    void Return(Database server)
    {
        Tell($"{server.Id} comes back");
        foreach (var (of, mend) in _mends.ToList())
            if (of == server) mend();
    }

    void HoldUp(Database server, long time)
    {
        var each = For(20, 400);
        Tell($"{server.Id} needs {each / Ms} ms to apply a transaction for {time / Ms} ms");
        _world.HeldUp[server.Index] = each;
        Until(server, time, () => _world.HeldUp[server.Index] = 0);
    }

    void Lose() => _world.Controller.Lose((LossOfController)_chance.Below(4));

    void Maintain(Database server, long time)
    {
        var id = server.Id;
        _world.Controller.Maintenance(id, true);
        Until(null, time, () => _world.Controller.Maintenance(id, false));
    }

    void Pause(long time)
    {
        _world.Controller.Pause(true);
        Until(null, time, () => _world.Controller.Pause(false));
    }

    void Break(Database server)
    {
        if (server.Link is not { } link) return;
        Tell($"{server.Id} cannot apply the next transaction");
        link.Broken = true;
        _mends.Add((null, () =>
        {
            link.Broken = false;
            server.Link?.StartApplying();
        }
        ));
    }

    public void Heal()
    {
        _healed = true;
        Tell("all is mended");
        foreach (var (_, mend) in _mends.ToList()) mend();
        foreach (var server in _world.Databases) server.Start();
        _world.Controller.Start();
        foreach (var server in _world.Databases) _world.Controller.Maintenance(server.Id, false);
        _world.Controller.Pause(false);
    }
}
