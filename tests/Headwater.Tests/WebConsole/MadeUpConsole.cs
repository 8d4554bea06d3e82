using System.Collections.Immutable;
using Headwater.Configuration;
using Headwater.Core;
using Headwater.Core.Statements;
using Headwater.Core.Topology;
using Headwater.Gateway;
using Headwater.Http;
using Headwater.WebConsole;
using Microsoft.Extensions.Logging.Abstractions;

namespace Headwater.Tests.WebConsole;

/// <summary>The console before a cluster that is made up: its pages, stream and answers over a real socket. bench/console measures it too.</summary>
sealed class MadeUpConsole : IAsyncDisposable
{
    readonly GatewayServer _gateway;
    readonly LoginDesk _logins;
    readonly LabDesk _lab;
    readonly HttpEndpoint _endpoint;
    readonly string _folder = Directory.CreateTempSubdirectory("hw-console-").FullName;

    /// <param name="lab">What plays the lab; null: it is off.</param>
    public MadeUpConsole(ClusterView view, IReadOnlyList<string>? lab = null)
    {
        View = new Published<ClusterView>(view);
        var (time, readiness, views) = (TimeProvider.System, new Readiness(true, "listening"), new ViewHistory(TimeProvider.System));
        _gateway = new GatewayServer(new GatewayOptions(), View, new Published<Accounts>(Accounts.None), new Published<Catalogue>(Catalogue.Unknown), NullLoggerFactory.Instance);
        _logins = new LoginDesk(() => Users, time);
        _lab = new LabDesk(() => lab is not null, Path.Combine(_folder, "lab"), lab ?? [], time, () => Live!.Nudge());
        Live = new Live(new LiveSources { View = () => View.Current, Readiness = () => readiness, Statistics = _gateway.Statistics, SilentFor = _ => Silent, Lab = () => _lab.State }, views, time, NullLogger.Instance);
        var console = new ConsoleAnswers(new ConsoleSources
        {
            Live = Live,
            Logins = _logins,
            Events = () => EventsReader.Read(null, views, []),
            Explain = argument => ExplainJson.Of(argument, View.Current, _gateway.Explain, _gateway.ExplainKept),
            Quarantine = static _ => Task.FromResult(new QuarantineJson("read", [], [])),
            Verify = new VerifyDesk(() => View.Current, static () => new("monitor", ""), time, static () => { }),
            Lab = _lab,
            Note = (_, sentence) => Noted.Add(sentence),
        }, NullLogger.Instance);
        var sources = new HttpSources
        {
            Readiness = () => readiness,
            Status = static () => throw new NotSupportedException(),
            Metrics = static _ => { },
            Sessions = static () => [],
            Stats = static () => throw new NotSupportedException(),
            ReadAudit = static () => new ReadAuditJson(new Dictionary<string, long>(), []),
            Alerts = static () => new AlertsJson([], [], []),
            Digests = static () => [],
            Reload = () => new OutcomeJson(++Reloads > 0, ["applied"]),
            Console = console,
        };
        _endpoint = new HttpEndpoint(new ListenAddress("127.0.0.1", 0), new HttpAnswers(sources, onLoopback: true, NullLogger.Instance).AnswerAsync, NullLoggerFactory.Instance);
    }

    public Published<ClusterView> View { get; }
    public Live Live { get; }
    public ImmutableArray<ConsoleUser> Users { get; set; } = [];

    /// <summary>How long ago each server was heard.</summary>
    public TimeSpan Silent { get; init; }

    /// <summary>What the journal would have.</summary>
    public List<string> Noted { get; } = [];
    public int Reloads { get; private set; }
    public string Address => $"http://127.0.0.1:{_endpoint.Port}";

    public async Task StartAsync(CancellationToken ct)
    {
        _gateway.Start();
        await _endpoint.StartAsync(ct);
        Live.Start();
    }

    public async ValueTask DisposeAsync()
    {
        await _lab.DisposeAsync();
        await Live.DisposeAsync();
        await _endpoint.DisposeAsync();
        await _gateway.DisposeAsync();
        _logins.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
