using System.Net.Sockets;
using Headwater.Commands;
using Headwater.Control.Handover;
using Headwater.Streams.Store;

namespace Headwater.Handover;

/// <summary>
/// The side of the process that serves: listens for a successor, or for an operator who wants one started, and gives away what it has in an order in which at every moment somebody
/// serves, and one process at most acts. A successor that breaks off before it serves changes nothing.
/// </summary>
sealed class Succession : IAsyncDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60), AgainAfter = TimeSpan.FromMilliseconds(100), OrderEndsWithin = TimeSpan.FromSeconds(10);
    readonly Composition _composition;
    readonly string? _http;
    readonly Func<string?, StartedProcess> _start;
    readonly Action<int> _givenTo;
    readonly TimeProvider _time;
    readonly ILogger _log;
    readonly Socket? _listening;
    readonly string _path;
    readonly SemaphoreSlim _one = new(1, 1);
    readonly CancellationTokenSource _end = new();
    readonly TaskCompletionSource<int> _succeeded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Task _accepting = Task.CompletedTask;
    Task _hearing = Task.CompletedTask;
    Link? _successor;
    string _refusedBy = "";

    /// <param name="http">Where HTTP is configured to listen, as a successor's configuration would say it.</param>
    /// <param name="start">Starts a program (null: this one) that is to take over.</param>
    /// <param name="givenTo">The process id of whoever is the gateway from now on; called before that one goes on.</param>
    public Succession(string directory, Composition composition, string? http, Func<string?, StartedProcess> start, Action<int> givenTo, TimeProvider time, ILogger log)
    {
        (_composition, _http, _start, _givenTo, _time, _log, _path) = (composition, http, start, givenTo, time, log, PathIn(directory));
        try
        {
            File.Delete(_path);
            _listening = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            _listening.Bind(new UnixDomainSocketEndPoint(_path));
            File.SetUnixFileMode(_path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            _listening.Listen();
        }
        catch (Exception trouble) when (trouble is IOException or SocketException or ArgumentException or UnauthorizedAccessException)
        {
            // A path may be too long for a socket. The gateway is worth more than its next version.
            HandoverLog.CannotListen(log, _path, trouble.Message);
            _listening?.Dispose();
            _listening = null;
        }
    }

    public static string PathIn(string directory) => Path.Combine(directory, "handover.sock");

    public void Begin() => _accepting = _listening is null ? Task.CompletedTask : Task.Run(AcceptAsync);

    /// <summary>Ends, with its process id, when a successor serves.</summary>
    public Task<int> Succeeded => _succeeded.Task;

    /// <summary>Ends when the successor stops, and nobody succeeds it.</summary>
    public Task Stopped => _stopped.Task;

    async Task AcceptAsync()
    {
        try
        {
            while (true) _ = AnswerAsync(await _listening!.AcceptAsync(_end.Token));
        }
        catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The end.
        }
    }

    async Task AnswerAsync(Socket socket)
    {
        var link = new Link(socket);
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
            patience.CancelAfter(Patience);
            switch (await link.NextAsync(patience.Token))
            {
                case (Message.Take take, _):
                    await OneAtATimeAsync(link, () => GiveAsync(link, take));
                    return; // the link lives on
                case (Message.Start start, _):
                    await StartAsync(link, start.Program);
                    break;
            }
        }
        catch (OperationCanceledException)
        {
            // It said nothing, or this process ends.
        }
        catch (Exception fault)
        {
            HandoverLog.Failed(_log, fault);
        }
        if (!ReferenceEquals(_successor, link)) link.Dispose();
    }

    async Task OneAtATimeAsync(Link link, Func<Task> give)
    {
        if (!await _one.WaitAsync(0) || _succeeded.Task.IsCompleted)
        {
            link.Tell(new Message.Refused("another process is taking over"));
            link.Dispose();
            return;
        }
        try
        {
            await give();
        }
        finally
        {
            _one.Release();
            if (!ReferenceEquals(_successor, link)) link.Dispose();
        }
    }

    async Task StartAsync(Link operatorLink, string? program)
    {
        var child = _start(program);
        if (child.Failure is { } failure)
        {
            operatorLink.Tell(new Message.Ended(false, failure));
            return;
        }
        HandoverLog.Started(_log, child.Program, child.Pid);
        operatorLink.Tell(new Message.Told($"{child.Program} was started as process {child.Pid}"));
        _refusedBy = "";
        var over = await Task.WhenAny(_succeeded.Task, child.Ended);
        if (over == _succeeded.Task) operatorLink.Tell(new Message.Ended(true, $"process {_succeeded.Task.Result} serves; the {Count(_composition.Gateway.Statistics.SessionsOpen)} of process {Environment.ProcessId} go on there until they leave"));
        else operatorLink.Tell(new Message.Ended(false, $"process {child.Pid} has ended with {await child.Ended} before it served, so process {Environment.ProcessId} goes on. {(_refusedBy.Length > 0 ? _refusedBy : "The log has what it said.")}"));
    }

    static string Count(int sessions) => sessions == 1 ? "1 session" : $"{sessions} sessions";

    async Task GiveAsync(Link link, Message.Take take)
    {
        if (take.Format != Message.CurrentFormat)
        {
            link.Tell(new Message.Refused($"version {take.Version} takes over in another way than version {BuildVersion.Text} gives: stop this process and start that one"));
            return;
        }
        var name = $"process {take.Pid} (version {take.Version})";
        var inheritance = _composition.Gateway.Inheritance;
        List<int> descriptors = [.. inheritance.Listeners.Values];
        if (_composition.HttpDescriptor is { } http) descriptors.Add(http);
        link.Tell(new Message.Offer(Message.CurrentFormat, Environment.ProcessId, BuildVersion.Text, [.. inheritance.Listeners.Keys], _http, _composition.Readiness.Ready), [.. descriptors]);
        var successor = new Successor($"process {take.Pid}", _time, peer => link.Tell(new Message.Holding(peer)));
        if (await NextAsync<Message.Yield>(link, successor) is null) return;
        var since = _time.GetTimestamp();
        while (await _composition.YieldAsync(successor) is { } not)
        {
            if (_time.GetElapsedTime(since) > OrderEndsWithin)
            {
                HandoverLog.NotNow(_log, name, not);
                link.Tell(new Message.Refused($"{not}; try again when that is over"));
                return;
            }
            await Task.Delay(AgainAfter, _time, _end.Token);
        }
        link.Tell(new Message.Yielded());
        if (await NextAsync<Message.Accept>(link, successor) is not null)
        {
            _composition.Gateway.PauseAccepting(true);
            link.Tell(new Message.Accepted(_composition.Gateway.Inheritance.LastSession));
            if (await NextAsync<Message.Serving>(link, successor) is not null)
            {
                await SucceedAsync(link, successor, take.Pid, name);
                return;
            }
            _composition.Gateway.PauseAccepting(false);
        }
        HandoverLog.BrokeOff(_log, name, _refusedBy);
        link.Dispose();
        await ResumeAsync();
    }

    async Task SucceedAsync(Link link, Successor successor, int pid, string name)
    {
        _listening!.Dispose();
        await _composition.GiveAwayAsync();
        _givenTo(pid);
        HandoverLog.Succeeded(_log, name, _composition.Gateway.Statistics.SessionsOpen);
        _successor = link;
        link.Tell(new Message.Over());
        _hearing = HearAsync(link, successor);
        _succeeded.SetResult(pid);
    }

    // Its last orders may not have ended with it.
    async Task ResumeAsync()
    {
        while (!_end.IsCancellationRequested)
            try
            {
                await _composition.ResumeAsync();
                return;
            }
            catch (Exception held) when (held is IOException or StoreException)
            {
                HandoverLog.NotYetBack(_log, held.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(500), _time, _end.Token);
            }
    }

    async Task<T?> NextAsync<T>(Link link, Successor successor) where T : Message
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        patience.CancelAfter(Patience);
        try
        {
            while (await link.NextAsync(patience.Token) is var (message, _))
                if (message is T expected) return expected;
                else if (message is Message.Refused refused) _refusedBy = refused.Sentence;
                else Hear(link, successor, message);
        }
        catch (OperationCanceledException) when (!_end.IsCancellationRequested)
        {
            _refusedBy = $"It said nothing for {Patience.TotalSeconds:0} s.";
        }
        return null;
    }

    async Task HearAsync(Link link, Successor successor)
    {
        try
        {
            _ = TellSessionsAsync(link);
            while (await link.NextAsync(_end.Token) is var (message, _)) Hear(link, successor, message);
            HandoverLog.SuccessorGone(_log);
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    async Task TellSessionsAsync(Link link)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), _time);
        do link.Tell(new Message.Sessions(_composition.Gateway.Statistics.SessionsOpen));
        while (await timer.WaitForNextTickAsync(_end.Token).AsTask().ContinueWith(static tick => tick.IsCompletedSuccessfully && tick.Result, TaskScheduler.Default));
    }

    void Hear(Link link, Successor successor, Message message)
    {
        if (message is Message.Recorded recorded) successor.Heard(recorded.Record, recorded.Revision);
        else if (message is Message.Stop) _stopped.TrySetResult();
        else if (message is Message.Kill kill) link.Tell(new Message.Killed(kill.Number, _composition.Gateway.Kill(kill.Session, kill.Connection, kill.User, kill.May)));
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listening?.Dispose();
        if (!_succeeded.Task.IsCompleted) File.Delete(_path);
        await _accepting;
        await _hearing;
        _successor?.Dispose();
        _one.Dispose();
        _end.Dispose();
    }
}

