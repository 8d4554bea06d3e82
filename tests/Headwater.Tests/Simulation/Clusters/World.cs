using System.Globalization;
using Headwater.Core.Failover;
using Headwater.Core.Positions;
using Headwater.Core.Topology;

namespace Headwater.Tests.Simulation.Clusters;

/// <summary>What happened, in order, for a person to read.</summary>
sealed class Story(Clockwork clock)
{
    readonly List<string> _lines = [];

    public void Add(string line) => _lines.Add(string.Create(CultureInfo.InvariantCulture, $"{clock.Now / 1e6,9:F4} s  {line}"));
    public override string ToString() => string.Join('\n', _lines);
}

/// <summary>The whole cluster of one seed: servers, network, gateways with their clients, the controller, and the truth that none of them knows.</summary>
sealed class World
{
    public readonly Clockwork Clock = new();
    public readonly Seeded Chance;
    public readonly Network Network;
    public readonly Database[] Databases;
    public readonly Gateway[] Gateways;
    public readonly ControllerProcess Controller;
    public readonly Tally Tally;
    public readonly Story? Story;
    public readonly Truth Truth;
    public readonly ControlPolicy Policy;
    public readonly bool SemiSync;
    public readonly bool SkipsSlaveStart;

    /// <summary>The servers that ever wrote something of their own.</summary>
    public readonly HashSet<uint> Wrote = [];
    readonly long[] _applyTime;

    /// <summary>Appliers that a long transaction or a busy machine holds up; 0: none.</summary>
    public readonly long[] HeldUp;

    public int ControllerNode => Databases.Length;
    public int GatewayNode(int index) => Databases.Length + 1 + index;

    public World(ulong seed, Breakage breakage, Tally tally, bool tell)
    {
        Chance = new Seeded(seed * 7919 + 17);
        Tally = tally;
        Story = tell ? new Story(Clock) : null;
        SemiSync = !Chance.OneIn(5);
        SkipsSlaveStart = Chance.OneIn(3);
        var count = 3 + Chance.Below(3);
        Policy = new ControlPolicy
        {
            Promise = SemiSync ? LossPromise.Zero : seed % 2 == 0 ? LossPromise.Bounded : LossPromise.BestEffort,
            LossBound = TimeSpan.FromSeconds(1),
            MostFailovers = 100,
            RuleOf = Chance.OneIn(6) ? id => id.Name == "db2" ? PromotionRule.Never : id.Name == "db3" ? PromotionRule.Prefer : PromotionRule.Neutral : static _ => PromotionRule.Neutral,
        };
        Network = new Network(Clock, Chance, count + 3) { Latency = Chance.OneIn(4) ? 5_000 : 200, LostPerMille = Chance.OneIn(4) ? 20 : 0 };
        Databases = new Database[count];
        _applyTime = new long[count];
        HeldUp = new long[count];
        // Nobody acknowledges before the controller has told it to: the audit asks for that at rpo zero.
        // And nobody starts both writable and not waiting.
        var waits = SemiSync && !Chance.OneIn(3);
        var readOnly = Chance.OneIn(2) || SemiSync && !waits;
        for (var i = 0; i < count; i++)
        {
            var server = Databases[i] = new Database(this, i) { ReadOnlyAtStart = readOnly, WaitsAtStart = waits };
            _applyTime[i] = Chance.OneIn(4) ? 12_000 : 300;
            for (var n = 1UL; n <= 3; n++) server.SetUp(i == 0 ? new Transaction(new Gtid(0, 1, n), -1, default) : Databases[0][(int)n - 1], i > 0);
            server.ReadOnly = i > 0;
            server.Waits = SemiSync && i == 0;
            server.Acknowledges = SemiSync && i > 0;
        }
        Wrote.Add(1);
        // Sometimes one replica follows another.
        var chained = count > 3 && Chance.OneIn(8);
        for (var i = 1; i < count; i++) Follow(Databases[i], Databases[chained && i == count - 1 ? 1 : 0]);
        Truth = new Truth(this);
        Gateways = [new Gateway(this, 0), new Gateway(this, 1)];
        Controller = new ControllerProcess(this, breakage);
        Story?.Add($"{count} servers, rpo {Policy.Rpo}; a server starts {(readOnly ? "read_only" : "writable")}, {(waits ? "waiting for acknowledgements" : "asynchronous")}{(SkipsSlaveStart ? ", not replicating" : "")}");
    }

    public void Follow(Database replica, Database source)
    {
        replica.Link = new Link(this, replica, source);
        replica.Link.StartSlave();
    }

    public long ApplyTime(Database replica) => HeldUp[replica.Index] + _applyTime[replica.Index] / 2 + Chance.Below((int)_applyTime[replica.Index]);

    public Database? Find(ServerId? id) => Databases.FirstOrDefault(server => server.Id == id);

    public int AcknowledgersOf(Database source) => Databases.Count(server => server.Link is { Acknowledging: true, Receiving: LinkState.Running } link && link.Source == source);

    public void Logged(Database source)
    {
        foreach (var server in Databases)
            if (server.Link is { } link && link.Source == source) link.Pump();
    }

    public void Died(Database server, bool power)
    {
        if (power) return;
        foreach (var other in Databases)
            if (other.Link is { } link && link.Source == server) link.SourceDied();
    }
}

/// <summary>What a run of seeds did, to see that it exercises what it should.</summary>
sealed class Tally
{
    public long Seeds, Failovers, Switchovers, Undone, LostControllers, Reconciled, Rewound, Acknowledged, Unknown, Refused, Reads, Kills, PowerLosses, Freezes, Partitions, Glitches, LostByPromise, LostWithinBound, CutPromotions, CannotDecide, ToldLost, Narrowed;
    public readonly List<long> Outages = [];

    public void Add(Tally other)
    {
        foreach (var field in typeof(Tally).GetFields().Where(static field => field.FieldType == typeof(long)))
            field.SetValue(this, (long)field.GetValue(this)! + (long)field.GetValue(other)!);
        Outages.AddRange(other.Outages);
    }

    public override string ToString()
    {
        var counts = string.Join(", ", typeof(Tally).GetFields().Where(static field => field.FieldType == typeof(long)).Select(field => $"{field.Name} {field.GetValue(this)}"));
        if (Outages.Count == 0) return counts;
        Outages.Sort();
        return string.Create(CultureInfo.InvariantCulture,
            $"{counts}; writes away after the death of a primary alone: p50 {Outages[Outages.Count / 2] / 1000} ms, p99 {Outages[Outages.Count * 99 / 100] / 1000} ms, most {Outages[^1] / 1000} ms");
    }
}
