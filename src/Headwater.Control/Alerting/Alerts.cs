using System.Net.Http.Json;
using System.Text.Json.Serialization;
using System.Threading.Channels;
using Headwater.Core.Failover;
using Microsoft.Extensions.Logging;

namespace Headwater.Control.Alerting;

/// <param name="Resolved">What was found before is found no more.</param>
public sealed record Alert(DateTimeOffset At, string Cluster, string Rule, Severity Severity, string? Server, string Sentence, bool Resolved);

sealed record AlertJson(DateTimeOffset At, string Cluster, string Rule, string Severity, string? Server, string Sentence, bool Resolved);

sealed record AlertText(string Text);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AlertJson))]
[JsonSerializable(typeof(AlertText))]
sealed partial class AlertsJson : JsonSerializerContext;

/// <summary>
/// Tells people what was found: one POST for each, in order. Whoever is told may be slow or away; nothing waits for it, and what does not fit the queue is
/// dropped, oldest first: by then the newest says more. Each is tried four times within some ten seconds.
/// </summary>
public sealed class Alerts : IAsyncDisposable
{
    const int MostWaiting = 256, Tries = 4;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5), FirstPause = TimeSpan.FromSeconds(1);
    readonly Channel<(Alert Alert, Action<bool>? Then)> _waiting = Channel.CreateBounded<(Alert Alert, Action<bool>? Then)>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true }, static dropped => dropped.Then?.Invoke(false));
    readonly HttpClient _http;
    readonly CancellationTokenSource _end = new();
    readonly TimeProvider _time;
    readonly ILogger _log;
    readonly Task _sending;
    AlertOptions? _options;
    long _sent, _failed;

    public Alerts(TimeProvider time, ILogger log)
    {
        (_time, _log) = (time, log);
        // A proxy of the environment is the operator's wish; a redirection of the receiver's is not followed with what may be a secret.
        _http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30) }) { Timeout = Patience };
        _sending = Task.Run(SendAllAsync);
    }

    public (long Sent, long Failed) Count => (Interlocked.Read(ref _sent), Interlocked.Read(ref _failed));

    public void Apply(AlertOptions? options) => Volatile.Write(ref _options, options);

    /// <param name="then">Called, from any thread, when it was told or could not be.</param>
    /// <returns>Whether there is anybody to tell it to.</returns>
    public bool Tell(Alert alert, Action<bool>? then = null) => Volatile.Read(ref _options) is { } options && alert.Severity >= options.AtLeast && _waiting.Writer.TryWrite((alert, then));

    async Task SendAllAsync()
    {
        try
        {
            await foreach (var (alert, then) in _waiting.Reader.ReadAllAsync(_end.Token))
            {
                if (Volatile.Read(ref _options) is not { } options)
                {
                    then?.Invoke(false);
                    continue;
                }
                var sent = await SendAsync(alert, options);
                Interlocked.Increment(ref sent ? ref _sent : ref _failed);
                then?.Invoke(sent);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    async Task<bool> SendAsync(Alert alert, AlertOptions options)
    {
        var failure = "";
        for (var (tried, pause) = (1, FirstPause); ; tried++, pause *= 2)
        {
            try
            {
                using var content = Content(alert, options.Format);
                using var answer = await _http.PostAsync(options.Url, content, _end.Token);
                if (answer.IsSuccessStatusCode) return true;
                failure = $"HTTP {(int)answer.StatusCode}";
                // 429 and 5xx may pass; anything else says the same next time.
                if ((int)answer.StatusCode is >= 300 and < 500 and not 408 and not 429) tried = Tries;
            }
            catch (Exception trouble) when (trouble is HttpRequestException or TaskCanceledException && !_end.IsCancellationRequested)
            {
                failure = trouble is HttpRequestException { HttpRequestError: var error } ? error.ToString() : $"no answer within {Patience.TotalSeconds:0} s";
            }
            if (tried >= Tries)
            {
                AlertLog.Failed(_log, alert.Rule, options.Url.Host, failure);
                return false;
            }
            await Task.Delay(pause, _time, _end.Token);
        }
    }

    static JsonContent Content(Alert alert, AlertFormat format) => format == AlertFormat.Slack
        ? JsonContent.Create(new AlertText(Text(alert)), AlertsJson.Default.AlertText)
        : JsonContent.Create(new AlertJson(alert.At, alert.Cluster, alert.Rule, Word(alert.Severity), alert.Server, alert.Sentence, alert.Resolved), AlertsJson.Default.AlertJson);

    static string Text(Alert alert) => $"{(alert.Resolved ? "resolved" : Word(alert.Severity))}: {alert.Cluster}: {alert.Sentence} ({alert.Rule})";

    static string Word(Severity severity) => severity.ToString().ToLowerInvariant();

    public async ValueTask DisposeAsync()
    {
        // What was found last is told yet, if that is quick: it may be why this process ends.
        _waiting.Writer.TryComplete();
        await Task.WhenAny(_sending, Task.Delay(TimeSpan.FromSeconds(1), _time));
        await _end.CancelAsync();
        await _sending;
        _http.Dispose();
        _end.Dispose();
    }
}

static partial class AlertLog
{
    // The address is left out but for its host: it is a secret as often as not.
    [LoggerMessage(2120, LogLevel.Warning, "the alert '{Rule}' could not be told to {Host}: {Failure}")]
    public static partial void Failed(ILogger log, string rule, string host, string failure);
}
