using Headwater.Core;
using Headwater.Core.Topology;
using Headwater.Gateway.Reactor;
using Headwater.Gateway.Sessions;
using Headwater.Gateway.Transport;

namespace Headwater.Gateway.Backends;

/// <summary>What a new view means for the connections to a server.</summary>
enum PoolFate : byte
{
    Stays,

    /// <summary>It is the primary, gives no answer, and nobody has taken over.</summary>
    Silent,

    /// <summary>Down, not watched any more, or another incarnation.</summary>
    Gone,
}

/// <summary>Idle backends of one profile, last used on top.</summary>
internal sealed class Bucket
{
    public List<Backend> Idle { get; } = [];
}

/// <summary>
/// The backends that one reactor has to one server. A backend is handed out by preference to the session that used it last and left
/// something there, then as it stands, then after laying settings; one that another session left something on goes last, because
/// what is left must be saved first.
/// </summary>
internal sealed class ServerPool(GatewayThread on, ServerId server)
{
    readonly Dictionary<BackendProfile, Bucket> _buckets = [];
    readonly LinkedList<Signal<Backend?>> _queue = [];
    readonly HashSet<Backend> _all = [];
    int _opening;
    LoopTimer? _silence;

    public GatewayThread On => on;
    public ServerId Server => server;
    public ServerView View { get; private set; } = null!;

    /// <summary>Place in the view's list, by which load is reported; -1 when the server is not in the view.</summary>
    public int Index { get; private set; } = -1;
    public SocketAddress? Address { get; set; }
    public int Total => _all.Count + _opening;
    public int Queued => _queue.Count;

    /// <summary>Statements that ran here, and the plain reads among them. One writer.</summary>
    public long Statements, Reads;
    public IReadOnlyCollection<Backend> All => _all;

    /// <summary>
    /// Takes over what a new view says. Unless the pool stays, the caller is to <see cref="Fail"/> it once all pools have followed, because
    /// sessions resume inline and choose by the new view.
    /// </summary>
    public PoolFate Follow(ServerView? view, int index)
    {
        var before = View;
        Index = index;
        if (view is not null) View = view;
        if (view is null || view.Health == ServerHealth.Down || (before is not null && !ReferenceEquals(before.State, view.State)) || (before is not null && before.Address != view.Address))
        {
            if (before is not null && view is not null && before.Address != view.Address) Address = null;
            // A primary that is only silent, while nobody has taken over: what it was asked to write may be done all the same.
            return view is { Health: ServerHealth.Down, Role: ServerRole.Primary } && before is not null && ReferenceEquals(before.State, view.State) && before.Address == view.Address
                ? PoolFate.Silent : PoolFate.Gone;
        }
        return PoolFate.Stays;
    }

    /// <summary>Takes over a view that says nothing new but figures.</summary>
    public void Refresh(ServerView view) => View = view;

    /// <summary>
    /// Closes all: idle ones at once; lent ones have their exchange abandoned, so that reads that had shown nothing are repeated elsewhere.
    /// Of a server that is only silent, transactions and writes are left to wait for it or for the next epoch: to cut them would make a lost
    /// transaction, or an unknown outcome, of what a stalled disk held up for a second. They wait no longer than writes are held.
    /// </summary>
    public void Fail(PoolFate fate)
    {
        foreach (var backend in _all.ToArray())
        {
            if (backend.IsIdle) Discard(backend);
            else if (backend.LentTo is null) backend.Close(); // borrowed: whoever has it finds it closed
            else if (backend.LentTo is { } user && (fate == PoolFate.Gone || user.MayRepeat(backend))) user.OnBackendFailed(backend);
        }
        if (fate == PoolFate.Silent) _silence ??= on.Loop.After(on.Options.Routing.WriteHold, EndSilence);
        while (Dequeue() is { } waiting) waiting.Set(null);
    }

    void EndSilence()
    {
        _silence = null;
        if (View is { Health: ServerHealth.Down }) Fail(PoolFate.Gone);
    }

