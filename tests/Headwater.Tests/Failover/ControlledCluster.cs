using System.Globalization;
using Headwater.Core;
using Headwater.Core.Failover;
using Headwater.Core.Positions;
using Headwater.Core.Rebuild;
using Headwater.Core.Topology;

namespace Headwater.Tests.Failover;

/// <summary>A cluster under a controller, told round by round: set what servers are, let time pass, read what is decided.</summary>
sealed class ControlledCluster
{
    public sealed class Server(string name, uint number)
    {
        public WatchedServer Watched = new(new ServerId(name), new ServerAddress(name, 3306));
        public uint Number = number, Domain;
        public ProbeOutcome Outcome = ProbeOutcome.Answered;
        public bool ReadOnly, LogsReplicated = true, Unreached;

        /// <summary>Half of a copy is on it.</summary>
        public bool Marked;
        public string? Follows;
        public LinkState Receiving = LinkState.Running;
        public bool Applying = true;
        public string Error = "";
        public string Log = "0-1-100";
        public string? State;
        public string Received = "";
        public long Heartbeats;
        public bool Waits, Acknowledges, Acknowledging;
        public int Acknowledgers, WaitingCommits, Committing;
        public bool DiskFull;
        public long Unacknowledged;
        public Instant StartedAt = new(-TimeSpan.TicksPerHour);
    }

    readonly List<Server> _servers = [];
    ClusterView _view = new() { Cluster = "shop" };
    public Instant Now = new(TimeSpan.TicksPerMinute * 17);
    public ControlPolicy Policy = new();
    public ControlState State = new();
    public Decision Last = null!;
    public int OpenWrites;

    /// <summary>Who has been looked at; empty: all.</summary>
    public string[] Seen = [];
    public ClusterView View => _view;

    /// <summary>db1 the primary, db2 and db3 its acknowledging replicas, looked at once.</summary>
    public static ControlledCluster Three(LossPromise promise = LossPromise.Zero)
    {
        var cluster = new ControlledCluster { Policy = new ControlPolicy { Promise = promise } };
        cluster._servers.Add(new Server("db1", 1) { Waits = true, Acknowledgers = 2 });
        foreach (var number in (uint[])[2, 3])
            cluster._servers.Add(new Server(string.Create(CultureInfo.InvariantCulture, $"db{number}"), number) { ReadOnly = true, Follows = "db1", Received = "0-1-100", Acknowledges = true, Acknowledging = true });
        cluster.Pass(2_000);
        return cluster;
    }

    /// <summary>Each follows the one before it and writes in a domain of its own; looked at once.</summary>
    public static ControlledCluster Ring(int members)
    {
        var cluster = new ControlledCluster { Policy = new ControlPolicy { Promise = LossPromise.BestEffort, IsRing = true } };
        string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"db{number}");
        var all = string.Join(',', Enumerable.Range(1, members).Select(static number => string.Create(CultureInfo.InvariantCulture, $"{number}-{number}-100")));
        for (var number = 1; number <= members; number++)
            cluster._servers.Add(new Server(Name(number), (uint)number) { Domain = (uint)number, Follows = Name(number == 1 ? members : number - 1), Log = all, Received = all });
        cluster.Pass(2_000);
        return cluster;
    }

    public Server this[string name] => _servers.First(server => server.Watched.Id.Name == name);

    public Change? Change => State.Record.Change;
    public string? Primary => State.Record.Primary?.Name;
    public string Acknowledgers => string.Join(' ', State.Record.Acknowledgers.Select(static id => id.Name).Order(StringComparer.Ordinal));

    /// <summary>Effects as <c>Kind server</c>, with the source where there is one.</summary>
    public string Effects => string.Join(", ", Last.Effects.Select(static effect => $"{effect.Kind} {effect.Server}{(effect.Source is { } source ? $" from {source}" : "")}{(effect.Role != ServerRole.Unknown ? $" as {effect.Role}" : "")}"));
    public string Finding(string rule) => Last.Findings.FirstOrDefault(finding => finding.Rule == rule)?.Sentence ?? "";

    /// <summary>Looks each 250 ms for so long; replicas hear their source while it answers.</summary>
    public ControlledCluster Pass(int milliseconds = 250)
    {
        for (var passed = 0; passed < milliseconds; passed += 250) Round();
        return this;
    }

    /// <summary>Until something is decided or asked for; at most so long.</summary>
    public ControlledCluster Until(Func<ControlledCluster, bool> seen, int milliseconds = 10_000)
    {
        for (var passed = 0; passed < milliseconds; passed += 250)
        {
            Round();
            if (seen(this)) return this;
        }
        Assert.Fail($"not seen within {milliseconds} ms; {Effects}; {string.Join("; ", Last.Findings.Select(static finding => finding.Sentence))}");
        return this;
    }

    void Round()
    {
        Now += TimeSpan.FromMilliseconds(250);
        foreach (var server in _servers)
            if (server.Follows is { } source && server.Receiving == LinkState.Running && this[source].Outcome == ProbeOutcome.Answered) server.Heartbeats++;
        var options = new DiscoveryOptions { Cluster = "shop", IsRing = Policy.IsRing, Appointed = State.Record.Primary is null ? null : State.Record.Appointment(Controller.Closed(State.Record)) };
        _view = Discovery.Decide([.. _servers.Where(server => Seen.Length == 0 || Seen.Contains(server.Watched.Id.Name)).Select(Probe)], _view, options, Now);
        Last = Controller.Decide(State, _view, Policy, OpenWrites, Now);
        State = Last.Next;
    }

    /// <summary>The controller dies, and another begins with the journal.</summary>
    public void LoseController()
    {
        State = new ControlState { Record = State.Record };
        _view = new ClusterView { Cluster = "shop" };
    }

    Observation Probe(Server server)
    {
        // The primary is looked at first, the replicas after it.
        var asked = Now - TimeSpan.FromMilliseconds(server.Follows is null ? 9 : 4);
        var answered = asked + TimeSpan.FromMilliseconds(3);
        if (server.Outcome != ProbeOutcome.Answered) return new Observation { Server = server.Watched, AskedAt = asked, AnsweredAt = answered, Outcome = server.Outcome };
        return new Observation
        {
            Server = server.Watched,
            AskedAt = asked,
            AnsweredAt = answered,
            Number = server.Number,
            Domain = server.Domain,
            ReadOnly = server.ReadOnly,
            LogsReplicated = server.LogsReplicated,
            Uptime = Now - server.StartedAt,
            BinlogPosition = At(server.Log),
            SlavePosition = server.Marked ? RebuildMark.For(At("0-1-100")) : server.Follows is null ? Position.Empty : At(server.Log),
            BinlogState = [.. (server.State ?? server.Log).Split(',', StringSplitOptions.RemoveEmptyEntries).Select(At).Select(static position => position[0])],
            Links = server.Follows is null ? [] : [new ReplicationLink { SourceHost = server.Follows, SourcePort = 3306, SourceNumber = this[server.Follows].Number, Receiving = server.Receiving, Received = At(server.Received), Heartbeats = server.Heartbeats, Applying = server.Applying, Error = server.Error, Unreached = server.Unreached }],
            Committing = server.Committing,
            DiskFull = server.DiskFull,
            SemiSync = new SemiSync { Waits = server.Waits, WaitingCommits = server.WaitingCommits, Waiting = server.Waits, Acknowledgers = server.Acknowledgers, Unacknowledged = server.Unacknowledged, Acknowledges = server.Acknowledges, Acknowledging = server.Acknowledging },
        };
    }

    static Position At(string text) => Position.TryParse(text, out var position) ? position : throw new ArgumentException(text);
}
