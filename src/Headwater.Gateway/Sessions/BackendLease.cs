using Headwater.Core;
using Headwater.Core.Statements;
using Headwater.Core.Topology;
using Headwater.Gateway.Backends;
using Headwater.Gateway.Reactor;
using Headwater.Wire.MySql;

namespace Headwater.Gateway.Sessions;

/// <summary>Why a backend could not be had, as the client is to be told.</summary>
internal sealed record LeaseFailure(ushort Code, string SqlState, string Message, bool TryElsewhere)
{
    public static LeaseFailure Lost(Backend backend) => new(ServerErrors.ConnectionLost, "08S01", $"Lost connection to {backend.Server.Id}", true);
}

/// <summary>
/// What one session has of backends: the one it holds, the one it used last, and what it left where. Lays the session's settings and
/// variables on a backend before use, and saves what only a backend knows (LAST_INSERT_ID, user variables) before it may be taken away.
/// </summary>
internal sealed class BackendLease(GatewayThread on, ClientSession session)
{
    static readonly TimeSpan FullServerAgainAfter = TimeSpan.FromMilliseconds(20);

    // How long a server may count a connection that was closed.
    static readonly TimeSpan LongestGoodbye = TimeSpan.FromSeconds(1);
    Bucket?[] _buckets = [];
    ServerPool?[] _bucketPools = [];
    BackendProfile? _bucketProfile;

    public Backend? Held { get; private set; }
    public Instant HeldSince { get; private set; }

    /// <summary>Where the last statement ran; its outcome is still there while nobody else has used it.</summary>
    public Backend? Last { get; private set; }

    public UserVariables Variables { get; private set; } = UserVariables.None;

    /// <summary>The backend on which user variables were assigned that have not been read back.</summary>
    public Backend? VariablesOn { get; private set; }

    /// <summary>The backend whose last insert id is this session's; with null, <see cref="SavedInsertId"/> has it.</summary>
    public Backend? InsertedOn { get; private set; }
    public string? SavedInsertId { get; private set; }
    ulong? _idShown;

    int _savers;
    Signal<bool>? _saved;

    /// <summary>Another session reads back what this one left on a backend that it takes over; until then nothing here is to be relied on.</summary>
    public bool IsBeingSaved => _savers > 0;

    public async ValueTask SavedAsync()
    {
        while (_savers > 0)
        {
            _saved ??= new Signal<bool>();
            await _saved;
        }
    }

    Bucket BucketOn(ServerPool pool)
    {
        if (!ReferenceEquals(_bucketProfile, session.Profile) || _buckets.Length <= pool.Index)
        {
            _bucketProfile = session.Profile;
            _buckets = new Bucket?[Math.Max(4, pool.Index + 1)];
            _bucketPools = new ServerPool?[_buckets.Length];
        }
        ref var bucket = ref _buckets[pool.Index];
        if (bucket is not null && ReferenceEquals(_bucketPools[pool.Index], pool)) return bucket;
        _bucketPools[pool.Index] = pool;
        return bucket = pool.BucketOf(session.Profile);
    }

    /// <summary>The hot path: a backend that already stands as this session needs it, or null.</summary>
    public Backend? TakeReady(ServerPool pool) => pool.TakeReady(BucketOn(pool), session, session.Settings);

    /// <summary>The backend of the last statement, with its outcome still on it; null when it is not to be had any more.</summary>
    public Backend? TakeLast() => TakeIfMine(Last);

    public Backend? TakeInserted() => InsertedOn == Last ? TakeLast() : TakeIfMine(InsertedOn);

    Backend? TakeIfMine(Backend? backend) =>
        backend is { IsIdle: true, NeedsReset: false } && backend.LastUser == session && ReferenceEquals(backend.Settings, session.Settings)
        && backend.Profile.Equals(session.Profile) && backend.Pool.TakeThis(backend, session) ? backend : null;