    /// <summary>The bucket of a profile; sessions keep it, so the hot path looks nothing up.</summary>
    public Bucket BucketOf(BackendProfile profile)
    {
        if (_buckets.TryGetValue(profile, out var bucket)) return bucket;
        return _buckets[profile] = new Bucket();
    }

    /// <summary>The hot path: a backend that needs nothing done to it, or null.</summary>
    public Backend? TakeReady(Bucket bucket, ClientSession session, SessionSettings settings)
    {
        var idle = bucket.Idle;
        if (session.LastBackend is { IsIdle: true } last && last.LastUser == session && last.Pool == this && ReferenceEquals(last.Settings, settings) && !last.NeedsReset)
        {
            // Nearly always at or near the top.
            for (var i = idle.Count - 1; i >= 0; i--)
                if (idle[i] == last)
                {
                    idle.RemoveAt(i);
                    return Lend(last, session);
                }
        }
        for (var i = idle.Count - 1; i >= 0 && i >= idle.Count - 8; i--)
        {
            var backend = idle[i];
            if (!ReferenceEquals(backend.Settings, settings) || backend.Residue != Residue.None || backend.NeedsReset || !backend.Variables.IsEmpty) continue;
            idle.RemoveAt(i);
            return Lend(backend, session);
        }
        return null;
    }

    /// <summary>Any idle backend that carries nothing of another session.</summary>
    public Backend? TakeClean(Bucket bucket, ClientSession session)
    {
        for (var i = bucket.Idle.Count - 1; i >= 0; i--)
        {
            var backend = bucket.Idle[i];
            if (backend.Residue != Residue.None && backend.LastUser != session) continue;
            bucket.Idle.RemoveAt(i);
            return Lend(backend, session);
        }
        return null;
    }

    /// <summary>The idle backend that has waited longest with another session's leavings on it.</summary>
    public Backend? TakeCarrying(Bucket bucket, ClientSession session)
    {
        if (bucket.Idle.Count == 0) return null;
        var backend = bucket.Idle[0];
        bucket.Idle.RemoveAt(0);
        return LendTo(session, backend);
    }

    /// <summary>Of the gateway's own questions: how many backends are borrowed for them now.</summary>
    public int Borrowed { get; private set; }
    Instant _lastBorrowed;

    /// <summary>Whether any was borrowed after an instant: until then, one of an account's connections may have been this gateway's own.</summary>
    public bool BorrowedSince(Instant instant) => Borrowed > 0 || _lastBorrowed > instant;

    /// <summary>
    /// A backend for a question of the gateway's own: an idle one that carries nothing of anybody, or a new one where there is room. Nobody is made to wait or to give one up for it. It is to be
    /// returned, to be reset, or destroyed. Null: with why.
    /// </summary>
    public async ValueTask<(Backend? Backend, string Why)> BorrowAsync(BackendProfile profile, string? schema)
    {
        var bucket = BucketOf(profile);
        for (var i = bucket.Idle.Count - 1; i >= 0; i--)
        {
            var idle = bucket.Idle[i];
            if (idle.Residue != Residue.None) continue;
            bucket.Idle.RemoveAt(i);
            return (Lend(idle, null), "");
        }
        if (!MayOpen || _queue.Count > 0) return (null, "all backends that there may be are in use");
        // Told at once: where an account may have few connections, a session that is refused one now waits for this one.
        Borrowed++;
        try
        {
            var (opened, failure) = await OpenAsync(profile, schema, null);
            return (opened, opened is null ? $"a login was refused (error {failure!.Code})" : "");
        }
        finally
        {
            Borrowed--;
        }
    }

    void EndBorrowing()
    {
        Borrowed--;
        _lastBorrowed = EventLoop.Now;
    }

    public bool TakeThis(Backend backend, ClientSession session)
    {
        if (!backend.IsIdle || !backend.Bucket.Idle.Remove(backend)) return false;
        Lend(backend, session);
        return true;
    }

    Backend Lend(Backend backend, ClientSession? session)
    {
        backend.LastUser = session;
        return LendTo(session, backend);
    }

