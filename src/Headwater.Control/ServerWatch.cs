using System.Net.Sockets;
using Headwater.Core;
using Headwater.Core.Positions;
using Headwater.Core.Topology;
using Headwater.Servers;
using Microsoft.Extensions.Logging;

namespace Headwater.Control;

/// <summary>
/// What the view says of this server, told back to the watch of it. <paramref name="ConfirmedAt"/> is when the look was begun that last found
/// this incarnation there.
/// </summary>
/// <param name="Hurry">The cluster is not as it should be: every server is looked at often until it is.</param>
sealed record Assignment(ServerState? State, ServerRole Role, Observation? Told, Instant ConfirmedAt, bool Answers, bool Hurry)
{
    public static readonly Assignment None = new(null, ServerRole.Unknown, null, default, false, false);
}

/// <summary>
/// Watches one server by two connections and never more: one asks who it is, at a steady beat and with a deadline; the other samples its
/// position. It reports and decides nothing.
/// </summary>
sealed class ServerWatch : IDisposable
{
    static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(1);
    const int LongestUnasked = 4;
    static readonly TimeSpan LookAtMostEvery = TimeSpan.FromMilliseconds(4);
    readonly TimeProvider _time;
    readonly Action<ServerWatch, Observation> _report;
    readonly ILogger _log;
    readonly Wake _probeWake = new();
    readonly Wake _positionWake = new();
    readonly Demands _demands = new();
    readonly CancellationTokenSource _end = new();
    readonly Queue<Errand> _errands = new();
    WatchOptions _options;
    Assignment _assigned = Assignment.None;
    CancellationTokenSource? _sampling;
    int _rewound;
    bool _hung; // the last look was begun and not answered
    Task _running = Task.CompletedTask;

    sealed record Errand(Func<ServerConnection, CancellationToken, Task> Run, TimeSpan? Patience, TaskCompletionSource Done);

    public ServerWatch(WatchedServer server, WatchOptions options, TimeProvider time, Action<ServerWatch, Observation> report, ILogger log)
    {
        (Server, _options, _time, _report, _log) = (server, options, time, report, log);
    }

    public WatchedServer Server { get; }

    public void Start() => _running = Task.WhenAll(Task.Run(() => ProbeLoopAsync(_end.Token)), Task.Run(() => PositionLoopAsync(_end.Token)));

    public void Apply(WatchOptions options) => Volatile.Write(ref _options, options);

    /// <summary>Called by the one who decides, after each decision.</summary>
    public void Assign(Assignment next)
    {
        var before = _assigned;
        Volatile.Write(ref _assigned, next);
        if (!ReferenceEquals(before.State, next.State))
        {
            if (before.State is not null) before.State.Demanded -= OnDemand;
            _demands.Clear();
            if (next.State is not null) next.State.Demanded += OnDemand;
        }
        // What hangs is let go; what is another incarnation is asked over another connection.
        if (!next.Answers || !ReferenceEquals(before.State, next.State)) LetGo();
        if (before != next) _positionWake.Set();
        if (next.Hurry && !before.Hurry) _probeWake.Set();
    }

    void LetGo()
    {
        try
        {
            Volatile.Read(ref _sampling)?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It had ended by itself.
        }
    }