    /// <summary>A backend of the pool, made to stand as the session needs it: idle, new, or waited for. Takes as long as it takes, within the queue's deadline.</summary>
    public async ValueTask<(Backend? Backend, LeaseFailure? Failure)> AcquireAsync(ServerPool pool, bool withVariables)
    {
        if (IsBeingSaved) await SavedAsync();
        if (VariablesOn is { } carrier && withVariables)
        {
            if (carrier.Pool == pool && TakeIfMine(carrier) is { } mine) return (mine, null);
            if (!await SaveVariablesAsync(carrier)) VariablesOn = null;
        }
        var deadline = EventLoop.Now + on.Options.QueueTimeout;
        LoginFailure? full = null;
        while (true)
        {
            var bucket = BucketOn(pool);
            var backend = pool.TakeReady(bucket, session, session.Settings) ?? pool.TakeClean(bucket, session);
            if (backend is null && full is null && pool.MayOpen)
            {
                var askedAt = EventLoop.Now;
                var (opened, failure) = await pool.OpenAsync(session.Profile, session.Settings.Schema, session);
                // One that the gateway itself has borrowed comes back in moments; or it has by now, or was closed, which the server takes a moment to notice.
                if (opened is null && failure!.Code == ServerErrors.UserHasTooMany && pool.BorrowedSince(askedAt - LongestGoodbye) && EventLoop.Now < deadline)
                {
                    if (bucket.Idle.Count == 0) await pool.WaitForOneAsync(FullServerAgainAfter);
                    continue;
                }
                if (opened is null && ServerErrors.IsFull(failure!) && EventLoop.Now < deadline)
                {
                    full = failure;
                    continue;
                }
                if (opened is null)
                    return (null, failure!.Refused
                        ? new LeaseFailure(failure.Code, failure.SqlState, failure.Message, false)
                        : new LeaseFailure(ServerErrors.ConnectionLost, "08S01", failure.Message, true));
                on.Statistics.BackendsOpened++;
                backend = opened;
            }
            else if (backend is null && pool.TakeCarrying(bucket, session) is { } carrying)
            {
                if (carrying.LastUser is { } owner && owner != session) await owner.Lease.SaveLeavingsAsync(carrying);
                carrying.LastUser = session;
                carrying.Residue = Residue.None;
                if (carrying.IsClosed)
                {
                    pool.Destroy(carrying);
                    continue;
                }
                backend = carrying;
            }
            if (backend is not null)
            {
                var failure = await LayAsync(backend, withVariables);
                if (failure is null) return (backend, null);
                pool.Destroy(backend);
                if (failure.TryElsewhere && EventLoop.Now < deadline && pool.View.Health != ServerHealth.Down) continue;
                return (null, failure);
            }
            if (full is not null)
            {
                // Others have the server's connections, so ours are not given up for new ones: one that is lent comes back, or one of theirs is closed.
                on.Statistics.Queued++;
                await pool.WaitForOneAsync(FullServerAgainAfter);
                if (pool.View.Health == ServerHealth.Down || pool.Index < 0) return (null, new LeaseFailure(ServerErrors.ConnectionLost, "08S01", $"{pool.Server} went away", true));
                full = null;
                continue;
            }
            if (!MakeRoom(pool) && !await MakeRoomBySavingAsync(pool))
            {
                if (pool.Queued >= on.Options.MaxQueued)
                    return (null, new LeaseFailure(1040, "08004", $"Too many statements wait for a backend on {pool.Server} ({pool.Queued}); limits.queue allows {on.Options.MaxQueued}", false));
                on.Statistics.Queued++;
                if (!await pool.WaitForOneAsync(deadline > EventLoop.Now ? deadline - EventLoop.Now : TimeSpan.Zero))
                    return (null, new LeaseFailure(1040, "08004", $"No backend on {pool.Server} became free within {on.Options.QueueTimeout.TotalSeconds:0.#} s (limits.backends_per_server, limits.queue_timeout)", false));
                if (pool.View.Health == ServerHealth.Down || pool.Index < 0) return (null, new LeaseFailure(ServerErrors.ConnectionLost, "08S01", $"{pool.Server} went away", true));
            }
        }
    }

