using System.Net.Sockets;
using Headwater.Bench.Lab;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Chaos;

/// <summary>What can be done to a laboratory. Each is over, and undone, when it returns, however it ends; what it did to whom and for how long is told.</summary>
sealed class Faults(ChaosLab lab, bool brief)
{
    const int BriefMilliseconds = 4000;

    const string Kill = "kill-primary", StopPrimary = "stop-primary", KillReplica = "kill-replica", StopReplica = "stop-replica", KillBoth = "kill-both", Switchover = "switchover", GlitchName = "glitch",
        Partition = "partition", PartitionReplicas = "partition-replicas", PartitionController = "partition-controller", OneWay = "one-way", DiskFull = "disk-full", Connections = "connections",
        KillController = "kill-controller", ReturnAt = "return-at", TwoAtOnce = "two-at-once";

    public static readonly string[] All = [Kill, StopPrimary, KillReplica, StopReplica, KillBoth, Switchover, GlitchName, Partition, PartitionReplicas, PartitionController, OneWay, DiskFull, Connections, KillController, ReturnAt, TwoAtOnce];

    /// <summary>Of these no failover may come: the primary is well, or was away for less than the bound.</summary>
    public static readonly string[] NoFailover = [KillReplica, StopReplica, GlitchName, PartitionController, PartitionReplicas, Connections];
    static readonly string[] NeedNetwork = [Partition, PartitionReplicas, PartitionController, OneWay];
    static readonly string[] Pairs = [Kill, StopPrimary, KillReplica, StopReplica, Partition, PartitionReplicas, PartitionController, OneWay, KillController, ReturnAt, GlitchName, Connections];

    /// <summary>Those that this machine permits.</summary>
    public IReadOnlyList<string> Possible(IEnumerable<string> wanted) => [.. wanted.Where(fault => (lab.Network.Own || !NeedNetwork.Contains(fault)) && (fault != DiskFull || lab.Servers.Any(static server => server.Disk is not null)))];

    public string Inject(string fault, ref Chance chance)
    {
        // More failovers in a row than any cluster has: an operator has looked, and lets them go on.
        lab.Controlling.Post("control/resume");
        var primary = lab.Server(lab.Controlling.Status()?.Primary);
        var replicas = lab.Servers.Where(server => server != primary).ToList();
        var replica = replicas[chance.Below(replicas.Count)];
        return One(fault, primary, replica, ref chance);
    }

    /// <summary>How long something lasts.</summary>
    int Length(ref Chance chance, int least, int most) => brief ? chance.Between(Math.Min(least, BriefMilliseconds / 2), Math.Min(most, BriefMilliseconds)) : chance.Between(least, most);

    string One(string fault, LabServer primary, LabServer replica, ref Chance chance)
    {
        switch (fault)
        {
            case Kill:
                return Killed(primary, Length(ref chance, 1000, 6000));
            case KillReplica:
                return Killed(replica, chance.Between(500, 4000));
            case ReturnAt:
                return Killed(primary, chance.Between(0, 3000));
            case KillBoth:
                var (between, backAfter) = (chance.Between(0, 1500), chance.Between(500, 4000));
                Killed(primary, backAfter);
                Thread.Sleep(between);
                return $"{primary.Name}, {Killed(replica, backAfter)}, {between} ms later";
            case StopPrimary:
                return Stopped(primary, chance.Percent(70) ? Length(ref chance, 1000, 8000) : Length(ref chance, 8000, 30_000));
            case StopReplica:
                return Stopped(replica, chance.Percent(70) ? Length(ref chance, 1000, 8000) : Length(ref chance, 8000, 30_000));
            case Switchover:
                return lab.Controlling.Post("control/switchover");
            case GlitchName:
                return Glitch(ref chance);
            case Partition:
                return Cut(primary, Everybody(primary), both: true, outward: true, Length(ref chance, 2000, 15_000)) + ", from everybody";
            case PartitionReplicas:
                return Cut(primary, [.. lab.Servers.Where(server => server != primary).Select(static server => server.Node)], both: true, outward: true, Length(ref chance, 1000, 8000)) + ", from the replicas";
            case PartitionController:
                return Cut(primary, [lab.Controlling.Node], both: true, outward: true, Length(ref chance, 1000, 10_000)) + ", from the controller";
            case OneWay:
                var outward = chance.Percent(50);
                return Cut(primary, Everybody(primary), both: false, outward, Length(ref chance, 2000, 15_000)) + (outward ? ", what it sends vanishes" : ", what is sent to it vanishes");
            case DiskFull:
                return chance.Percent(50) ? Filled(primary, "primary", ref chance) : Filled(replica, "replica", ref chance);
            case Connections:
                return Exhausted(primary, Length(ref chance, 2000, 8000));
            case KillController:
                return ControllerKilled(primary, chance.Between(0, 2000), chance.Between(100, 3000), chance.Between(500, 5000));
            case TwoAtOnce:
                return Two(primary, replica, ref chance);
            default:
                throw new UsageException($"--faults: found {fault}; allowed: {string.Join(", ", All)}");
        }
    }

