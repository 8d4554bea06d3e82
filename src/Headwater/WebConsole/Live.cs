using System.Text.Json;
using System.Threading.Channels;
using Headwater.Control;
using Headwater.Core.Topology;
using Headwater.Http;

namespace Headwater.WebConsole;

/// <summary>
/// The console's one loop: takes a sample each second, keeps the last quarter of an hour, and while anybody looks on makes one picture for all of them, each second and
/// soon after a new view.
/// </summary>
sealed class Live : IAsyncDisposable
{
    const int Kept = 900, MostBehind = 8;
    static readonly TimeSpan Second = TimeSpan.FromSeconds(1), Soon = TimeSpan.FromMilliseconds(150), AuditEvery = TimeSpan.FromSeconds(20), AuditAgainAfter = TimeSpan.FromSeconds(2), LongestAudit = TimeSpan.FromSeconds(3);
    readonly LiveSources _sources;
    readonly TimeProvider _time;
    readonly ILogger _log;
    readonly Sampler _sampler;
    readonly Lock _lock = new();
    readonly List<Channel<byte[]>> _watchers = [];
    readonly SemaphoreSlim _nudge = new(0, 1);
    readonly CancellationTokenSource _end = new();
    readonly ViewHistory _views;
    Task _running = Task.CompletedTask;
    Task _auditing = Task.CompletedTask;
    (AuditJson Audit, long At)? _audit;
    long _auditBegan, _events;
    bool _auditWanted = true;
    IReadOnlyList<(string Name, double Figure)>? _sample;

    public Live(LiveSources sources, ViewHistory views, TimeProvider time, ILogger log)
    {
        (_sources, _views, _time, _log) = (sources, views, time, log);
        _sampler = new Sampler(sources.Statistics);
    }

    public History History { get; } = new(Kept);

    public void Start() => _running = Task.Run(LoopAsync);

    /// <summary>Something has changed that whoever looks on should see now. From any thread.</summary>
    public void Nudge()
    {
        try
        {
            if (_nudge.CurrentCount == 0) _nudge.Release();
        }
        catch (Exception late) when (late is SemaphoreFullException or ObjectDisposedException)
        {
            // Another has, or it ends.
        }
    }

    public void Follow(ClusterView view)
    {
        if (!_views.Add(view)) return;
        Interlocked.Increment(ref _events);
        Nudge();
    }

    /// <summary>An operator has done something: settings may be others now, and the journal has grown.</summary>
    public void Acted()
    {
        _auditWanted = true;
        Interlocked.Increment(ref _events);
        Nudge();
    }

    /// <summary>One event of the stream for each picture; a watcher that is slow misses some. The first comes at once.</summary>
    public ChannelReader<byte[]> Watch(out Action leave)
    {
        var channel = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(MostBehind) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        channel.Writer.TryWrite(Event(Picture(null)));
        lock (_lock) _watchers.Add(channel);
        leave = () =>
        {
            lock (_lock) _watchers.Remove(channel);
        };
        Nudge();
        return channel.Reader;
    }

    /// <summary>One picture, for whoever asks once: with the settings as they were found in the last seconds, and the last second's figures.</summary>
    public async Task<LiveJson> PictureAsync()
    {
        Audit();
        await Task.WhenAny(_auditing, Task.Delay(LongestAudit, _time, _end.Token));
        return Picture(Volatile.Read(ref _sample));
    }

