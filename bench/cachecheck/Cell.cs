namespace Headwater.Bench.CacheCheck;

/// <summary>
/// What one statement reads, and each transaction that changed it. Its value at a position is the number of the last of them up to there, so that an answer tells of which positions
/// it is the answer. Appended to by who commits, under the database's lock; read by all.
/// </summary>
sealed class Cell
{
    long[] _changes = new long[64];
    int _count;

    public void Change(long sequence)
    {
        var count = _count;
        if (count > 0 && _changes[count - 1] == sequence) return;
        if (count == _changes.Length)
        {
            var larger = new long[2 * count];
            Array.Copy(_changes, larger, count);
            Volatile.Write(ref _changes, larger);
        }
        _changes[count] = sequence;
        Volatile.Write(ref _count, count + 1);
    }

    public long At(long position)
    {
        var (changes, first) = FirstBehind(position);
        return first == 0 ? 0 : changes[first - 1];
    }

    /// <summary>The transaction that ended the value; none yet is one behind all that are logged.</summary>
    public long EndOf(long value)
    {
        var count = Volatile.Read(ref _count);
        var (changes, first) = FirstBehind(value);
        return first >= count ? long.MaxValue : changes[first];
    }

    public bool Had(long value) => At(value) == value;

    (long[] Changes, int First) FirstBehind(long position)
    {
        var count = Volatile.Read(ref _count);
        var changes = Volatile.Read(ref _changes);
        int low = 0, high = count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (changes[middle] > position) high = middle;
            else low = middle + 1;
        }
        return (changes, low);
    }
}
