using Headwater.Configuration;
using Headwater.Core;
using Headwater.Core.Positions;
using Headwater.Core.Statements;
using Headwater.Core.Topology;
using Headwater.Gateway;
using Headwater.Http;
using Headwater.WebConsole;
using Microsoft.Extensions.Logging.Abstractions;

namespace Headwater.Bench.Browsing;

/// <summary>The console before a cluster of any size that is made up: its page, its stream and a full history, as a browser gets them from a gateway.</summary>
sealed class MadeUpCluster : IAsyncDisposable
{
    readonly GatewayServer _gateway;
    readonly Live _live;
    readonly LoginDesk _logins;
    readonly HttpEndpoint _endpoint;

    public MadeUpCluster(int servers)
    {
        var time = TimeProvider.System;
        var view = new Published<ClusterView>(ViewOf(servers));
        _gateway = new GatewayServer(new GatewayOptions(), view, new Published<Accounts>(Accounts.None), new Published<Catalogue>(Catalogue.Unknown), NullLoggerFactory.Instance);
        var readiness = new Readiness(true, "listening");
        var views = new ViewHistory(time);
        _live = new Live(new LiveSources { View = () => view.Current, Readiness = () => readiness, Statistics = _gateway.Statistics, SilentFor = static _ => TimeSpan.Zero }, views, time, NullLogger.Instance);
        _logins = new LoginDesk(static () => [], time);
        var console = new ConsoleAnswers(new ConsoleSources
        {
            Live = _live,
            Logins = _logins,
            Events = () => EventsReader.Read(null, views),
            Explain = argument => ExplainJson.Of(argument, view.Current, _gateway.Explain),
            Quarantine = static _ => Task.FromResult(new QuarantineJson("", [], [])),
            Verify = new VerifyDesk(() => view.Current, static () => new("", ""), time, static () => { }),
            Note = static (_, _) => { },
        }, NullLogger.Instance);
        var sources = new HttpSources
        {
            Readiness = () => readiness,
            Status = static () => throw new NotSupportedException(),
            Metrics = static _ => { },
            Sessions = static () => [],
            Stats = static () => throw new NotSupportedException(),
            ReadAudit = static () => new ReadAuditJson(new Dictionary<string, long>(), []),
            Alerts = static () => new AlertsJson([], []),
            Digests = static () => [],
            Reload = static () => new OutcomeJson(false, []),
            Console = console,
        };
        _endpoint = new HttpEndpoint(new ListenAddress("127.0.0.1", 0), new HttpAnswers(sources, onLoopback: true, NullLogger.Instance).AnswerAsync, NullLoggerFactory.Instance);
        Fill(servers);
    }

    public string Address => $"http://127.0.0.1:{_endpoint.Port}/";

    public async Task StartAsync()
    {
        _gateway.Start();
        _live.Start();
        await _endpoint.StartAsync(CancellationToken.None);
    }

    /// <summary>A quarter of an hour of each figure that a busy gateway has.</summary>
    void Fill(int servers)
    {
        var chance = new Random(1);
        var from = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - 900_000;
        string[] names = ["statements", "reads", "replica_reads", "writes", "errors", "retries", "position_waits", "log_waits", "write_holds", "cache_lookups", "cache_hits", "sessions", "read_p50", "read_p95", "read_p99", "write_p50", "write_p95", "write_p99",
            .. Enumerable.Range(0, 12).Select(static reason => $"reason.{(Core.Routing.RouteReason)reason}"), .. Enumerable.Range(2, servers).SelectMany(static server => new[] { $"server.db{server}.lag", $"server.db{server}.statements", $"server.db{server}.transactions" })];
        for (var second = 0; second < 900; second++) _live.History.Add(from + 1000 * second, [.. names.Select(name => (name, Math.Round(chance.NextDouble() * 1000, 1)))]);
    }

    static ClusterView ViewOf(int count)
    {
        var primary = Server(1, ServerRole.Primary, null);
        return new ClusterView
        {
            Cluster = "made-up",
            Epoch = new Epoch(3),
            Version = 1,
            Primary = primary,
            Reason = "db1 is the appointed primary of epoch 3",
            Servers = [primary, .. Enumerable.Range(2, count - 1).Select(number => Server(number, ServerRole.Replica, primary.Address))],
        };
    }

    static ServerView Server(int number, ServerRole role, ServerAddress? source)
    {
        var (id, address) = (new ServerId($"db{number}"), new ServerAddress("10.0.0." + number, 3306));
        var state = new ServerState(id, 1);
        Position.TryParse($"0-1-{5_000_000 - 3 * number}", out var position);
        state.Timeline.Add(new PositionSample(Instant.Zero, Instant.Zero, position));
        return new ServerView
        {
            State = state,
            Address = address,
            Role = role,
            Health = ServerHealth.Up,
            Replicating = role == ServerRole.Replica,
            Reason = role == ServerRole.Primary ? "db1 is the appointed primary of epoch 3" : "replicates from db1",
            Lag = role == ServerRole.Replica ? TimeSpan.FromMilliseconds(number) : null,
            Number = (uint)number,
            LastAnswer = new Observation
            {
                Server = new WatchedServer(id, address),
                AskedAt = Instant.Zero,
                AnsweredAt = Instant.Zero,
                ReadOnly = role == ServerRole.Replica,
                Links = source is null ? [] : [new ReplicationLink { SourceHost = source.Host, SourcePort = source.Port, SourceNumber = 1, Receiving = LinkState.Running, Applying = true }],
            },
        };
    }

    public async ValueTask DisposeAsync()
    {
        await _live.DisposeAsync();
        await _endpoint.DisposeAsync();
        await _gateway.DisposeAsync();
        _logins.Dispose();
    }
}
