namespace Headwater.Tests.Caching;

/// <summary>
/// The policies as their papers tell them, for comparison: lists searched from end to end, and the victims chosen before the newcomer is in. Keys are their own hashes.
/// </summary>
abstract class NaiveCache(long capacity)
{
    protected long Capacity => capacity;
    protected Dictionary<ulong, int> Sizes { get; } = [];

    public IReadOnlyCollection<ulong> Keys => Sizes.Keys;
    public bool Holds(ulong key) => Sizes.ContainsKey(key);

    public void Admit(ulong key, int bytes)
    {
        if (bytes > capacity) return;
        while (Sum(Sizes.Keys) + bytes > capacity) Sizes.Remove(Victim());
        Sizes.Add(key, bytes);
        Insert(key);
    }

    public void Remove(ulong key)
    {
        if (Sizes.Remove(key)) Forget(key);
    }

    public abstract void Hit(ulong key);
    protected abstract ulong Victim();
    protected abstract void Insert(ulong key);
    protected abstract void Forget(ulong key);

    protected long Sum(IEnumerable<ulong> keys) => keys.Sum(key => (long)Sizes[key]);
}

class NaiveFifo(long capacity) : NaiveCache(capacity)
{
    protected List<ulong> Queue { get; } = []; // the oldest first

    public override void Hit(ulong key) { }
    protected override void Insert(ulong key) => Queue.Add(key);
    protected override void Forget(ulong key) => Queue.Remove(key);

    protected override ulong Victim()
    {
        var victim = Queue[0];
        Queue.RemoveAt(0);
        return victim;
    }
}

sealed class NaiveLru(long capacity) : NaiveFifo(capacity)
{
    public override void Hit(ulong key)
    {
        Queue.Remove(key);
        Queue.Add(key);
    }
}

sealed class NaiveLfu(long capacity) : NaiveCache(capacity)
{
    readonly Dictionary<ulong, (int Count, int Since)> _asked = [];
    int _now;

    public override void Hit(ulong key) => _asked[key] = (_asked[key].Count + 1, _now++);
    protected override void Insert(ulong key) => _asked[key] = (1, _now++);
    protected override void Forget(ulong key) => _asked.Remove(key);

    protected override ulong Victim()
    {
        var victim = _asked.MinBy(asked => asked.Value).Key;
        _asked.Remove(victim);
        return victim;
    }
}

/// <summary>Algorithm 1 of the SIEVE paper; its tail is at 0 here, and the hand is an index.</summary>
sealed class NaiveSieve(long capacity) : NaiveCache(capacity)
{
    readonly List<ulong> _queue = [];
    readonly HashSet<ulong> _visited = [];
    int _hand;

    public override void Hit(ulong key) => _visited.Add(key);
    protected override void Insert(ulong key) => _queue.Add(key);
    protected override void Forget(ulong key) => Drop(_queue.IndexOf(key));

    protected override ulong Victim()
    {
        while (true)
        {
            if (_hand >= _queue.Count) _hand = 0;
            var key = _queue[_hand];
            if (!_visited.Remove(key))
            {
                Drop(_hand);
                // The paper's hand has fallen off the head here, before the newcomer is the head.
                if (_hand >= _queue.Count) _hand = 0;
                return key;
            }
            _hand++;
        }
    }

    void Drop(int at)
    {
        _visited.Remove(_queue[at]);
        _queue.RemoveAt(at);
        if (at < _hand) _hand--;
        if (_hand >= _queue.Count) _hand = 0;
    }
}

/// <summary>Algorithm 1 of the S3-FIFO paper, one victim at a time; and who is removed from where it had earned its place is remembered.</summary>
sealed class NaiveS3Fifo(long capacity) : NaiveCache(capacity)
{
    readonly List<ulong> _small = [], _main = [];
    readonly List<ulong?> _ghost = []; // all that ever left, the latest last; null: it came back
    readonly Dictionary<ulong, int> _freq = [];

    public override void Hit(ulong key) => _freq[key] = Math.Min(_freq[key] + 1, 3);

    protected override void Insert(ulong key)
    {
        _freq[key] = 0;
        var at = _ghost.LastIndexOf(key);
        var remembered = at >= 0 && at >= _ghost.Count - Sizes.Count;
        if (at >= 0) _ghost[at] = null;
        (remembered ? _main : _small).Add(key);
    }

    protected override void Forget(ulong key)
    {
        if (_main.Remove(key) || (_small.Remove(key) && _freq[key] > 1)) _ghost.Add(key);
    }

    protected override ulong Victim()
    {
        while (true)
        {
            if (_small.Count > 0 && (Sum(_small) >= Capacity / 10 || _main.Count == 0))
            {
                var tail = First(_small);
                if (_freq[tail] <= 1)
                {
                    _ghost.Add(tail);
                    return tail;
                }
                _freq[tail] = 0;
                _main.Add(tail);
            }
            else
            {
                var tail = First(_main);
                if (_freq[tail] == 0) return tail;
                _freq[tail]--;
                _main.Add(tail);
            }
        }
    }

    static ulong First(List<ulong> queue)
    {
        var first = queue[0];
        queue.RemoveAt(0);
        return first;
    }
}