    Backend LendTo(ClientSession? session, Backend backend)
    {
        if (session is null) Borrowed++;
        backend.IsIdle = false;
        backend.LentTo = session;
        backend.Epoch = on.View.Epoch;
        Count(backend, +1);
        return backend;
    }

    public void Return(Backend backend)
    {
        Count(backend, -1);
        if (backend.LentTo is null) EndBorrowing();
        // What nobody asked for would be taken for the next answer.
        if (backend.IsClosed || backend.MustClose || backend.Killers > 0 || backend.Input.HasMore || Index < 0 || View.Health == ServerHealth.Down || !ReferenceEquals(View.State, backend.Server) || on.IsStopping)
        {
            Drop(backend);
            return;
        }
        backend.Input.Release();
        backend.IdleSince = EventLoop.Now;
        backend.Bucket.Idle.Add(backend);
        backend.Park();
        Wake();
        if (backend.IsIdle && backend.Endpoint.MaybeReadable) Discard(backend);
    }

    /// <summary>A lent backend that is of no further use.</summary>
    public void Destroy(Backend backend)
    {
        Count(backend, -1);
        if (backend.LentTo is null) EndBorrowing();
        Drop(backend);
    }

    /// <summary>An idle backend that is of no further use.</summary>
    public void Discard(Backend backend)
    {
        backend.Bucket.Idle.Remove(backend);
        Drop(backend);
    }

    void Drop(Backend backend)
    {
        backend.IsIdle = false;
        _all.Remove(backend);
        backend.Close();
        Wake();
    }

    /// <summary>Closes what has been idle since before the given instant.</summary>
    public void Trim(Instant before)
    {
        foreach (var (profile, bucket) in _buckets.ToArray())
        {
            foreach (var backend in bucket.Idle.Where(b => b.IdleSince < before && b.Residue == Residue.None).ToArray()) Discard(backend);
            _ = profile;
        }
    }

    public bool MayOpen => Total < on.MaxBackendsPerServer;

    /// <summary>A place that has become free: come again and take or open. Null: the server is gone. Timed out: neither.</summary>
    public async ValueTask<bool> WaitForOneAsync(TimeSpan limit)
    {
        var signal = new Signal<Backend?>().Within(on.Loop, limit);
        _queue.AddLast(signal);
        await signal;
        if (signal.TimedOut) _queue.Remove(signal);
        return !signal.TimedOut;
    }

    Signal<Backend?>? Dequeue()
    {
        if (_queue.First is not { } first) return null;
        _queue.RemoveFirst();
        return first.Value;
    }

    /// <summary>A place has become free: whoever has waited longest is told.</summary>
    internal void Wake()
    {
        if (_queue.Count > 0 && Dequeue() is { } waiting) Resume(waiting);
    }

    // Apart: here what the action captures is allocated only when somebody waits. One whose time runs out before the action does must not keep the place
    // from the next.
    void Resume(Signal<Backend?> waiting) => on.Loop.Post(() =>
    {
        if (waiting.IsCompleted) Wake();
        else waiting.Set(null);
    });

    public async ValueTask<(Backend? Backend, LoginFailure? Failure)> OpenAsync(BackendProfile profile, string? schema, ClientSession? session)
    {
        _opening++;
        var full = false;
        try
        {
            var (backend, failure) = await BackendLogin.OpenAsync(this, profile, schema);
            full = failure is not null && ServerErrors.IsFull(failure);
            if (backend is null) return (null, failure);
            if (on.IsStopping || Index < 0 || View.Health == ServerHealth.Down || !ReferenceEquals(View.State, backend.Server))
            {
                backend.Close();
                return (null, LoginFailure.Lost("the server left the view while logging in"));
            }
            _all.Add(backend);
            return (Lend(backend, session), null);
        }
        finally
        {
            _opening--;
            if (!full) Wake(); // where the server has no place, whoever waits is not served by ours
        }
    }

    void Count(Backend backend, int by)
    {
        if (Index >= 0) on.Loads[Index].Busy += by;
        Busy += by;
        backend.Server.CountOpen(by);
    }

    public int Busy { get; private set; }
}
