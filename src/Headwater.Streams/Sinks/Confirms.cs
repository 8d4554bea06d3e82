namespace Headwater.Streams.Sinks;

/// <summary>Which messages of a batch a broker has confirmed. It may do so in any order, several at once, and from another thread.</summary>
sealed class Confirms
{
    readonly Lock _lock = new();
    readonly HashSet<ulong> _waiting = [];
    TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    ulong _begin, _first;
    int _expected;
    string? _failure;

    /// <summary>How many of the batch are confirmed, with all before them.</summary>
    public int Done
    {
        get
        {
            lock (_lock)
            {
                var done = 0;
                while (done < _expected && !_waiting.Contains(_begin + (ulong)done)) done++;
                return done;
            }
        }
    }

    /// <summary>Ends when this many from this number on are confirmed; fails when any is not, or the channel is gone already.</summary>
    public Task Expect(ulong first, int count)
    {
        lock (_lock)
        {
            _all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            (_begin, _first, _expected) = (first, first, count);
            _waiting.Clear();
            for (var i = 0; i < count; i++) _waiting.Add(first + (ulong)i);
            if (_failure is not null) _all.SetException(new SinkException(_failure));
            return _all.Task;
        }
    }

    public void Ack(ulong number, bool andBefore)
    {
        lock (_lock)
        {
            // A message that is returned, for no queue takes it, is confirmed afterwards all the same.
            if (_failure is not null) return;
            if (!andBefore) _waiting.Remove(number);
            else
                for (; _first <= number; _first++) _waiting.Remove(_first);
            if (_waiting.Count == 0) _all.TrySetResult();
        }
    }

    public void Fail(string sentence)
    {
        lock (_lock)
        {
            _failure ??= sentence;
            _all.TrySetException(new SinkException(_failure));
        }
    }
}