    async Task LoopAsync()
    {
        var last = _time.GetTimestamp();
        var shownAt = last;
        try
        {
            while (true)
            {
                var left = Second - _time.GetElapsedTime(last);
                var nudged = left > TimeSpan.Zero && await _nudge.WaitAsync(left, _end.Token);
                _end.Token.ThrowIfCancellationRequested();
                if (nudged && _time.GetElapsedTime(shownAt) is var since && since < Soon) await Task.Delay(Soon - since, _time, _end.Token);
                try
                {
                    IReadOnlyList<(string Name, double Figure)>? sample = null;
                    if (_time.GetElapsedTime(last) is var seconds && seconds >= Second)
                    {
                        sample = _sampler.Next(_sources.View(), _sources.Statistics.SessionsOpen, seconds.TotalSeconds);
                        // By whole seconds where it can keep up, so that samples do not drift apart.
                        last += seconds < 2 * Second ? (long)(Second.TotalSeconds * _time.TimestampFrequency) : _time.GetTimestamp() - last;
                        History.Add(Now, sample);
                        Volatile.Write(ref _sample, sample);
                    }
                    if (sample is not null || nudged) Show(sample);
                    shownAt = _time.GetTimestamp();
                }
                catch (Exception trouble) when (trouble is not OperationCanceledException)
                {
                    ConsoleLog.PictureFailed(_log, trouble);
                    last = _time.GetTimestamp();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    void Show(IReadOnlyList<(string Name, double Figure)>? sample)
    {
        lock (_lock)
            if (_watchers.Count == 0) return;
        Audit();
        var bytes = Event(Picture(sample));
        lock (_lock)
            foreach (var watcher in _watchers) watcher.Writer.TryWrite(bytes);
    }

    LiveJson Picture(IReadOnlyList<(string Name, double Figure)>? sample) => LivePicture.Of(_sources, _sampler.Rates, _audit?.Audit, _audit is { } audit ? _time.GetElapsedTime(audit.At) : null, Now, _time.Now(), Interlocked.Read(ref _events) + _sources.Journal(),
        sample?.ToDictionary(static figure => figure.Name, static figure => double.IsFinite(figure.Figure) ? Math.Round(figure.Figure, 3) : (double?)null));

    /// <summary>Only while somebody looks: it asks every server for its settings.</summary>
    void Audit()
    {
        // What was found is looked for again soon, so that what is mended does not stand there any more.
        var due = _audit?.Audit.Findings.Any(static finding => finding.Weight == "breaks") == true ? AuditAgainAfter : AuditEvery;
        if (_sources.Audit is not { } ask || !_auditing.IsCompleted || !_auditWanted && _time.GetElapsedTime(_auditBegan) < due || _sources.View().Servers.IsEmpty) return;
        (_auditWanted, _auditBegan) = (false, _time.GetTimestamp());
        _auditing = AskAsync();

        async Task AskAsync()
        {
            try
            {
                _audit = (await ask(_end.Token), _time.GetTimestamp());
                Nudge();
            }
            catch (Exception trouble) when (trouble is not OperationCanceledException)
            {
                ConsoleLog.PictureFailed(_log, trouble);
            }
            catch (OperationCanceledException)
            {
                // The end.
            }
        }
    }

    long Now => _time.GetUtcNow().ToUnixTimeMilliseconds();

    static byte[] Event(LiveJson picture) => [.. "data: "u8, .. JsonSerializer.SerializeToUtf8Bytes(picture, ConsoleJson.Default.LiveJson), .. "\n\n"u8];

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running;
        await _auditing;
        lock (_lock)
            foreach (var watcher in _watchers) watcher.Writer.TryComplete();
        _nudge.Dispose();
        _end.Dispose();
    }
}

static partial class ConsoleLog
{
    [LoggerMessage(3010, LogLevel.Error, "the console's picture could not be made")]
    public static partial void PictureFailed(ILogger log, Exception trouble);

    [LoggerMessage(3011, LogLevel.Information, "{Who} from {Address} asked for {Action}")]
    public static partial void Asked(ILogger log, string who, string address, string action);

    [LoggerMessage(3012, LogLevel.Warning, "a login as {Name} from {Address} was refused: {Why}")]
    public static partial void LoginRefused(ILogger log, string name, string address, string why);

    [LoggerMessage(3013, LogLevel.Information, "{Name} has logged in from {Address} as {Role}")]
    public static partial void LoggedIn(ILogger log, string name, string address, ConsoleRole role);
}
