using Headwater.Configuration;
using Headwater.Core;
using Headwater.Core.Topology;
using Headwater.Http;
using Headwater.Logging;

namespace Headwater;

/// <summary>The object graph, built by hand: who knows whom is this page.</summary>
sealed partial class Composition : IAsyncDisposable
{
    readonly HeadwaterLog _log;
    readonly ILogger _logger;
    readonly TimeProvider _time;
    readonly DateTimeOffset _started;
    readonly Published<ClusterView> _view;
    readonly HttpEndpoint? _http;
    readonly Lock _reloading = new();
    ConfigReading _reading;
    bool _listening;

    public Composition(ConfigReading reading, HeadwaterLog log, TimeProvider time)
    {
        (_reading, _log, _time) = (reading, log, time);
        _logger = log.Factory.CreateLogger<Composition>();
        _started = time.GetUtcNow();
        var config = Config;
        _view = new Published<ClusterView>(new ClusterView { Cluster = config.Cluster });
        if (config.Http is { } address)
        {
            var sources = new HttpSources { Readiness = () => Readiness.Of(_listening, _view.Current), Status = Status, Metrics = Metrics, Table = _ => null, Reload = Reload };
            var answers = new HttpAnswers(sources, System.Net.IPAddress.IsLoopback(System.Net.IPAddress.Parse(address.Host)), log.Factory.CreateLogger<HttpAnswers>());
            _http = new HttpEndpoint(address, answers.AnswerAsync, log.Factory);
        }
    }

    HeadwaterConfig Config => _reading.Config!;

    public async Task StartAsync(CancellationToken ct)
    {
        if (_http is not null) await _http.StartAsync(ct);
        _listening = true;
        new Commands.RunningGateway(1, Environment.ProcessId, _http is null ? null : $"{Config.Http!.Host}:{_http.Port}", Path.GetFullPath(_reading.File), _started).Write(Config.StateDirectory);
        Log.Serving(_logger, BuildVersion.Text, Config.Cluster, Config.Servers.Length, string.Join(", ", ListenersInWords()));
    }

    public Task StopAsync()
    {
        _listening = false;
        Log.Stopping(_logger, Notations.Show(Config.Drain));
        Commands.RunningGateway.Remove(Config.StateDirectory);
        return Task.CompletedTask;
    }

    /// <summary>Reads the file again and applies it whole, or keeps the old one whole; says which and why.</summary>
    public OutcomeJson Reload()
    {
        lock (_reloading)
        {
            var outcome = Reloading.Decide(_reading, ConfigFile.Read(_reading.File), out var next);
            foreach (var sentence in outcome.Sentences)
                if (outcome.Applied) Log.Reloaded(_logger, sentence);
                else Log.ReloadRefused(_logger, sentence);
            if (next is not null) Apply(next);
            return outcome;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_http is not null) await _http.DisposeAsync();
    }

    void Apply(ConfigReading next)
    {
        _reading = next;
        _log.Apply(Config.Log);
    }

    void Metrics(PrometheusText text)
    {
        ClusterMetrics.Write(text, _view.Current);
        ProcessMetrics.Write(text);
    }

    StatusJson Status()
    {
        var view = _view.Current;
        var readiness = Readiness.Of(_listening, view);
        return new StatusJson(BuildVersion.Text, Environment.ProcessId, MachineId.Read(), _started, Path.GetFullPath(_reading.File), readiness.Ready, readiness.Sentence,
            view.Cluster, view.Epoch.Number, view.Version, view.Primary?.Id.Name, view.Reason, ServerJson.All(view), [.. ListenersInWords()]);
    }

    IEnumerable<string> ListenersInWords() => Config.Gateway.Listeners.Select(static listener => listener.Socket ?? new ListenAddress(listener.Address.ToString(), listener.Port).ToString());

    static partial class Log
    {
        [LoggerMessage(1000, LogLevel.Information, "headwater {Version} serves cluster {Cluster} of {Servers} servers on {Listeners}")]
        public static partial void Serving(ILogger log, string version, string cluster, int servers, string listeners);

        [LoggerMessage(1001, LogLevel.Information, "stopping: no new sessions; running transactions have {Drain} to end")]
        public static partial void Stopping(ILogger log, string drain);

        [LoggerMessage(1002, LogLevel.Information, "configuration: {Sentence}")]
        public static partial void Reloaded(ILogger log, string sentence);

        [LoggerMessage(1003, LogLevel.Error, "configuration unchanged: {Sentence}")]
        public static partial void ReloadRefused(ILogger log, string sentence);
    }
}
