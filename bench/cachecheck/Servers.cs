using Headwater.Core;
using Headwater.Core.Positions;
using Headwater.Core.Topology;
using Headwater.Tests;

namespace Headwater.Bench.CacheCheck;

/// <summary>A replica: it logs, then shows, then records what it applies, some time after the primary has logged it; and it stops now and then.</summary>
sealed class Replica(Database primary, Seeded chance)
{
    long _logged, _shown, _recorded;

    public long Logged => Volatile.Read(ref _logged);
    public long Shown => Volatile.Read(ref _shown);
    public long Recorded => Volatile.Read(ref _recorded);

    public void Run(Func<bool> stopped)
    {
        long lag = 0, changesAt = 0, stopsUntil = 0;
        while (!stopped())
        {
            var now = Database.Ticks;
            if (now > changesAt)
            {
                lag = chance.Below(4) switch { 0 => 0, 1 => chance.Below(10) * 10_000, _ => chance.Below(100) * 10_000 };
                changesAt = now + 100_000 + chance.Below(5_000_000);
                if (chance.OneIn(8)) stopsUntil = now + chance.Below(20_000_000);
            }
            var next = Shown;
            if (now >= stopsUntil)
                while (next < primary.Logged && primary[next + 1].LoggedAt + lag <= now) next++;
            if (next > Shown)
            {
                Volatile.Write(ref _logged, next);
                if (chance.OneIn(4)) Thread.Yield();
                Volatile.Write(ref _shown, next);
                if (chance.OneIn(4)) Thread.Sleep(chance.Below(4));
                Volatile.Write(ref _recorded, next);
            }
            Thread.Sleep(1);
        }
    }
}

/// <summary>The cluster as a gateway sees it: looked at every few milliseconds and when somebody asks for it; each look takes time.</summary>
sealed class Cluster
{
    readonly Database _primary;
    readonly Seeded _chance;
    readonly SemaphoreSlim _demanded = new(0);
    public readonly Replica[] Replicas;
    public readonly ClusterView View;

    public Cluster(Database primary, Seeded chance)
    {
        (_primary, _chance) = (primary, chance);
        Replicas = [new(primary, new Seeded(chance.Next())), new(primary, new Seeded(chance.Next()))];
        var servers = Enumerable.Range(1, 1 + Replicas.Length).Select(number => new ServerView
        {
            State = new ServerState(new ServerId($"db{number}"), 1),
            Address = new ServerAddress($"db{number}", 3306),
            Role = number == 1 ? ServerRole.Primary : ServerRole.Replica,
            Health = ServerHealth.Up,
            Number = (uint)number,
        }).ToArray();
        foreach (var server in servers)
            server.State.Demanded += _ =>
            {
                if (_demanded.CurrentCount == 0) _demanded.Release();
            };
        View = new ClusterView { Cluster = "check", Epoch = new Epoch(1), Version = 1, Servers = [.. servers], Primary = servers[0], History = [new Gtid(0, Database.Number, 1)] };
    }

    /// <summary>What the server shows now.</summary>
    public long Shown(int server) => server == 0 ? _primary.Shown : Replicas[server - 1].Shown;

    public void Watch(Func<bool> stopped)
    {
        while (!stopped())
        {
            for (var i = 0; i < View.Servers.Length; i++) Look(i);
            _demanded.Wait(1 + _chance.Below(6));
        }
    }

    void Look(int server)
    {
        var asked = Database.Now;
        if (_chance.OneIn(20)) Thread.Sleep(_chance.Below(5));
        // Upper and lower bound are asked for in one statement and are not of one instant; the place of the engine's commit comes last.
        var (logged, shown) = server == 0 ? (_primary.Logged, _primary.Shown) : (Replicas[server - 1].Logged, Replicas[server - 1].Recorded);
        var answered = Database.Now;
        if (_chance.OneIn(20)) Thread.Sleep(_chance.Below(5));
        View.Servers[server].State.Advance(new PositionSample(asked, answered, Database.At(shown)) { Logged = Database.At(logged) });
    }
}
