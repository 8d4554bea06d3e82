namespace Headwater.Core.Positions;

/// <summary>
/// The highest sequence per domain that somebody has proof of. Only grows; any number of writers and readers, no locks and no allocation
/// once a domain is known. The server part of a GTID is not kept: inside one lineage the sequence alone decides.
/// </summary>
public sealed class HighWaterMark
{
    sealed class Slot(uint domain, Slot? next)
    {
        public readonly uint Domain = domain;
        public readonly Slot? Next = next;
        public long Sequence;
    }

    Slot? _slots;

    public ulong SequenceOf(uint domain)
    {
        for (var slot = Volatile.Read(ref _slots); slot is not null; slot = slot.Next)
            if (slot.Domain == domain) return (ulong)Volatile.Read(ref slot.Sequence);
        return 0;
    }

    public void Raise(uint domain, ulong sequence)
    {
        var slot = SlotOf(domain);
        var seen = Volatile.Read(ref slot.Sequence);
        while ((ulong)seen < sequence)
        {
            var before = Interlocked.CompareExchange(ref slot.Sequence, (long)sequence, seen);
            if (before == seen) return;
            seen = before;
        }
    }

    public void Raise(in Position position)
    {
        for (var i = 0; i < position.DomainCount; i++) Raise(position[i].Domain, position[i].Sequence);
    }

    Slot SlotOf(uint domain)
    {
        while (true)
        {
            var head = Volatile.Read(ref _slots);
            for (var slot = head; slot is not null; slot = slot.Next)
                if (slot.Domain == domain) return slot;
            var added = new Slot(domain, head);
            if (Interlocked.CompareExchange(ref _slots, added, head) == head) return added;
        }
    }
}