    /// <summary>Other profiles' idle backends make room when the pool is full.</summary>
    static bool MakeRoom(ServerPool pool)
    {
        Backend? oldest = null;
        foreach (var backend in pool.All)
            if (backend.IsIdle && backend.Residue == Residue.None && (oldest is null || backend.IdleSince < oldest.IdleSince)) oldest = backend;
        if (oldest is null) return false;
        pool.Discard(oldest);
        return true;
    }

    /// <summary>Idle backends with something left on them make room too, after what is left has been saved.</summary>
    async ValueTask<bool> MakeRoomBySavingAsync(ServerPool pool)
    {
        Backend? oldest = null;
        foreach (var backend in pool.All)
            if (backend.IsIdle && (oldest is null || backend.IdleSince < oldest.IdleSince)) oldest = backend;
        if (oldest is null) return false;
        var owner = oldest.LastUser;
        if (!pool.TakeThis(oldest, session)) return false;
        if (owner is not null && owner != session) await owner.Lease.SaveLeavingsAsync(oldest);
        Forget(oldest);
        pool.Destroy(oldest);
        return true;
    }

    /// <summary>Makes a lent backend stand as the session does. Null: done.</summary>
    async ValueTask<LeaseFailure?> LayAsync(Backend backend, bool withVariables)
    {
        if (await BackendSettings.LayAsync(backend, session.Settings, mayReset: true) is { } failure) return failure;
        var variables = withVariables ? Variables : UserVariables.None;
        if ((withVariables || !backend.Variables.IsEmpty) && backend != VariablesOn && variables.StatementFrom(backend.Variables) is { } assign)
        {
            if (await backend.RunAsync(assign) is not { Failed: false }) return LeaseFailure.Lost(backend);
            backend.Variables = variables;
        }
        return null;
    }

    /// <summary>Lays the saved LAST_INSERT_ID on a backend that is about to be asked for it.</summary>
    public async ValueTask<bool> LayInsertIdAsync(Backend backend)
    {
        if (InsertedOn is { } there && there != backend) await SaveInsertIdAsync(there);
        if (InsertedOn == backend) return true;
        if (SavedInsertId is null && backend.InsertIdOf is null) return true;
        // A session that has inserted nothing gets 0, not what another session left there.
        var id = SavedInsertId ?? "0";
        backend.InsertIdOf = session;
        return await backend.RunAsync($"SET @@session.last_insert_id={id}") is { Failed: false };
    }

    /// <summary>Another session is about to take a backend on which this one left something.</summary>
    public async ValueTask SaveLeavingsAsync(Backend backend)
    {
        _savers++;
        try
        {
            if (backend == InsertedOn) await SaveInsertIdAsync(backend);
            if (backend == VariablesOn) await SaveVariablesAsync(backend);
            if (backend == Last) Last = null;
        }
        finally
        {
            if (--_savers == 0)
            {
                var saved = _saved;
                _saved = null;
                saved?.Set(true);
            }
        }
    }

    async ValueTask SaveInsertIdAsync(Backend backend)
    {
        var borrowed = backend != Held && backend.IsIdle;
        if (borrowed && !backend.Pool.TakeThis(backend, session)) return;
        InsertedOn = null;
        // Should the backend be gone, the OK packet's id is what is left; it differs only where the statement named the id itself.
        SavedInsertId = _idShown?.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (!backend.IsClosed && await backend.RunAsync("SELECT LAST_INSERT_ID()") is { Failed: false, Rows: [[{ } id]] }) SavedInsertId = id;
        backend.Residue &= ~Residue.LastInsertId;
        if (borrowed) backend.Pool.Return(backend);
    }

    async ValueTask<bool> SaveVariablesAsync(Backend backend)
    {
        var borrowed = backend != Held && backend.IsIdle;
        if (borrowed && !backend.Pool.TakeThis(backend, session)) return false;
        VariablesOn = null;
        var names = backend.IsClosed ? null : await backend.RunAsync(UserVariables.NamesQuery);
        var result = names is { Failed: false } && UserVariables.ValuesQuery(names.Rows) is { } values ? await backend.RunAsync(values) : names;
        if (result is { Failed: false })
        {
            Variables = names!.Rows.Count == 0 ? UserVariables.None : UserVariables.From(names.Rows, result.Rows[0]);
            backend.Variables = Variables;
            backend.Residue &= ~Residue.UserVariables;
        }
        if (borrowed) backend.Pool.Return(backend);
        return result is { Failed: false };
    }