static partial class HandoverLog
{
    [LoggerMessage(1020, LogLevel.Warning, "no process can take over from this one: {Path} cannot be listened on: {Reason}")]
    public static partial void CannotListen(ILogger log, string path, string reason);

    [LoggerMessage(1021, LogLevel.Information, "{Program} was started as process {Pid}, to take over")]
    public static partial void Started(ILogger log, string program, int pid);

    [LoggerMessage(1022, LogLevel.Warning, "{Successor} may not take over now: {Reason}")]
    public static partial void NotNow(ILogger log, string successor, string reason);

    [LoggerMessage(1023, LogLevel.Warning, "{Successor} did not take over, this process goes on: {Reason}")]
    public static partial void BrokeOff(ILogger log, string successor, string reason);

    [LoggerMessage(1024, LogLevel.Information, "{Successor} has taken over; {Sessions} sessions go on here until they leave")]
    public static partial void Succeeded(ILogger log, string successor, int sessions);

    [LoggerMessage(1025, LogLevel.Warning, "the process that has taken over has gone: this one writes only as long as the servers show that nobody can have replaced the primary")]
    public static partial void SuccessorGone(ILogger log);

    [LoggerMessage(1026, LogLevel.Error, "what was given away cannot be taken back yet: {Reason}")]
    public static partial void NotYetBack(ILogger log, string reason);

    [LoggerMessage(1027, LogLevel.Error, "a handover has failed")]
    public static partial void Failed(ILogger log, Exception fault);

    [LoggerMessage(1028, LogLevel.Information, "the sessions of process {Pid} have ended, and so does it")]
    public static partial void PredecessorGone(ILogger log, int pid);

    [LoggerMessage(1029, LogLevel.Information, "process {Pid} serves, and this one has no session left: it ends")]
    public static partial void Drained(ILogger log, int pid);

    [LoggerMessage(1030, LogLevel.Warning, "{Sessions} sessions have not left within {Limit} (upgrade_drain): they are ended, running transactions have {Drain}")]
    public static partial void DrainedLong(ILogger log, int sessions, string limit, string drain);
}
