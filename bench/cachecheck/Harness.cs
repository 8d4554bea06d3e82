using System.Diagnostics;
using Headwater.Tests;

namespace Headwater.Bench.CacheCheck;

/// <summary>What one run found.</summary>
sealed record Outcome(Policy Policy, Plant Plant, Tally Tally, TimeSpan Took, Feed Feed, long Transactions, long Evicted);

/// <summary>One run: a primary and two replicas, writers, reactors with their sessions, the watch and the feed, each on threads of their own.</summary>
sealed class Harness(ulong seed, int writers, int reactors, int sessions)
{
    /// <param name="least">It takes at least so long, for what is slow to matter.</param>
    public Outcome Run(Policy policy, Plant plant, long reads, TimeSpan least, TimeSpan most)
    {
        var chance = new Seeded(seed);
        var tables = new Tables();
        var database = new Database(tables);
        var cluster = new Cluster(database, new Seeded(chance.Next()));
        var feed = new Feed(database, tables, plant, new Seeded(chance.Next()));
        var kept = new Kept(policy, plant, feed);
        var all = Enumerable.Range(0, reactors).Select(_ => new Reactor(database, tables, cluster, feed, kept, plant, new Seeded(chance.Next()), sessions)).ToArray();
        var started = Stopwatch.GetTimestamp();
        var stop = false;
        Exception? failure = null;
        var threads = new List<Thread>();
        // Servers first: the log begins with what set them up.
        database.Acknowledge(database.Define());
        database.Acknowledge(database.Define());
        foreach (var replica in cluster.Replicas) Begin("replica", () => replica.Run(Stopped));
        Begin("watch", () => cluster.Watch(Stopped));
        Begin("feed", () => feed.Run(Stopped));
        for (var i = 0; i < writers; i++)
        {
            var writer = new Writer(database, kept, new Seeded(chance.Next()), defines: i == 0);
            Begin("writer", () => writer.Run(Stopped));
        }
        foreach (var reactor in all) Begin("reactor", () => reactor.Run(Stopped));
        while (!Stopped())
        {
            Thread.Sleep(20);
            // Counted by each thread for itself: the sum is a little old.
            var (read, wrong) = (all.Sum(reactor => Volatile.Read(ref reactor.Tally.Reads)), all.Sum(reactor => reactor.Tally.Wrong));
            if (read >= reads && Stopwatch.GetElapsedTime(started) > least || Stopwatch.GetElapsedTime(started) > most || database.IsFull || plant != Plant.None && wrong > 0) Volatile.Write(ref stop, true);
        }
        foreach (var thread in threads) thread.Join();
        if (failure is not null) throw new InvalidOperationException("a thread failed", failure);
        var sum = new Tally();
        foreach (var reactor in all) sum.Add(reactor.Tally);
        return new Outcome(policy, plant, sum, Stopwatch.GetElapsedTime(started), feed, database.Logged, kept.Results.Evicted);

        bool Stopped() => Volatile.Read(ref stop);

        void Begin(string name, Action act)
        {
            var thread = new Thread(() =>
            {
                try
                {
                    act();
                }
                catch (Exception e)
                {
                    failure = e;
                    Volatile.Write(ref stop, true);
                }
            })
            { Name = name, IsBackground = true };
            threads.Add(thread);
            thread.Start();
        }
    }
}

/// <summary>Somebody who writes past the gateway.</summary>
sealed class Writer(Database database, Kept kept, Seeded chance, bool defines)
{
    public void Run(Func<bool> stopped)
    {
        while (!stopped())
        {
            Thread.Sleep(1 + chance.Below(20));
            var sequence = defines && chance.OneIn(150) ? database.Define() : database.Commit(chance);
            // An acknowledgement that does not come holds up all commits behind it.
            if (chance.OneIn(100)) Thread.Sleep(chance.Below(30));
            database.Acknowledge(sequence);
            while (database.Shown < sequence && !stopped()) Thread.Sleep(1);
            kept.Written(database[sequence]);
        }
    }
}
