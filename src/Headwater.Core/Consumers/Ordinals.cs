using Headwater.Core.Positions;

namespace Headwater.Core.Consumers;

/// <summary>
/// Transactions numbered in the order in which one consumer of the log met them, and where a position stands among them. Numbers of one consumer are
/// compared with each other and with nothing else; they are never used twice. One writer, any number of readers, no locks; fixed memory.
/// </summary>
sealed class Ordinals(Position begin, long first, int remembered)
{
    DomainOrdinals[] _domains = [];

    /// <summary>Where the numbering began.</summary>
    public long First => first;

    public void Add(in Gtid gtid, long ordinal)
    {
        foreach (var known in _domains)
        {
            if (known.Domain != gtid.Domain) continue;
            known.Add(gtid.Sequence, ordinal);
            return;
        }
        var added = new DomainOrdinals(gtid.Domain, begin.SequenceOf(gtid.Domain), remembered);
        added.Add(gtid.Sequence, ordinal);
        Volatile.Write(ref _domains, [.. _domains, added]);
    }

    /// <summary>The greatest number such that the position covers every transaction up to it, or <paramref name="most"/>; null when it is too old for that to be known.</summary>
    public long? Covered(in Position position, long most)
    {
        if (!position.Covers(in begin)) return null;
        foreach (var domain in Volatile.Read(ref _domains))
        {
            if (domain.FirstBeyond(position.SequenceOf(domain.Domain)) is not { } beyond) return null;
            if (beyond - 1 < most) most = beyond - 1;
        }
        return most;
    }

    /// <summary>The newest transactions of one domain, in the order of its sequence.</summary>
    sealed class DomainOrdinals(uint domain, ulong begin, int remembered)
    {
        readonly ulong[] _sequences = new ulong[2 * remembered];
        readonly long[] _ordinals = new long[2 * remembered];
        long _count;

        public uint Domain => domain;

        public void Add(ulong sequence, long ordinal)
        {
            var slot = _count % _sequences.Length;
            Volatile.Write(ref _sequences[slot], sequence);
            Volatile.Write(ref _ordinals[slot], ordinal);
            Volatile.Write(ref _count, _count + 1);
        }

        /// <summary>The number of the first transaction behind a sequence; <see cref="long.MaxValue"/> when there is none yet, null when it is no longer remembered.</summary>
        public long? FirstBeyond(ulong sequence)
        {
            // Half of the ring is looked at: the writer would have to add the other half meanwhile to get into the way, which is seen at the end.
            long count = Volatile.Read(ref _count), low = Math.Max(0, count - remembered), high = count;
            if (sequence < (low == 0 ? begin : SequenceAt(low - 1))) return null;
            while (low < high)
            {
                var middle = low + (high - low) / 2;
                if (SequenceAt(middle) > sequence) high = middle;
                else low = middle + 1;
            }
            var found = low == count ? long.MaxValue : Volatile.Read(ref _ordinals[low % _ordinals.Length]);
            return Volatile.Read(ref _count) - count < remembered - 1 ? found : null;
        }

        ulong SequenceAt(long index) => Volatile.Read(ref _sequences[index % _sequences.Length]);
    }
}