    LastOutcome _outcome = LastOutcome.None;

    /// <summary>Whether a backend still has this session's last outcome on it.</summary>
    public bool HasOutcomeOn(Backend backend) => backend == Last && backend.LastOutcomeOf == session;

    /// <summary>Makes a backend answer for the last statement as the one would have that ran it. Null: done.</summary>
    public async ValueTask<LeaseFailure?> LayOutcomeAsync(Backend backend, Needs needs)
    {
        if ((needs & Needs.LastOutcome) == 0 || HasOutcomeOn(backend)) return null;
        if (!_outcome.TryStatements(needs, out var select, out var then))
            return new LeaseFailure(1105, "HY000", "What the last statement left to be asked for (ROW_COUNT, FOUND_ROWS, warnings) is gone: the connection that ran it was needed elsewhere (limits.backends_per_server) or is lost", false);
        if (select is not null && await backend.RunAsync(select) is not { Failed: false }) return LeaseFailure.Lost(backend);
        if (then is not null && await backend.RunAsync(then) is not { Failed: false }) return LeaseFailure.Lost(backend);
        return null;
    }

    /// <summary>Notes what a statement left on the backend it ran on.</summary>
    public void NoteOutcome(Backend backend, Residue residue, ulong insertId, in Outcome outcome, bool failed)
    {
        // Only the last statement's warnings and counts can be asked for: the backend of the one before is anybody's again.
        if (Last is { } before && before != backend && before.LastUser == session) before.Residue &= Residue.LastInsertId | Residue.UserVariables;
        Last = backend;
        backend.LastOutcomeOf = backend.RanItsOwn ? null : session;
        _outcome = _outcome.After(session.Facts, in outcome, failed);
        var kept = backend.Residue & (Residue.LastInsertId | Residue.UserVariables);
        if ((residue & Residue.LastInsertId) != 0)
        {
            InsertedOn = backend;
            backend.InsertIdOf = session;
            SavedInsertId = null;
            _idShown = insertId;
        }
        if ((residue & Residue.UserVariables) != 0) VariablesOn = backend;
        backend.Residue = residue | kept;
    }

    /// <summary>The last statement ran on no backend.</summary>
    public void NoteCached(in Outcome outcome)
    {
        if (Last is { } before && before.LastUser == session) before.Residue &= Residue.LastInsertId | Residue.UserVariables;
        Last = null;
        _outcome = _outcome.After(session.Facts, in outcome, failed: false);
    }

    public void Hold(Backend backend)
    {
        if (Held is null) HeldSince = EventLoop.Now;
        Held = backend;
    }

    /// <summary>Gives the backend back to its pool.</summary>
    public void Release(Backend backend)
    {
        Held = null;
        backend.Pool.Return(backend);
    }

    /// <summary>The backend is of no further use.</summary>
    public void Destroy(Backend backend)
    {
        if (Held == backend) Held = null;
        Forget(backend);
        backend.Pool.Destroy(backend);
    }

    public void Forget(Backend backend)
    {
        if (Last == backend) Last = null;
        if (InsertedOn == backend)
        {
            InsertedOn = null;
            SavedInsertId = _idShown?.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }
        if (VariablesOn == backend) VariablesOn = null;
    }

    /// <summary>The session starts anew, as after a login: nothing of before is asked for again.</summary>
    public void Forget()
    {
        foreach (var backend in new[] { Last, InsertedOn, VariablesOn })
        {
            if (backend is null || backend.LastUser != session) continue;
            backend.NeedsReset |= (backend.Residue & Residue.UserVariables) != 0;
            backend.Residue = Residue.None;
        }
        Last = InsertedOn = VariablesOn = null;
        SavedInsertId = null;
        _idShown = null;
        _outcome = LastOutcome.None;
        Variables = UserVariables.None;
    }
}
