using Headwater.Control.Handover;

namespace Headwater.Handover;

/// <summary>
/// One successor, and what it is given, in an order in which at every moment somebody serves and one process at most acts. One that breaks off before it serves changes nothing.
/// </summary>
/// <param name="child">The successor, where this process has started it: when it stands still it is ended, so that it holds nothing.</param>
sealed class Giving(Link link, Message.Take take, Composition composition, string? http, StartedProcess? child, TimeProvider time, ILogger log) : IAsyncDisposable
{
    // Until it knows the cluster; until it serves, while whoever connects waits; until what is under way has ended.
    static readonly TimeSpan ComesWithin = TimeSpan.FromSeconds(60), ServesWithin = TimeSpan.FromSeconds(10), OrderEndsWithin = TimeSpan.FromSeconds(10);
    static readonly TimeSpan AgainAfter = TimeSpan.FromMilliseconds(100), SessionsEvery = TimeSpan.FromSeconds(1);
    readonly Successor _successor = new($"process {take.Pid}", time, peer => link.Tell(new Message.Holding(peer)));
    readonly CancellationTokenSource _end = new();
    readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Task _hearing = Task.CompletedTask, _telling = Task.CompletedTask;
    string _why = "";

    public int Pid => take.Pid;

    /// <summary>Ends when the successor stops, and nobody succeeds it.</summary>
    public Task Stopped => _stopped.Task;

    /// <summary>The successor has gone without having stopped: nobody serves new sessions.</summary>
    public bool IsLost { get; private set; }

    public bool IsBy(Link other) => ReferenceEquals(link, other);

    /// <param name="letGo">Closes what the successor listens on.</param>
    /// <returns>Null: it serves. Else why not, perhaps "".</returns>
    public async Task<string?> RunAsync(Func<Task> letGo, CancellationToken ct)
    {
        if (take.Format != Message.CurrentFormat) return Refuse($"version {take.Version} takes over in another way than version {BuildVersion.Text} gives: stop this process and start that one");
        Offer();
        if (await NextAsync<Message.Yield>(ComesWithin, ct) is null) return _why;
        var serves = false;
        try
        {
            if (await YieldAsync(ct) is { } not) return Refuse($"{not}; try again when that is over");
            link.Tell(new Message.Yielded());
            serves = await ServesAsync(ct);
        }
        finally
        {
            if (!serves && composition.HasYielded) await TakeBackAsync(ct);
        }
        if (!serves) return _why;
        try
        {
            await letGo();
        }
        catch (Exception fault)
        {
            // It serves all the same, and waits to be told so.
            HandoverLog.Failed(log, fault);
        }
        link.Tell(new Message.Over());
        HandoverLog.Succeeded(log, take.Pid, take.Version, composition.Gateway.Statistics.SessionsOpen);
        (_hearing, _telling) = (HearAsync(), TellSessionsAsync());
        return null;
    }

    string Refuse(string sentence)
    {
        link.Tell(new Message.Refused(sentence));
        HandoverLog.NotNow(log, take.Pid, take.Version, sentence);
        return $"It was refused: {sentence}.";
    }

    void Offer()
    {
        var given = composition.Gateway.Given;
        List<int> descriptors = [.. given.Listeners.Values];
        if (composition.HttpDescriptor is { } listening) descriptors.Add(listening);
        // The first message of the link, as the descriptors come with the first byte that is read.
        link.Tell(new Message.Offer(Message.CurrentFormat, Environment.ProcessId, BuildVersion.Text, [.. given.Listeners.Keys], http, composition.Readiness.Ready), [.. descriptors]);
    }

    async Task<string?> YieldAsync(CancellationToken ct)
    {
        for (var since = time.GetTimestamp(); ; await Task.Delay(AgainAfter, time, ct))
            if (await composition.YieldAsync(_successor) is not { } not) return null;
            else if (time.GetElapsedTime(since) > OrderEndsWithin) return not;
    }

    async Task<bool> ServesAsync(CancellationToken ct)
    {
        if (await NextAsync<Message.Accept>(ComesWithin, ct) is null) return false;
        composition.Gateway.PauseAccepting(true);
        link.Tell(new Message.Accepted(composition.Gateway.Given.LastSession));
        // From here it may have accepted somebody: it is not told that it shall not, but waited for until it serves or has ended.
        return await NextAsync<Message.Serving>(ServesWithin, ct) is not null || await NextAsync<Message.Serving>(Timeout.InfiniteTimeSpan, ct) is not null;
    }

    async Task TakeBackAsync(CancellationToken ct)
    {
        HandoverLog.BrokeOff(log, take.Pid, take.Version, _why);
        link.Tell(new Message.Refused("it goes on itself"));
        link.Dispose();
        // Where this process ends, the sockets are left to whoever may have them.
        if (!ct.IsCancellationRequested) composition.Gateway.PauseAccepting(false);
        for (var told = false; !ct.IsCancellationRequested; await Task.Delay(AgainAfter, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing))
            try
            {
                await composition.ResumeAsync();
                composition.Settle();
                return;
            }
            catch (Exception held)
            {
                // It takes a moment to end; or stands still, and nothing can be done before it has ended.
                if (!told) HandoverLog.NotYetBack(log, take.Pid, held.Message);
                told = true;
            }
    }

    /// <summary>Null: it is gone, does not want any more, or has said nothing for so long; <see cref="_why"/> says which.</summary>
    async Task<T?> NextAsync<T>(TimeSpan within, CancellationToken ct) where T : Message
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(within);
        try
        {
            while (await link.NextAsync(patience.Token) is var (message, _))
                if (message is T expected) return expected;
                else if (message is Message.Refused refused) _why = refused.Sentence;
                else if (!TryHear(message)) return null;
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            _why = $"It said nothing for {within.TotalSeconds:0} s.";
            child?.Kill();
        }
        return null;
    }

    bool TryHear(Message message)
    {
        try
        {
            if (message is Message.Recorded recorded) _successor.Heard(recorded.Record, recorded.Revision);
            else if (message is Message.Stop) _stopped.TrySetResult();
            else if (message is Message.Kill kill)
                _ = composition.Gateway.KillAsync(kill.Session, kill.Connection, kill.User, kill.May).ContinueWith(done => link.Tell(new Message.Killed(kill.Number, done.IsCompletedSuccessfully ? done.Result : Headwater.Gateway.GatewayServer.NoSuchSession)), TaskScheduler.Default);
            return true;
        }
        catch (Exception fault) when (fault is FormatException or ArgumentException)
        {
            _why = $"It said what is not understood: {fault.Message}.";
            return false;
        }
    }

    async Task HearAsync()
    {
        try
        {
            while (await link.NextAsync(_end.Token) is var (message, _))
                if (!TryHear(message)) break;
            IsLost = !_stopped.Task.IsCompleted;
            if (IsLost) HandoverLog.SuccessorGone(log, take.Pid, _why);
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    async Task TellSessionsAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            link.Tell(new Message.Sessions(composition.Gateway.Statistics.SessionsOpen));
            await Task.Delay(SessionsEvery, time, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await Task.WhenAll(_hearing, _telling);
        link.Dispose();
        _end.Dispose();
    }
}
