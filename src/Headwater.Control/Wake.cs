namespace Headwater.Control;

/// <summary>Lets one loop sleep until its time has come or somebody wakes it. A wake that comes while it is awake is not lost.</summary>
sealed class Wake : IDisposable
{
    readonly SemaphoreSlim _signal = new(0, 1);
    int _set;

    public void Set()
    {
        if (Interlocked.Exchange(ref _set, 1) == 0) _signal.Release();
    }

    /// <summary>True when woken.</summary>
    public async ValueTask<bool> WaitAsync(TimeSpan atMost, CancellationToken ct)
    {
        if (atMost < TimeSpan.Zero) atMost = TimeSpan.Zero;
        if (!await _signal.WaitAsync(atMost, ct)) return false;
        Volatile.Write(ref _set, 0);
        return true;
    }

    public void Dispose() => _signal.Dispose();
}
