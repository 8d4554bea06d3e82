namespace Headwater.Core.Topology;

/// <summary>
/// The thread ids that one incarnation of a server has greeted with. They only grow within a process and begin anew with it, so a connection that
/// was begun when a higher one was known already is to another process, which may have lost what this one had: nothing runs there until a look
/// at the server has said who it is. Ids that come back out of order because connections were begun together prove nothing, hence "begun when".
/// </summary>
public sealed class ThreadIds
{
    const long Sure = long.MinValue;
    long _highest;
    long _doubtedAt = Sure;

    /// <summary>To be read before a connection is begun, and given back to <see cref="Accepts"/> with what it was greeted with.</summary>
    public uint Highest => (uint)Volatile.Read(ref _highest);

    public bool IsDoubted => Volatile.Read(ref _doubtedAt) != Sure;

    /// <summary>False: the connection is not to this incarnation, or nobody knows whether it is.</summary>
    public bool Accepts(uint greeted, uint highestWhenBegun, Instant now)
    {
        if (IsDoubted) return false;
        if (greeted <= highestWhenBegun)
        {
            Volatile.Write(ref _doubtedAt, now.Ticks);
            return false;
        }
        Saw(greeted);
        return true;
    }

    /// <summary>A connection that is known to be to this incarnation has this id.</summary>
    public void Saw(uint id)
    {
        for (var known = Volatile.Read(ref _highest); id > known;)
        {
            var found = Interlocked.CompareExchange(ref _highest, id, known);
            if (found == known) return;
            known = found;
        }
    }

    /// <summary>A look that was begun after the doubt found this incarnation after all: ids have begun anew for another reason, so they are counted anew.</summary>
    public void Confirm(Instant lookedAt, uint greeted)
    {
        var doubted = Volatile.Read(ref _doubtedAt);
        if (doubted != Sure && lookedAt.Ticks > doubted)
        {
            Volatile.Write(ref _highest, 0);
            Volatile.Write(ref _doubtedAt, Sure);
        }
        Saw(greeted);
    }
}
