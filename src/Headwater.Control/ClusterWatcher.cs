using System.Threading.Channels;
using Headwater.Core;
using Headwater.Core.Statements;
using Headwater.Core.Topology;
using Microsoft.Extensions.Logging;

namespace Headwater.Control;

/// <summary>
/// Keeps the view of a cluster: watches each server, decides what they are together, publishes. One loop owns everything here; the watches
/// and callers post to it.
/// </summary>
public sealed class ClusterWatcher : IAsyncDisposable
{
    static readonly TimeSpan FollowersEvery = TimeSpan.FromSeconds(2);
    static readonly TimeSpan RefreshAtMostEvery = TimeSpan.FromMilliseconds(100);
    readonly Channel<Action> _posted = Channel.CreateUnbounded<Action>(new UnboundedChannelOptions { SingleReader = true });
    readonly Published<ClusterView> _view;
    readonly Published<Accounts> _accounts;
    readonly Published<Catalogue> _catalogue;
    readonly CatalogueReader _catalogueReader = new();
    readonly TimeProvider _time;
    readonly ILogger _log;
    readonly LagMeter _lags = new();
    readonly List<Member> _members = [];
    readonly CancellationTokenSource _end = new();
    WatchOptions _options;
    Instant _publishedAt;
    Instant _followersAt;
    Instant _accountsAt;
    bool _accountsAsked;
    bool _accountsComplained;
    Instant _catalogueAt;
    bool _catalogueAsked;
    bool _catalogueDue;
    Task _running = Task.CompletedTask;

    public ClusterWatcher(WatchOptions options, Published<ClusterView> view, Published<Accounts> accounts, Published<Catalogue> catalogue, TimeProvider time, ILoggerFactory log)
    {
        (_options, _view, _accounts, _catalogue, _time) = (options, view, accounts, catalogue, time);
        _log = log.CreateLogger("Headwater.Control");
    }

    /// <summary>Watches until <paramref name="ct"/> or the end of this object. The first view with facts is published as soon as servers answer.</summary>
    public Task RunAsync(CancellationToken ct)
    {
        _running = LoopAsync(ct);
        return _running;
    }

    /// <summary>Takes other options over while running: servers that stay keep their state and their connections.</summary>
    public void Apply(WatchOptions options) => Post(() =>
    {
        _options = options;
        Reconcile();
        Decide();
    });

    /// <summary>Reads the accounts anew, soon: for when a login fails whose account may be newer than what was read last.</summary>
    public void RefreshAccounts() => Post(() =>
    {
        if (_time.Now() - _accountsAt >= RefreshAtMostEvery) ReadAccounts();
    });

    /// <summary>Reads views, routines and triggers anew, soon: for when a definition has just changed.</summary>
    public void RefreshCatalogue() => Post(() => _catalogueDue = true);

    void Post(Action action) => _posted.Writer.TryWrite(action);

