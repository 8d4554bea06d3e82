using System.Net.Sockets;
using Headwater.Commands;

namespace Headwater.Handover;

/// <summary>The side of the process that serves: listens for a successor, or for an operator who wants one started, and ends with the last of its sessions when one serves.</summary>
sealed class Succession : IAsyncDisposable
{
    static readonly TimeSpan FirstWordWithin = TimeSpan.FromSeconds(60), OneEndsWithin = TimeSpan.FromSeconds(5), AgainAfter = TimeSpan.FromMilliseconds(100);
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
    readonly TaskCompletionSource<Giving> _succeeded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Task _accepting = Task.CompletedTask;
    StartedProcess? _child;
    (int Pid, string Why) _cameToNothing;

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
            // Before it listens, so that nobody else has connected.
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

    /// <summary>Ends when a successor serves, which then is followed until it ends.</summary>
    public Task<Giving> Succeeded => _succeeded.Task;

    async Task AcceptAsync()
    {
        var answering = new List<Task>();
        while (!_end.IsCancellationRequested)
            try
            {
                answering.RemoveAll(static one => one.IsCompleted);
                answering.Add(AnswerAsync(await _listening!.AcceptAsync(_end.Token)));
            }
            catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException || _succeeded.Task.IsCompleted)
            {
                break;
            }
            catch (SocketException)
            {
                // Out of descriptors, say: that passes.
                await Task.Delay(AgainAfter, _time, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        await Task.WhenAll(answering);
    }

    async Task AnswerAsync(Socket socket)
    {
        var link = new Link(socket);
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
            patience.CancelAfter(FirstWordWithin);
            switch (await link.NextAsync(patience.Token))
            {
                case (Message.Take take, _):
                    await GiveAsync(link, take);
                    break;
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
        finally
        {
            // To the one that has taken over it lasts as long as either lives.
            if (!_succeeded.Task.IsCompletedSuccessfully || !_succeeded.Task.Result.IsBy(link)) link.Dispose();
        }
    }

    async Task GiveAsync(Link link, Message.Take take)
    {
        // The one before may just be ending.
        if (!await _one.WaitAsync(OneEndsWithin, _end.Token))
        {
            link.Tell(new Message.Refused("another process is taking over"));
            return;
        }
        try
        {
            if (_succeeded.Task.IsCompleted) return;
            var child = _child is { } started && started.Pid == take.Pid ? started : null;
            var giving = new Giving(link, take, _composition, _http, child, _time, _log);
            if (await giving.RunAsync(LetGoAsync, _end.Token) is not { } why) _succeeded.SetResult(giving);
            else _cameToNothing = (take.Pid, why);
        }
        finally
        {
            _one.Release();
        }

        async Task LetGoAsync()
        {
            _listening!.Dispose();
            await _composition.GiveAwayAsync();
            _givenTo(take.Pid);
        }
    }

    async Task StartAsync(Link operatorLink, string? program)
    {
        var child = _start(program);
        if (child.Failure is { } failure)
        {
            operatorLink.Tell(new Message.Ended(ExitCode.Failed, failure));
            return;
        }
        _child = child;
        HandoverLog.Started(_log, child.Program, child.Pid);
        operatorLink.Tell(new Message.Told($"{child.Program} was started as process {child.Pid}"));
        if (await Task.WhenAny(_succeeded.Task, child.Ended).WaitAsync(_end.Token) == _succeeded.Task)
            operatorLink.Tell(new Message.Ended(ExitCode.Ok, $"process {_succeeded.Task.Result.Pid} serves; the {Count(_composition.Gateway.Statistics.SessionsOpen)} of process {Environment.ProcessId} go on there until they leave"));
        else
        {
            var code = await child.Ended;
            var why = _cameToNothing.Pid == child.Pid && _cameToNothing.Why.Length > 0 ? _cameToNothing.Why : "The log has what it said.";
            operatorLink.Tell(new Message.Ended(code == ExitCode.CannotTakeOver ? code : ExitCode.Failed, $"process {child.Pid} has ended with {code} before it served, so process {Environment.ProcessId} goes on. {why}"));
        }
    }

    static string Count(int sessions) => sessions == 1 ? "1 session" : $"{sessions} sessions";

    /// <summary>Whoever is in the midst of taking over is left alone with what it has.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_end.IsCancellationRequested) return;
        await _end.CancelAsync();
        _listening?.Dispose();
        await _accepting;
        if (_succeeded.Task.IsCompletedSuccessfully) await _succeeded.Task.Result.DisposeAsync();
        else File.Delete(_path);
        _one.Dispose();
    }
}

static partial class HandoverLog
{
    [LoggerMessage(1020, LogLevel.Warning, "no process can take over from this one: {Path} cannot be listened on: {Reason}")]
    public static partial void CannotListen(ILogger log, string path, string reason);

    [LoggerMessage(1021, LogLevel.Information, "{Program} was started as process {Pid}, to take over")]
    public static partial void Started(ILogger log, string program, int pid);

    [LoggerMessage(1022, LogLevel.Warning, "process {Pid} (version {Version}) may not take over: {Reason}")]
    public static partial void NotNow(ILogger log, int pid, string version, string reason);

    [LoggerMessage(1023, LogLevel.Warning, "process {Pid} (version {Version}) did not take over, this one goes on: {Reason}")]
    public static partial void BrokeOff(ILogger log, int pid, string version, string reason);

    [LoggerMessage(1024, LogLevel.Information, "process {Pid} (version {Version}) has taken over; {Sessions} sessions go on here until they leave")]
    public static partial void Succeeded(ILogger log, int pid, string version, int sessions);

    [LoggerMessage(1025, LogLevel.Warning, "process {Pid}, which has taken over, has gone: nobody serves new sessions, and this one writes only as long as the servers show that nobody can have replaced the primary. {Reason}")]
    public static partial void SuccessorGone(ILogger log, int pid, string reason);

    [LoggerMessage(1026, LogLevel.Error, "what was given to process {Pid} cannot be taken back before that has ended: {Reason}")]
    public static partial void NotYetBack(ILogger log, int pid, string reason);

    [LoggerMessage(1027, LogLevel.Error, "a handover has failed")]
    public static partial void Failed(ILogger log, Exception fault);

    [LoggerMessage(1028, LogLevel.Information, "the sessions of process {Pid} have ended, and so does it")]
    public static partial void PredecessorGone(ILogger log, int pid);

    [LoggerMessage(1029, LogLevel.Information, "process {Pid} serves, and this one has no session left: it ends")]
    public static partial void Drained(ILogger log, int pid);

    [LoggerMessage(1030, LogLevel.Warning, "{Sessions} sessions have not left within {Limit} (upgrade_drain): they are ended, running transactions have {Drain}")]
    public static partial void DrainedLong(ILogger log, int sessions, string limit, string drain);
}
