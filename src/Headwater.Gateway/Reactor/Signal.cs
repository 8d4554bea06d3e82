using System.Runtime.CompilerServices;

namespace Headwater.Gateway.Reactor;

/// <summary>
/// Something one session waits for on its own reactor: set once with a value, or by its deadline with the default.
/// The continuation runs inline. For waits that are rare; the byte path has its own awaitables.
/// </summary>
internal sealed class Signal<T> : ICriticalNotifyCompletion
{
    Action? _continuation;
    T _value = default!;
    LoopTimer? _deadline;

    public bool IsCompleted { get; private set; }
    public bool TimedOut { get; private set; }

    public Signal<T> Within(EventLoop loop, TimeSpan limit)
    {
        _deadline = loop.After(limit, () =>
        {
            if (IsCompleted) return;
            TimedOut = true;
            Set(default!);
        });
        return this;
    }

    public void Set(T value)
    {
        if (IsCompleted) return;
        IsCompleted = true;
        _value = value;
        _deadline?.Cancel();
        var continuation = _continuation;
        _continuation = null;
        continuation?.Invoke();
    }

    public Signal<T> GetAwaiter() => this;
    public T GetResult() => _value;
    public void OnCompleted(Action continuation) => _continuation = continuation;
    public void UnsafeOnCompleted(Action continuation) => _continuation = continuation;
}
