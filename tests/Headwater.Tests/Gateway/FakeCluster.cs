using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Security.Cryptography;
using Headwater.Core;
using Headwater.Core.Positions;
using Headwater.Core.Statements;
using Headwater.Core.Topology;
using Headwater.Gateway;
using Headwater.Gateway.Reactor;
using Headwater.Wire.MySql;
using Microsoft.Extensions.Logging;

namespace Headwater.Tests.Gateway;

/// <summary>A gateway in this process in front of fake servers: the first is the primary, the others replicas. The view is published by hand.</summary>
sealed class FakeCluster : IAsyncDisposable
{
    public const string User = "app", Boss = "boss", Password = "pw-4711-never-logged";

    readonly List<ServerState> _states = [];
    readonly Published<ClusterView> _view;
    readonly Timer _sampling;
    long _version;
    int _incarnation = 1;
    int _sampled;

    public IReadOnlyList<FakeServer> Servers { get; }
    public Published<Catalogue> Catalogue { get; } = new(Core.Statements.Catalogue.Empty);
    public GatewayServer Gateway { get; }
    public string Socket { get; } = Path.Combine(Path.GetTempPath(), $"gateway-{Environment.ProcessId}-{Guid.NewGuid():N}.sock");
    public int Port => Gateway.Port;
    public CapturedLog Log { get; } = new();

    public FakeCluster(int servers = 2, Func<GatewayOptions, GatewayOptions>? change = null)
    {
        Servers = [.. Enumerable.Range(0, servers).Select(_ => new FakeServer())];
        for (var i = 0; i < servers; i++) _states.Add(new ServerState(new ServerId($"db{i + 1}"), _incarnation));
        _view = new Published<ClusterView>(View(ServerHealth.Up));
        var accounts = ImmutableArray.Create(
            new Account(User, "%", NativePassword.Name, [.. SHA1.HashData(NativePassword.Sha1Of(Password))]),
            new Account(Boss, "%", NativePassword.Name, [.. SHA1.HashData(NativePassword.Sha1Of(Password))]) { Rights = AccountRights.EndsOthers | AccountRights.SeesOthers },
            new Account("administrator", "%", NativePassword.Name, [.. SHA1.HashData(NativePassword.Sha1Of(Password))]),
            new Account("secure", "%", NativePassword.Name, [.. SHA1.HashData(NativePassword.Sha1Of(Password))]) { Tls = AccountTls.Any },
            new Account("certified", "%", NativePassword.Name, [.. SHA1.HashData(NativePassword.Sha1Of(Password))]) { Tls = AccountTls.Certificate },
            new Account("signed", "%", "ed25519", [.. new byte[32]]));
        var options = new GatewayOptions
        {
            Listeners = [new ListenerOptions { Socket = Socket }, new ListenerOptions { Port = 0 }],
            Threads = 2,
            MaxBackendsPerServer = 64,
            BackendTls = BackendTls.Off,
            QueueTimeout = TimeSpan.FromSeconds(2),
            Routing = new() { WriteHold = TimeSpan.FromMilliseconds(300), ReadWait = TimeSpan.FromMilliseconds(5) },
        };
        Gateway = new GatewayServer(change?.Invoke(options) ?? options, _view, new Published<Accounts>(new Accounts(accounts)), Catalogue, Log);
        Gateway.Start();
        Sample();
        _sampling = new Timer(_ => Sample(), null, 5, 5);
    }

    /// <summary>What a watcher would do: replicas are found to have all that was committed.</summary>
    void Sample()
    {
        if (Interlocked.Exchange(ref _sampled, 1) != 0) return;
        var asked = EventLoop.Now;
        if (Gtid.TryParse(System.Text.Encoding.ASCII.GetBytes($"0-1-{FakeAnswers.Committed}"), out var gtid))
        {
            ServerState[] states;
            lock (_states) states = [.. _states];
            foreach (var state in states) state.Advance(new PositionSample(asked, EventLoop.Now, Position.Empty.With(gtid)));
        }
        Volatile.Write(ref _sampled, 0);
    }

