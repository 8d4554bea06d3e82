namespace Headwater.Gateway;

/// <summary>One statement that took longer than log.slow; its digest, never its values.</summary>
public sealed record SlowStatement(DateTimeOffset At, uint Session, string User, string Server, long Milliseconds, string Digest, string Reason);

/// <summary>The last of them, for people who look; the log has them all.</summary>
sealed class SlowStatements
{
    const int Most = 100;
    readonly Queue<SlowStatement> _last = new();

    public void Add(SlowStatement statement)
    {
        lock (_last)
        {
            _last.Enqueue(statement);
            if (_last.Count > Most) _last.Dequeue();
        }
    }

    public IReadOnlyList<SlowStatement> Newest()
    {
        lock (_last) return [.. _last.Reverse()];
    }
}