    IReadOnlyList<Node> Everybody(LabServer but) => [.. lab.Servers.Where(server => server != but).Select(static server => server.Node), .. lab.Gateways.Select(static gateway => gateway.Node)];

    static string Killed(LabServer server, int backAfter)
    {
        server.RestartAfter = TimeSpan.FromMilliseconds(backAfter);
        server.Signal(Guarded.Kill);
        return $"{server.Name}, started again after {backAfter} ms";
    }

    static string Stopped(LabServer server, int length) => While(server, length, () => server.Signal(Guarded.Stop), () => server.Signal(Guarded.Continue));

    static string Unplugged(LabServer server, int length) => While(server, length, () => Network.Unplug(server.Node), () => Network.Plug(server.Node));

    /// <summary>What is begun is ended, whatever happens in between.</summary>
    static string While(LabServer server, int length, Action begin, Action end)
    {
        try
        {
            begin();
            Thread.Sleep(length);
        }
        finally
        {
            end();
        }
        return $"{server.Name} for {length} ms";
    }

    string Cut(LabServer server, IReadOnlyList<Node> from, bool both, bool outward, int length, bool refuse = false)
    {
        return While(server, length, Begin, End);

        void Begin()
        {
            foreach (var node in from)
            {
                if (refuse)
                {
                    lab.Network.Refuse(node, server.Node);
                    continue;
                }
                if (both || outward) lab.Network.Cut(server.Node, node);
                if (both || !outward) lab.Network.Cut(node, server.Node);
            }
        }

        void End()
        {
            Parallel.ForEach(from, node =>
            {
                lab.Network.Mend(server.Node, node);
                lab.Network.Mend(node, server.Node);
            });
            if (refuse) lab.Network.EndRefusing(server.Node);
        }
    }

    /// <summary>Shorter than a second: of none of these may a failover come.</summary>
    public string Glitch(ref Chance chance)
    {
        var server = lab.Servers[chance.Below(lab.Servers.Count)];
        if (chance.Percent(50)) server = lab.Server(lab.Controlling.Status()?.Primary ?? server.Name);
        // Setting it up and mending it takes some milliseconds, too.
        var length = chance.Between(100, 850);
        switch (lab.Network.Own ? chance.Below(4) : 0)
        {
            case 0 or 1: return "stopped " + Stopped(server, length);
            case 2: return "cut off " + Unplugged(server, length);
            default: return "refusing " + Cut(server, Everybody(server), both: false, outward: false, length, refuse: true);
        }
    }

    string Filled(LabServer server, string role, ref Chance chance)
    {
        var length = Length(ref chance, 2000, 15_000);
        try
        {
            server.Disk!.Fill();
            Thread.Sleep(length);
        }
        finally
        {
            server.Disk!.Free();
        }
        return $"{server.Name}, the {role}, for {length} ms";
    }

    /// <summary>Strangers take every connection that the server has, also the one that is kept for administrators.</summary>
    static string Exhausted(LabServer server, int length)
    {
        var strangers = new List<SqlClient>();
        var refusal = "";
        try
        {
            for (var until = Environment.TickCount64 + length; Environment.TickCount64 < until; Thread.Sleep(20))
                foreach (var super in (bool[])[false, true])
                    try
                    {
                        while (strangers.Count < 1000) strangers.Add(ChaosLab.Directly(server, super));
                    }
                    catch (Exception e) when (e is SqlException or SocketException or IOException)
                    {
                        refusal = e.Message;
                    }
        }
        finally
        {
            strangers.ForEach(static stranger => stranger.Dispose());
        }
        return $"{server.Name} for {length} ms, {strangers.Count} strangers ({refusal})";
    }

    string ControllerKilled(LabServer primary, int after, int startedAfter, int primaryBackAfter)
    {
        Killed(primary, primaryBackAfter);
        Thread.Sleep(after);
        var gateway = lab.Controlling;
        try
        {
            gateway.Kill();
            Thread.Sleep(startedAfter);
        }
        finally
        {
            gateway.StartAgain();
        }
        return $"{primary.Name} killed, back after {primaryBackAfter} ms; {gateway.Node.Name}, whose controller acts, killed {after} ms later, started again after {startedAfter} ms";
    }

    string Two(LabServer primary, LabServer replica, ref Chance chance)
    {
        var possible = Possible(Pairs);
        var first = possible[chance.Below(possible.Count)];
        var second = possible[chance.Below(possible.Count)];
        var between = chance.Between(0, 1500);
        var (one, other) = (new Chance(chance.Next()), new Chance(chance.Next()));
        string? told = null;
        Exception? failed = null;
        var beside = new Thread(() =>
        {
            try
            {
                told = One(first, primary, replica, ref one);
            }
            catch (Exception e)
            {
                failed = e;
            }
        });
        beside.Start();
        Thread.Sleep(between);
        try
        {
            var also = One(second, primary, replica, ref other);
            beside.Join();
            return failed is null ? $"{first} {told} and, {between} ms later, {second} {also}" : throw failed;
        }
        finally
        {
            beside.Join();
        }
    }
}
