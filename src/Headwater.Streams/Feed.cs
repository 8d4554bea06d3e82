using Headwater.Core;
using Headwater.Core.Consumers;
using Headwater.Core.Positions;
using Headwater.Core.Statements;
using Headwater.Core.Topology;
using Headwater.Streams.Consumers;
using Headwater.Streams.Folds;
using Headwater.Streams.Follow;
using Headwater.Streams.Sinks;
using Headwater.Streams.Store;
using Microsoft.Extensions.Logging;

namespace Headwater.Streams;

/// <summary>The cluster's log in this process: followed into a store, and folded and handed on from there.</summary>
public sealed class Feed : IAsyncDisposable
{
    readonly LogFollower _follower;
    readonly ChangesRun _changes;
    readonly SinkRun[] _sinks;
    readonly TimeProvider _time;
    readonly CancellationTokenSource _end = new();
    Task _running = Task.CompletedTask;

    /// <param name="changes">What others prove by already, which is begun anew; null: of its own.</param>
    /// <exception cref="StoreException">The store cannot be opened.</exception>
    public Feed(FeedOptions options, Published<ClusterView> view, TimeProvider time, ILoggerFactory log, LastChanges? changes = null)
    {
        Changes = changes ?? new LastChanges();
        var logger = log.CreateLogger("Headwater.Streams");
        Store = LogStore.Open(options.Store, time);
        _follower = new LogFollower(Store, () => options.Follower, view, time, logger);
        _changes = new ChangesRun(Store, Changes, time, logger);
        _time = time;
        Source = new FeedSource(Store, view, options.Copier ?? options.Follower.Login, time);
        _sinks = [.. options.Sinks.Select(sink => new SinkRun(sink, Source, new SinkPlace(options.Store.Directory, sink.Name), () => SinkOf(sink), time, logger))];
    }

    public LogStore Store { get; }

    /// <summary>What has changed when, for those who prove by it that something has not.</summary>
    public LastChanges Changes { get; }

    /// <summary>For consumers of changes.</summary>
    public FeedSource Source { get; }
    public IReadOnlyList<SinkState> Sinks => [.. _sinks.Select(static sink => sink.State)];
    public FollowerState State => _follower.State.Current;

    /// <summary>Raised when somebody should look at the tables: what is known of them is not that of the log any more.</summary>
    public event Action? DictionaryWanted
    {
        add => _changes.DictionaryWanted += value;
        remove => _changes.DictionaryWanted -= value;
    }

    /// <inheritdoc cref="LastChanges.Offer"/>
    public void Offer(DataDictionary dictionary, Position from, Position to) => _changes.Offer(dictionary, from, to);

    // The follower's writes are to files: not on a thread that others wait for.
    public void Start() => _running = Task.WhenAll(Task.Run(() => _follower.RunAsync(_end.Token)), Task.Run(() => _changes.RunAsync(_end.Token)), Task.Run(KeepTimeAsync),
        Task.WhenAll(_sinks.Select(sink => Task.Run(() => sink.RunAsync(_end.Token)))));

    async Task KeepTimeAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(500), _time);
        try
        {
            do Source.Times.Add(Store.End.Position);
            while (await timer.WaitForNextTickAsync(_end.Token));
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    static ISink SinkOf(SinkOptions sink) => sink.Kind switch
    {
        SinkKind.Rabbitmq => new RabbitMqSink(sink),
        SinkKind.Http => new HttpPushSink(sink),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running;
        Store.Dispose();
        _end.Dispose();
    }
}
