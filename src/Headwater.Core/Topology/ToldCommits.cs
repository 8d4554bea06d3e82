using Headwater.Core.Positions;

namespace Headwater.Core.Topology;

/// <summary>What a gateway knows of a commit's client.</summary>
public enum Told : byte
{
    /// <summary>No client was told here that it is committed: it was in flight, or it came another way.</summary>
    No,
    Yes,

    /// <summary>Newer commits have taken its place.</summary>
    Forgotten,
}

/// <summary>
/// The newest commits that clients were told of, exactly: group commit makes a later one acknowledged before an earlier one, so a high-water mark would
/// not do. One store a commit, any number of writers, no locks; 256 kB for each domain that is written to, and nothing until then.
/// </summary>
public sealed class ToldCommits
{
    /// <summary>How many sequences of a domain are remembered.</summary>
    public const int Kept = 1 << 16;

    sealed class Ring(uint domain, Ring? next)
    {
        public readonly uint Domain = domain;
        public readonly Ring? Next = next;

        // Where a sequence stands follows from its low bits; what stands there are its high ones, plus one, so that 0 is nothing.
        public readonly uint[] Marks = new uint[Kept];
    }

    Ring? _rings;

    public void Add(in Gtid gtid) => Volatile.Write(ref RingOf(gtid.Domain).Marks[gtid.Sequence % Kept], Mark(gtid.Sequence));

    public Told Of(in Gtid gtid)
    {
        for (var ring = Volatile.Read(ref _rings); ring is not null; ring = ring.Next)
        {
            if (ring.Domain != gtid.Domain) continue;
            var there = Volatile.Read(ref ring.Marks[gtid.Sequence % Kept]);
            return there == Mark(gtid.Sequence) ? Told.Yes : there > Mark(gtid.Sequence) ? Told.Forgotten : Told.No;
        }
        return Told.No;
    }

    static uint Mark(ulong sequence) => (uint)(sequence / Kept) + 1;

    Ring RingOf(uint domain)
    {
        while (true)
        {
            var head = Volatile.Read(ref _rings);
            for (var ring = head; ring is not null; ring = ring.Next)
                if (ring.Domain == domain) return ring;
            var added = new Ring(domain, head);
            if (Interlocked.CompareExchange(ref _rings, added, head) == head) return added;
        }
    }
}
