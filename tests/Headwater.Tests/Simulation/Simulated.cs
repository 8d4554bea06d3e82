using Headwater.Core.Positions;
using Headwater.Core.Routing;

namespace Headwater.Tests.Simulation;

/// <summary>What the checker found over any number of runs.</summary>
sealed class Verdict
{
    public readonly long[] Reads = new long[6];
    public readonly long[] Violations = new long[6];
    public readonly Dictionary<RouteReason, long> Reasons = [];
    public long Stuck, Fills, Merged;
    public string First = "";
    public ulong Seed;

    public long Bad => Violations.Sum();

    public void Read(LevelKind level, bool bad, string what)
    {
        Reads[(int)level]++;
        if (!bad) return;
        Violations[(int)level]++;
        if (First.Length == 0) First = $"seed {Seed}: {what}";
    }

    public void Routed(RouteKind _, RouteReason reason) => Reasons[reason] = Reasons.GetValueOrDefault(reason) + 1;
}

/// <summary>One run: two gateways, up to three replicas, some sessions, troubles; all from one seed.</summary>
static class Simulated
{
    public static void Run(ulong seed, Fault fault, Verdict verdict, int statements = 40)
    {
        verdict.Seed = seed;
        var chance = new Seeded(seed);
        var world = new World(chance, replicas: 1 + chance.Below(3), domains: chance.OneIn(4) ? 2 : 1);
        SimGateway[] gateways = [new(world, fault), new(world, fault)];
        var policy = RoutingPolicy.Default with { ReadWait = TimeSpan.FromMilliseconds(chance.Below(3) * 30), PrimaryStay = TimeSpan.FromMilliseconds(chance.Below(2) * 20) };
        var sessions = Enumerable.Range(0, 4 + chance.Below(3))
            .Select(i => new SimSession(world, gateways[i % 2], fault, verdict, policy, statements) { Main = chance.OneIn(2) ? Level.Session : SimSession.Levels[chance.Below(SimSession.Levels.Length)] })
            .ToList();
        foreach (var session in sessions)
        {
            session.Others = sessions.Where(s => s != session).ToList();
            world.TailLost += session.TailLost;
            session.Gateway.EpochChanged += session.Judge;
            session.Start();
        }
        Trouble(world, fault);
        while (!sessions.TrueForAll(s => s.Done) && world.Microseconds < 60_000_000 && world.Step()) { }
        foreach (var gateway in gateways) gateway.Stopped = true;
        if (!sessions.TrueForAll(s => s.Done))
        {
            verdict.Stuck++;
            if (verdict.First.Length == 0) verdict.First = $"seed {seed}: stuck";
        }
    }

    static void Trouble(World world, Fault fault) => world.After(10_000 + world.Chance.Below(150_000), () =>
    {
        var replica = world.Servers[world.Chance.Below(world.Servers.Length)];
        if (replica != world.Primary && replica.Up)
        {
            switch (world.Chance.Below(5))
            {
                case 0: replica.LagMicroseconds = world.Chance.Below(150_000); break;
                case 1:
                    replica.Replicating = false;
                    world.After(1_000 + world.Chance.Below(400_000), () => replica.Replicating = true);
                    break;
                case 2: world.Restart(replica, rewind: false); break;
                case 3: world.Restart(replica, rewind: true); break;
                default: replica.LagMicroseconds = 200; break;
            }
        }
        else if (replica == world.Primary && world.Microseconds - world.FailedOverAt > 200_000)
        {
            if ((fault & Fault.PlannedChangeUnheard) == 0 || world.Chance.OneIn(2)) world.FailOver();
            else world.SwitchOver();
        }
        Trouble(world, fault);
    });
}
