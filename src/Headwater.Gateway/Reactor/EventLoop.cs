using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Headwater.Core;

namespace Headwater.Gateway.Reactor;

/// <summary>Something whose file descriptor a reactor watches.</summary>
internal abstract class Watched
{
    internal int Slot = -1;
    internal uint Generation;

    /// <summary>On the reactor's thread. The flags are epoll's.</summary>
    internal abstract void OnEvents(uint events);
}

/// <summary>
/// One thread, one epoll. All that belongs to a client (its session, and the backends it is lent) lives on one reactor, so the
/// byte path has no locks and no hand-over. Registration is edge-triggered, once for both directions: after a short read or
/// write no second call is needed to learn that the socket is drained (epoll(7)). Everything here but <see cref="Post"/> is to be
/// called on the reactor's thread.
/// </summary>
internal sealed unsafe class EventLoop : IDisposable
{
    const int EventsPerWait = 256;
    readonly int _epoll;
    readonly int _wakeup;
    readonly ConcurrentQueue<Action> _posted = new();
    readonly PriorityQueue<LoopTimer, long> _timers = new();
    readonly Action<Exception> _onFault;
    Watched?[] _slots = new Watched?[1024];
    readonly Stack<int> _freeSlots = new();
    int _usedSlots;
    uint _generation;
    int _wakeupPending;
    volatile bool _stopping;
    bool _closed;
    Thread? _thread;

    public int Number { get; }

    /// <summary>Grows with each event handled: who finds it unchanged has been at it without a pause.</summary>
    public long Turn { get; private set; }

    /// <summary>Where this loop's sockets are received into; valid until the handler returns or receives again.</summary>
    public byte[] Scratch { get; } = GC.AllocateUninitializedArray<byte>(64 * 1024, pinned: true);
    public byte* ScratchPointer { get; }
    public BufferPool Buffers { get; } = new();

    public EventLoop(int number, Action<Exception> onFault)
    {
        Number = number;
        _onFault = onFault;
        ScratchPointer = (byte*)Unsafe.AsPointer(ref Scratch[0]);
        _epoll = Check(Native.epoll_create1(Native.SockCloseOnExec), "epoll_create1");
        _wakeup = Check(Native.eventfd(0, Native.SockCloseOnExec | Native.SockNonBlock), "eventfd");
        Control(Native.EpollCtlAdd, _wakeup, Native.EpollIn, ulong.MaxValue);
    }

    public static Instant Now => new(Stopwatch.GetElapsedTime(0).Ticks);
    public bool IsCurrent => Thread.CurrentThread == _thread;