    /// <summary>Runs something short over the probing connection, between two looks. The next look follows at once where <paramref name="patience"/> is given: then it has changed something.</summary>
    public Task AskAsync(Func<ServerConnection, CancellationToken, Task> errand, TimeSpan? patience = null)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_errands) _errands.Enqueue(new Errand(errand, patience, done));
        _probeWake.Set();
        return done.Task;
    }

    /// <summary>Looks before the beat says so.</summary>
    public void LookNow() => _probeWake.Set();

    void OnDemand(Position needed)
    {
        _demands.Add(in needed, _time.Now());
        _positionWake.Set();
    }

    async Task ProbeLoopAsync(CancellationToken ct)
    {
        ServerConnection? connection = null;
        var errandTime = TimeSpan.Zero;
        try
        {
            while (!ct.IsCancellationRequested)
            {
                var options = Volatile.Read(ref _options);
                // A little more than what is left of DeadAfter, so that the look that was not answered is the one that ends it.
                var patience = options.DeadAfter - options.ProbeEvery + TimeSpan.FromMilliseconds(10);
                var begunAt = _time.Now();
                (connection, var observation) = await LookAsync(connection, options, patience, ct);
                if (observation is not null) _report(this, observation);
                if (connection is not null) errandTime = await RunErrandsAsync(connection, errandTime < patience ? patience : errandTime, ct);
                else FailErrands();
                if (connection is { IsOpen: false }) connection = null;
                for (var rest = NextLook(begunAt, options) - _time.Now(); rest > TimeSpan.Zero; rest = NextLook(begunAt, options) - _time.Now())
                    if (await _probeWake.WaitAsync(rest, ct)) break;
                // Many may ask at once for a look at a server that is gone; it is not to be looked at without a breath for that.
                var breath = begunAt + LookAtMostEvery - _time.Now();
                if (breath > TimeSpan.Zero) await Task.Delay(breath, _time, ct);
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // The watch ends.
        }
        finally
        {
            FailErrands();
            if (connection is not null) await connection.DisposeAsync();
        }
    }

    /// <summary>
    /// What answers our sessions, or the sampling of its position, need not be asked whether it lives; so of a cluster in order each server is asked for its
    /// role once in four beats. One that falls silent is asked in time to be found dead, by then, within <see cref="WatchOptions.DeadAfter"/> and one beat.
    /// </summary>
    Instant NextLook(Instant begunAt, WatchOptions options)
    {
        var assigned = Volatile.Read(ref _assigned);
        if (assigned.Hurry) return begunAt + options.ProbeEvery / 5;
        var next = begunAt + options.ProbeEvery;
        if (assigned is not { Answers: true, State: { } state } || state.HeardAt <= begunAt) return next;
        var quiet = state.HeardAt + options.ProbeEvery * 2 - TimeSpan.FromMilliseconds(50);
        var latest = begunAt + options.ProbeEvery * LongestUnasked;
        return quiet < next ? next : quiet < latest ? quiet : latest;
    }

    async Task<(ServerConnection?, Observation?)> LookAsync(ServerConnection? connection, WatchOptions options, TimeSpan patience, CancellationToken ct)
    {
        var askedAt = _time.Now();
        var hadConnection = connection is not null;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        deadline.CancelAfter(patience);
        ProbeOutcome outcome;
        string failure;
        try
        {
            try
            {
                connection ??= await ServerConnection.ConnectAsync(Server.Address, options.Monitor, deadline.Token);
                return (connection, await AskAsync(connection, !hadConnection, askedAt, deadline.Token));
            }
            catch (ServerUnreachableException) when (hadConnection)
            {
                // The connection is gone, which is not the server: it may have been killed or have idled too long. A new one will tell.
                connection = await ServerConnection.ConnectAsync(Server.Address, options.Monitor, deadline.Token);
                return (connection, await AskAsync(connection, newConnection: true, askedAt, deadline.Token));
            }
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            var took = _time.Now() - askedAt;
            if (took > patience + options.ProbeEvery)
            {
                Log.HeldUp(_log, Server.Id.Name, (long)took.TotalMilliseconds);
                return (null, null);
            }
            (outcome, failure) = (ProbeOutcome.Silent, $"no answer within {patience.TotalMilliseconds:0} ms");
            _hung = true;
        }
        catch (ServerException e)
        {
            (outcome, failure) = (ProbeOutcome.Refused, $"{e.Message} (error {e.Code})");
        }
        catch (ServerUnreachableException e)
        {
            var closed = e is { Phase: ServerPhase.Connect, InnerException: SocketException { SocketErrorCode: SocketError.ConnectionRefused or SocketError.AddressNotAvailable } };
            (outcome, failure) = (closed ? ProbeOutcome.Closed : ProbeOutcome.Unreachable, e.InnerException?.Message ?? e.Message);
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or OverflowException or ArgumentException)
        {
            (outcome, failure) = (ProbeOutcome.Refused, $"what it answers is not understood: {e.Message}");
        }
        if (connection is not null) await connection.DisposeAsync();
        return (null, new Observation { Server = Server, AskedAt = askedAt, AnsweredAt = _time.Now(), Outcome = outcome, Failure = failure });
    }

    async Task<Observation> AskAsync(ServerConnection connection, bool newConnection, Instant askedAt, CancellationToken ct)
    {
        if (_hung && await Probe.IsReceiverOutOfRoomAsync(connection, ct))
            return new Observation { Server = Server, AskedAt = askedAt, AnsweredAt = _time.Now(), Outcome = ProbeOutcome.Full, Failure = "answers nothing while its receiver waits for room on the disk" };
        var told = await Probe.AskAsync(connection, Server, Volatile.Read(ref _assigned).Told, askedAt, _time, ct);
        _hung = false;
        return told with { NewConnection = newConnection, WentBack = Interlocked.Exchange(ref _rewound, 0) != 0 };
    }

    /// <summary>Returns the time that the next errand gets: one that took too long while the server was well gets more next time.</summary>
    async Task<TimeSpan> RunErrandsAsync(ServerConnection connection, TimeSpan atMost, CancellationToken ct)
    {
        while (TakeErrand() is { } errand)
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
            deadline.CancelAfter(errand.Patience ?? atMost);
            if (errand.Patience is not null) _probeWake.Set();
            try
            {
                await errand.Run(connection, deadline.Token);
                errand.Done.SetResult();
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                errand.Done.SetException(new TimeoutException($"no answer within {(errand.Patience ?? atMost).TotalMilliseconds:0} ms"));
                return errand.Patience is not null ? atMost : TimeSpan.FromSeconds(Math.Min(5, atMost.TotalSeconds * 2));
            }
            catch (Exception e)
            {
                errand.Done.SetException(e);
                if (!connection.IsOpen) return TimeSpan.Zero;
            }
        }
        return atMost;
    }

    Errand? TakeErrand()
    {
        lock (_errands) return _errands.TryDequeue(out var errand) ? errand : null;
    }

    void FailErrands()
    {
        while (TakeErrand() is { } errand) errand.Done.SetException(new IOException($"{Server.Id} does not answer"));
    }

    async Task PositionLoopAsync(CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                if (!Volatile.Read(ref _assigned).Answers) await _positionWake.WaitAsync(TimeSpan.FromSeconds(1), ct);
                else await SampleAsync(ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                Log.PositionsLost(_log, Server.Id.Name, e.Message);
                _probeWake.Set(); // a connection that broke is the earliest news of a server that died
                await _positionWake.WaitAsync(TimeSpan.FromMilliseconds(50), ct).AsTask().ContinueWith(static _ => { }, TaskScheduler.Default);
            }
        }
    }

    /// <summary>One connection's life. It belongs to the incarnation that a look begun after connecting has found.</summary>
    async Task SampleAsync(CancellationToken ct)
    {
        using var sampling = CancellationTokenSource.CreateLinkedTokenSource(ct);
        Volatile.Write(ref _sampling, sampling);
        try
        {
            var options = Volatile.Read(ref _options);
            await using var connection = await ServerConnection.ConnectAsync(Server.Address, options.Monitor, sampling.Token);
            var connectedAt = _time.Now();
            _probeWake.Set();
            while (Volatile.Read(ref _assigned).ConfirmedAt < connectedAt) await _positionWake.WaitAsync(TimeSpan.FromSeconds(1), sampling.Token);
            if (Volatile.Read(ref _assigned).State is not { } state) return;
            var sampler = new PositionSampler(connection, state, _demands, _time);
            sampler.ProofRefused += reason => Log.ProofRefused(_log, Server.Id.Name, reason);
            var rhythm = new SampleRhythm(options.SampleEvery, options.SampleIdleEvery);
            while (Volatile.Read(ref _assigned) is { Answers: true, Told: { } told } assigned && ReferenceEquals(assigned.State, state))
            {
                var round = await sampler.RunAsync(assigned.Role, told, sampling.Token);
                state.Heard(_time.Now());
                if (round.Rewound)
                {
                    Log.Rewound(_log, Server.Id.Name);
                    Volatile.Write(ref _rewound, 1);
                    _probeWake.Set();
                    await _positionWake.WaitAsync(options.ProbeEvery, sampling.Token);
                    return;
                }
                rhythm.After(round.Demanded, _time.Now());
                if (!round.Again) await _positionWake.WaitAsync(rhythm.Pause, sampling.Token);
                else if (assigned.Role == ServerRole.Primary) await _positionWake.WaitAsync(Breath, sampling.Token);
            }
        }
        finally
        {
            Volatile.Write(ref _sampling, null);
        }
    }

    public async Task StopAsync()
    {
        await _end.CancelAsync();
        await _running;
        if (_assigned.State is { } state) state.Demanded -= OnDemand;
        Dispose();
    }

    public void Dispose()
    {
        _end.Dispose();
        _probeWake.Dispose();
        _positionWake.Dispose();
    }
}