    ClusterView View(ServerHealth health, int? only = null)
    {
        var servers = ImmutableArray.CreateBuilder<ServerView>();
        for (var i = 0; i < _states.Count; i++)
            servers.Add(new ServerView
            {
                State = _states[i],
                Address = new ServerAddress("fake", 1, Servers[i].Path),
                Role = i == 0 ? ServerRole.Primary : ServerRole.Replica,
                Health = only is null || only == i ? health : ServerHealth.Up,
                Replicating = true,
                Reason = "as the test says",
            });
        return new ClusterView
        {
            Cluster = "fake",
            Epoch = new Epoch(1),
            Version = ++_version,
            Servers = servers.ToImmutable(),
            Primary = servers[0].Health == ServerHealth.Up ? servers[0] : null,
            Reason = "as the test says",
        };
    }

    /// <summary>Servers (or one of them) are declared dead, as a watcher does with one that hangs.</summary>
    public void Down(int? only = null)
    {
        lock (_states) _view.Publish(View(ServerHealth.Down, only));
    }

    /// <summary>What a watcher's look would find: the incarnation that was known, whatever a connection was greeted with.</summary>
    public void Confirm(ServerId server)
    {
        lock (_states) _states.Find(state => state.Id == server)!.Threads.Confirm(EventLoop.Now, 0);
    }

    /// <summary>The second server takes over from the first, having so much of what that wrote.</summary>
    public void Replace(Gtid having)
    {
        lock (_states)
        {
            var view = View(ServerHealth.Up);
            var servers = ImmutableArray.Create(view.Servers[0] with { Role = ServerRole.Replica }, view.Servers[1] with { Role = ServerRole.Primary, Number = 2 });
            _view.Publish(view with { Epoch = new Epoch(2), Servers = servers, Primary = servers[1], History = [having] });
        }
    }

    /// <summary>All servers serve again, as new incarnations.</summary>
    public void Up()
    {
        lock (_states)
        {
            _incarnation++;
            for (var i = 0; i < _states.Count; i++) _states[i] = new ServerState(_states[i].Id, _incarnation);
            _view.Publish(View(ServerHealth.Up));
        }
        Sample();
    }

    public Task<RawClient> ConnectAsync(Capabilities capabilities = RawClient.Usual) => RawClient.ConnectAsync(Socket, capabilities);

    public async Task<RawClient> LoggedInAsync(Capabilities capabilities = RawClient.Usual, string? schema = null)
    {
        var client = await ConnectAsync(capabilities);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        if (!await client.LoginAsync(schema: schema, ct: limit.Token)) throw new InvalidOperationException("the login was refused");
        return client;
    }

    /// <summary>What is left once nothing runs any more; empty when all is as it should be.</summary>
    public async Task<string> LeftoversAsync(TimeSpan? patience = null)
    {
        var until = Stopwatch.GetTimestamp() + (long)((patience ?? TimeSpan.FromSeconds(6)).TotalSeconds * Stopwatch.Frequency);
        while (true)
        {
            var left = Leftovers();
            if (left.Length == 0 || Stopwatch.GetTimestamp() > until) return left;
            await Task.Delay(10);
        }
    }

    string Leftovers()
    {
        var left = new List<string>();
        if (Log.Faults is { IsEmpty: false } faults) left.Add($"faults: {string.Join("\n", faults.Take(3))}");
        if (Gateway.SessionCount > 0) left.Add($"{Gateway.SessionCount} sessions are left");
        if (Gateway.Statistics.BuffersOutstanding() is not 0 and var buffers) left.Add($"{buffers} buffers are not returned");
        foreach (var (thread, busy, statements) in Gateway.Statistics.Lent())
        {
            if (busy != 0) left.Add($"{busy} backends are lent on reactor {thread}");
            if (statements != 0) left.Add($"{statements} prepared statements are kept on reactor {thread}");
        }
        return string.Join("; ", left);
    }

    public async ValueTask DisposeAsync()
    {
        await _sampling.DisposeAsync();
        await Gateway.DisposeAsync();
        foreach (var server in Servers) await server.DisposeAsync();
    }
}

/// <summary>All that was logged; faults (events 101 and 102) apart.</summary>
sealed class CapturedLog : ILoggerFactory, ILogger
{
    public ConcurrentQueue<string> Lines { get; } = new();
    public ConcurrentQueue<string> Faults { get; } = new();

    public ILogger CreateLogger(string categoryName) => this;
    public void AddProvider(ILoggerProvider provider) { }
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var line = $"{eventId.Id} {formatter(state, exception)} {exception}";
        if (Lines.Count < 10_000) Lines.Enqueue(line);
        if (eventId.Id is 101 or 102) Faults.Enqueue(line);
    }

    public void Dispose() { }
}