    async Task LoopAsync(CancellationToken ct)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(ct, _end.Token);
        Reconcile();
        Decide();
        try
        {
            while (await _posted.Reader.WaitToReadAsync(ends.Token))
            {
                while (_posted.Reader.TryRead(out var action)) action();
                DoWhatIsDue();
            }
        }
        catch (OperationCanceledException)
        {
            // It ends.
        }
        await Task.WhenAll(_members.Select(static member => member.Watch.StopAsync()));
        _members.Clear();
    }

    // The members are the configured servers, in their order, and then the found ones; a server that stays keeps its place among them.
    void Reconcile()
    {
        var wanted = _options.Servers.ToDictionary(static server => server.Id);
        foreach (var member in _members.ToList())
        {
            if (wanted.TryGetValue(member.Server.Id, out var server) && server == member.Server || member.Found && _options.JoinFound && !wanted.ContainsKey(member.Server.Id))
            {
                member.Watch.Apply(_options);
                continue;
            }
            _members.Remove(member);
            _ = member.Watch.StopAsync();
            if (!wanted.ContainsKey(member.Server.Id)) Log.Left(_log, member.Server.Id.Name);
        }
        foreach (var server in _options.Servers)
            if (_members.All(member => member.Server.Id != server.Id)) Join(server, found: false, "it is configured");
        var order = _options.Servers.Select(static (server, index) => (server.Id, index)).ToDictionary();
        _members.Sort((a, b) => order.GetValueOrDefault(a.Server.Id, int.MaxValue).CompareTo(order.GetValueOrDefault(b.Server.Id, int.MaxValue)));
    }

    void Join(WatchedServer server, bool found, string reason)
    {
        // A server that comes back under the same name is not known to be what it was.
        var before = _view.Current.Servers.FirstOrDefault(view => view.Id == server.Id);
        var state = new ServerState(server.Id, before is null ? 1 : before.State.Incarnation + 1);
        var watch = new ServerWatch(server, state, _options, _time, Observed, _log);
        _members.Add(new Member(server, state, watch, found));
        Log.Joined(_log, server.Id.Name, reason);
        watch.Start();
    }

    void Observed(ServerWatch watch, Observation observation) => Post(() =>
    {
        if (_members.Find(member => ReferenceEquals(member.Watch, watch)) is not { } member) return;
        if (member.Take(observation) is { } why) Log.NewIncarnation(_log, member.Server.Id.Name, member.State.Incarnation, why);
        Decide();
    });

    void Decide()
    {
        var now = _time.Now();
        var before = _view.Current;
        var primary = before.Primary?.State.Timeline;
        if (primary?.Latest is { } head) _lags.Record(head);
        var view = Discovery.Decide([.. _members.Select(member => member.Sighting(LagOf(member, now)))], before);
        var sameButLag = Discovery.Same(Lagless(before), Lagless(view));
        if (!sameButLag || now - _publishedAt >= _options.ProbeEvery && !Discovery.Same(before, view))
        {
            _publishedAt = now;
            view = view with { Version = before.Version + 1 };
            if (!sameButLag) Tell(before, view);
            _view.Publish(view);
        }
        foreach (var member in _members)
            member.Watch.Assign(new Assignment(
                member.State, ReferenceEquals(member.State, view.Primary?.State) ? ServerRole.Primary : ServerRole.Replica, member.Facts, member.ConfirmedAt,
                member.Failure is null && member.Facts is not null));
        if (_options.JoinFound && view.Primary is null) JoinSources();
    }

    TimeSpan? LagOf(Member member, Instant now)
    {
        var primary = _view.Current.LastPrimary;
        if (primary is null || ReferenceEquals(member.State, primary)) return null;
        // In whole milliseconds: nobody decides on less, and a view is not replaced for less.
        return _lags.Lag(member.State.Timeline, primary.Timeline, now) is { } lag ? TimeSpan.FromMilliseconds(Math.Ceiling(lag.TotalMilliseconds)) : null;
    }

    static ClusterView Lagless(ClusterView view) => view with { Servers = [.. view.Servers.Select(static server => server with { Lag = null })] };

    void Tell(ClusterView before, ClusterView view)
    {
        foreach (var server in view.Servers)
        {
            var known = before.Servers.FirstOrDefault(other => other.Id == server.Id);
            if (known is not null && known.Role == server.Role && known.Health == server.Health && known.Reason == server.Reason) continue;
            if (server.Health == ServerHealth.Unknown) continue;
            if (server.Health == ServerHealth.Up) Log.ServerIs(_log, server.Id.Name, server.Role.ToString(), server.Health.ToString(), server.Reason);
            else Log.ServerIsOut(_log, server.Id.Name, server.Health.ToString(), (known?.Health ?? ServerHealth.Unknown).ToString(), server.Reason);
        }
        if (view.Primary is null)
        {
            if (before.Primary is not null || before.Reason != view.Reason) Log.NoPrimary(_log, view.Cluster, view.Reason);
        }
        else if (!ReferenceEquals(view.Primary.State, before.Primary?.State))
        {
            Log.PrimaryIs(_log, view.Cluster, view.Epoch.Number, view.Primary.Id.Name, view.Reason);
        }
    }

    void DoWhatIsDue()
    {
        var now = _time.Now();
        if (!_accountsAsked && (now - _accountsAt >= _options.AccountsEvery || _accounts.Current.All.IsEmpty && now - _accountsAt >= _options.ProbeEvery)) ReadAccounts();
        var unread = _catalogue.Current.IsUnknown;
        if (!_catalogueAsked && now - _catalogueAt >= (unread || _catalogueDue ? RefreshAtMostEvery : _options.CatalogueEvery)) ReadCatalogue(now);
        if (_options.JoinFound && now - _followersAt >= FollowersEvery) LookForFollowers(now);
    }

    void ReadAccounts()
    {
        if (_accountsAsked || Answering() is not { } member) return;
        _accountsAsked = true;
        _accountsAt = _time.Now();
        Accounts? read = null;
        Ask(member, async (connection, ct) => read = await AccountsReader.ReadAsync(connection, ct), failure =>
        {
            _accountsAsked = false;
            if (failure is not null)
            {
                if (!_accountsComplained) Log.AccountsNotLearnt(_log, member.Server.Id.Name, failure.Message);
                _accountsComplained = true;
            }
            else if (!AccountsReader.Same(_accounts.Current, read!))
            {
                _accountsComplained = false;
                _accounts.Publish(read!);
                Log.AccountsLearnt(_log, read!.All.Length, member.Server.Id.Name);
            }
        });
    }

    void ReadCatalogue(Instant now)
    {
        if (Answering() is not { } member) return;
        (_catalogueAsked, _catalogueDue, _catalogueAt) = (true, false, now);
        Catalogue? read = null;
        Ask(member, async (connection, ct) => read = await _catalogueReader.ReadAsync(connection, ct), failure =>
        {
            _catalogueAsked = false;
            if (failure is not null) Log.CatalogueNotLearnt(_log, member.Server.Id.Name, failure.Message);
            else if (read is not null)
            {
                _catalogue.Publish(read);
                Log.CatalogueLearnt(_log, member.Server.Id.Name, read.Routines.Count, read.ImpureViews.Count);
            }
        });
    }

    void LookForFollowers(Instant now)
    {
        _followersAt = now;
        if (_view.Current.Primary is not { } primary || _members.Find(m => ReferenceEquals(m.State, primary.State)) is not { } member) return;
        var followers = System.Collections.Immutable.ImmutableArray<Follower>.Empty;
        Ask(member, async (connection, ct) => followers = await Probe.FollowersAsync(connection, ct), _ =>
        {
            foreach (var follower in followers)
                JoinIfNew(new ServerAddress(follower.Host, follower.Port), follower.Number, $"it has registered with {member.Server.Id} as a replica");
        });
    }

    // Only while there is no primary, and only from servers that are read-only: a primary may well follow another cluster.
    void JoinSources()
    {
        foreach (var member in _members.ToList())
            if (member is { Failure: null, Facts: { ReadOnly: true } facts })
                foreach (var link in facts.Links)
                    JoinIfNew(new ServerAddress(link.Host, link.Port), link.SourceNumber, $"{member.Server.Id} replicates from it");
    }

    void JoinIfNew(ServerAddress address, uint number, string reason)
    {
        if (address.Host.Length == 0 || _members.Any(m => m.Facts is null || number != 0 && m.Facts.Number == number || Same(m.Server.Address, address))) return;
        Join(new WatchedServer(new ServerId(address.ToString()), address), found: true, reason);
    }

    static bool Same(ServerAddress a, ServerAddress b) => a.Port == b.Port && string.Equals(a.Host, b.Host, StringComparison.OrdinalIgnoreCase);

    Member? Answering() =>
        _members.Find(member => member.Failure is null && ReferenceEquals(member.State, _view.Current.Primary?.State))
        ?? _members.Find(static member => member is { Failure: null, Facts: not null });

    void Ask(Member member, Func<Servers.ServerConnection, CancellationToken, Task> errand, Action<Exception?> then) =>
        _ = member.Watch.AskAsync(errand).ContinueWith(done => Post(() => then(done.Exception?.InnerException)), TaskScheduler.Default);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running;
        _end.Dispose();
    }
}
