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
            known.Add(in gtid, ordinal);
            return;
        }
        var added = new DomainOrdinals(gtid.Domain, begin.SequenceOf(gtid.Domain), remembered);
        added.Add(in gtid, ordinal);
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

    /// <summary>
    /// Whether the log has the very transactions that the position names, and not others of the same numbers: a lost branch's are given out again. False also when that is
    /// not remembered. The writer's.
    /// </summary>
    public bool Has(in Position position)
    {
        for (var i = 0; i < position.DomainCount; i++)
        {
            var gtid = position[i];
            if (gtid.Sequence <= begin.SequenceOf(gtid.Domain) ? begin.Diverged(new Position(gtid)) : Array.Find(_domains, one => one.Domain == gtid.Domain)?.Has(in gtid) is not true) return false;
        }
        return true;
    }

    /// <summary>The newest transactions of one domain, in the order of its sequence.</summary>
    sealed class DomainOrdinals(uint domain, ulong begin, int remembered)
    {
        readonly ulong[] _sequences = new ulong[2 * remembered];
        readonly long[] _ordinals = new long[2 * remembered];
        // The writer's alone.
        readonly uint[] _servers = new uint[2 * remembered];
        long _count;

        public uint Domain => domain;

        public void Add(in Gtid gtid, long ordinal)
        {
            var slot = _count % _sequences.Length;
            _servers[slot] = gtid.Server;
            Volatile.Write(ref _sequences[slot], gtid.Sequence);
            Volatile.Write(ref _ordinals[slot], ordinal);
            Volatile.Write(ref _count, _count + 1);
        }

        /// <summary>The number of the first transaction behind a sequence; <see cref="long.MaxValue"/> when there is none yet, null when it is no longer remembered.</summary>
        public long? FirstBeyond(ulong sequence)
        {
            // Half of the ring is looked at: the writer would have to add the other half meanwhile to get into the way, which is seen at the end.
            long count = Volatile.Read(ref _count), low = Math.Max(0, count - remembered);
            if (sequence < (low == 0 ? begin : SequenceAt(low - 1))) return null;
            low = Behind(sequence, low, count);
            var found = low == count ? long.MaxValue : Volatile.Read(ref _ordinals[low % _ordinals.Length]);
            return Volatile.Read(ref _count) - count < remembered - 1 ? found : null;
        }

        public bool Has(in Gtid gtid)
        {
            var low = Math.Max(0, _count - remembered);
            var last = Behind(gtid.Sequence, low, _count) - 1;
            return last >= low && SequenceAt(last) == gtid.Sequence && _servers[last % _servers.Length] == gtid.Server;
        }

        /// <summary>The first place from <paramref name="low"/> on whose sequence is beyond this one.</summary>
        long Behind(ulong sequence, long low, long high)
        {
            while (low < high)
            {
                var middle = low + (high - low) / 2;
                if (SequenceAt(middle) > sequence) high = middle;
                else low = middle + 1;
            }
            return low;
        }

        ulong SequenceAt(long index) => Volatile.Read(ref _sequences[index % _sequences.Length]);
    }
}
