using Headwater.Core.Positions;
using Headwater.Core.Routing;
using Headwater.Tests;

namespace Headwater.Bench.CacheCheck;

/// <summary>A read that is under way, and the sessions of its reactor that wait for the same.</summary>
sealed class Underway(Position from)
{
    public Position From => from;
    public readonly List<Session> Waiting = [];
}

/// <summary>One thread and its sessions, which take turns.</summary>
sealed class Reactor
{
    readonly Session[] _sessions;
    public readonly Tally Tally = new();
    public readonly Dictionary<int, Underway> Underway = [];
    public readonly ServerLoad[] Load;

    public Reactor(Database database, Tables tables, Cluster cluster, Feed feed, Kept kept, Plant plant, Seeded chance, int sessions)
    {
        Load = new ServerLoad[cluster.View.Servers.Length];
        _sessions = [.. Enumerable.Range(0, sessions).Select(i => new Session(this, database, tables, cluster, feed, kept, plant, new Seeded(chance.Next()), i))];
    }

    public void Run(Func<bool> stopped)
    {
        while (!stopped())
        {
            var worked = false;
            foreach (var session in _sessions) worked |= session.Turn();
            if (!worked) Thread.Sleep(1);
        }
    }
}