    public void Start()
    {
        _thread = new Thread(Run) { Name = $"reactor-{Number}", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Runs an action on the loop's thread, from any thread, in order. Nothing happens after <see cref="Dispose"/>.</summary>
    public void Post(Action action)
    {
        _posted.Enqueue(action);
        if (Interlocked.Exchange(ref _wakeupPending, 1) != 0) return;
        ulong one = 1;
        // A descriptor's number is given again once it is closed, to somebody's connection perhaps, which these eight bytes must never get into.
        lock (_posted)
            if (!_closed) _ = Native.write(_wakeup, (byte*)&one, 8);
    }

    public void Stop()
    {
        Post(() => _stopping = true);
        if (!IsCurrent) _thread?.Join();
    }

    public void Add(Watched watched, int fd)
    {
        if (!_freeSlots.TryPop(out var slot))
        {
            slot = _usedSlots++;
            if (slot == _slots.Length) Array.Resize(ref _slots, slot * 2);
        }
        _slots[slot] = watched;
        watched.Slot = slot;
        watched.Generation = ++_generation;
        Control(Native.EpollCtlAdd, fd, Native.EpollIn | Native.EpollOut | Native.EpollRdHup | Native.EpollEdge, ((ulong)watched.Generation << 32) | (uint)slot);
    }

    /// <summary>Forgets it; closing the descriptor takes it out of the epoll set. Events already fetched for it are dropped by generation.</summary>
    public void Remove(Watched watched)
    {
        if (watched.Slot < 0) return;
        _slots[watched.Slot] = null;
        _freeSlots.Push(watched.Slot);
        watched.Slot = -1;
    }

    public LoopTimer After(TimeSpan delay, Action callback)
    {
        var due = Stopwatch.GetTimestamp() + (long)(delay.TotalSeconds * Stopwatch.Frequency);
        var timer = new LoopTimer(callback);
        _timers.Enqueue(timer, due);
        return timer;
    }

    void Control(int operation, int fd, uint events, ulong data)
    {
        var entry = stackalloc byte[16];
        Unsafe.WriteUnaligned(entry, events);
        Unsafe.WriteUnaligned(entry + Native.EpollDataOffset, data);
        Check(Native.epoll_ctl(_epoll, operation, fd, entry), "epoll_ctl");
    }

    void Run()
    {
        var events = stackalloc byte[EventsPerWait * 16];
        while (!_stopping)
        {
            var count = Native.epoll_wait(_epoll, events, EventsPerWait, _wakeupPending != 0 ? 0 : UntilNextTimer());
            // First what was posted, a new view above all: what a client sends after it must not meet the old one.
            // What is posted meanwhile has its turn next, and its wake-up may be read off below with the one before: the flag tells, not the descriptor.
            if (_wakeupPending != 0) RunPosted();
            for (var i = 0; i < count; i++)
            {
                var entry = events + i * Native.EpollEventSize;
                var flags = Unsafe.ReadUnaligned<uint>(entry);
                var data = Unsafe.ReadUnaligned<ulong>(entry + Native.EpollDataOffset);
                if (data == ulong.MaxValue)
                {
                    ulong drained;
                    _ = Native.read(_wakeup, (byte*)&drained, 8);
                    continue;
                }
                var watched = _slots[(uint)data];
                Turn++;
                if (watched is null || watched.Generation != (uint)(data >> 32)) continue;
                try
                {
                    watched.OnEvents(flags);
                }
                catch (Exception fault)
                {
                    _onFault(fault);
                }
            }
            if (_timers.Count != 0) RunTimers();
        }
    }

    void RunPosted()
    {
        // A full fence: were the queue read before this is seen, one who posts in between would neither be run nor wake the loop.
        Interlocked.Exchange(ref _wakeupPending, 0);
        // What these post in their turn comes after the sockets' next one: who posts himself again and again keeps nobody out.
        for (var left = _posted.Count; left > 0 && _posted.TryDequeue(out var action); left--)
        {
            Turn++;
            Guard(action);
        }
    }

    void RunTimers()
    {
        while (_timers.TryPeek(out var timer, out var due) && (timer.Callback is null || due <= Stopwatch.GetTimestamp()))
        {
            _timers.Dequeue();
            if (timer.Take() is { } callback) Guard(callback);
        }
    }

    int UntilNextTimer()
    {
        if (!_timers.TryPeek(out _, out var due)) return -1;
        var ticks = due - Stopwatch.GetTimestamp();
        if (ticks <= 0) return 0;
        return (int)Math.Min(60_000, (ticks * 1000 + Stopwatch.Frequency - 1) / Stopwatch.Frequency);
    }

    void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (Exception fault)
        {
            _onFault(fault);
        }
    }

    static int Check(int result, string call) =>
        result >= 0 ? result : throw new IOException($"{call} failed: {Native.Message(Native.LastError)}");

    public void Dispose()
    {
        lock (_posted)
        {
            if (_closed) return;
            _closed = true;
            _ = Native.close(_wakeup);
            _ = Native.close(_epoll);
        }
    }
}

/// <summary>A callback that runs once unless cancelled; cancelled ones leave the queue when their turn comes.</summary>
internal sealed class LoopTimer(Action callback)
{
    internal Action? Callback { get; private set; } = callback;

    public void Cancel() => Callback = null;

    internal Action? Take()
    {
        var callback = Callback;
        Callback = null;
        return callback;
    }
}
