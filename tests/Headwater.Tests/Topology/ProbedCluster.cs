using System.Text;
using Headwater.Core;
using Headwater.Core.Positions;
using Headwater.Core.Topology;

namespace Headwater.Tests.Topology;

/// <summary>A cluster as probes see it, told round by round: set what servers are, let a round pass, read the view.</summary>
sealed class ProbedCluster
{
    public sealed class Server(string name, uint number)
    {
        public WatchedServer Watched = new(new ServerId(name), new ServerAddress(name, 3306));
        public uint Number = number, Domain;
        public bool ReadOnly;
        public string? Follows;
        public LinkState Receiving = LinkState.Running;
        public bool Applying = true;
        public string Error = "";
        public ProbeOutcome Outcome = ProbeOutcome.Answered;
        public string Failure = "";
        public string Log = "0-1-100";
        public string Applied = "";
        public string? State;
        public Instant StartedAt = new(-TimeSpan.TicksPerHour);
        public bool NewConnection;
    }

    readonly List<Server> _servers = [];
    readonly StringBuilder _story = new();
    public Instant Now = new(TimeSpan.TicksPerMinute * 17);
    public ClusterView View = new() { Cluster = "shop" };
    public DiscoveryOptions Options = new() { Cluster = "shop" };

    public string Story => _story.ToString();

    public Server Add(string name, uint number, string? follows = null)
    {
        var server = new Server(name, number) { Follows = follows, ReadOnly = follows is not null, Applied = follows is null ? "" : "0-1-100" };
        _servers.Add(server);
        return server;
    }

    public Server this[string name] => _servers.First(s => s.Watched.Id.Name == name);

    public ClusterView Round(int milliseconds = 250)
    {
        Now += TimeSpan.FromMilliseconds(milliseconds);
        var observations = _servers.Select(Probe).ToList();
        View = Discovery.Decide(observations, View, Options, Now);
        foreach (var server in _servers) server.NewConnection = false;
        return View;
    }

    /// <summary>A round that is told: what happened, and what the view says after it.</summary>
    public ClusterView Tell(string happened, int milliseconds = 250)
    {
        Round(milliseconds);
        _story.Append("## ").Append(happened).Append(milliseconds == 250 ? "" : $" ({milliseconds} ms later)").AppendLine();
        _story.Append("   primary ").Append(View.Primary?.Id.Name ?? "none").Append(", epoch ").Append(View.Epoch).Append(": ").Append(View.Reason).AppendLine();
        foreach (var server in View.Servers)
            _story.Append("   ").Append(server.Id).Append(' ').Append(server.Role).Append(' ').Append(server.Health)
                .Append(server.State.Incarnation > 1 ? $" (incarnation {server.State.Incarnation})" : "")
                .Append(server.Lag is { } lag && server.Role == ServerRole.Replica ? $" lag {lag.TotalMilliseconds:0} ms" : "")
                .Append(": ").Append(server.Reason).AppendLine();
        _story.AppendLine();
        return View;
    }

    Observation Probe(Server server) => server.Outcome != ProbeOutcome.Answered
        ? new Observation { Server = server.Watched, AskedAt = Now, AnsweredAt = Now, Outcome = server.Outcome, Failure = server.Failure }
        : new Observation
        {
            Server = server.Watched,
            AskedAt = Now - TimeSpan.FromMilliseconds(1),
            AnsweredAt = Now,
            Number = server.Number,
            Domain = server.Domain,
            ReadOnly = server.ReadOnly,
            Uptime = Now - server.StartedAt,
            NewConnection = server.NewConnection,
            BinlogPosition = Position(server.Log),
            SlavePosition = Position(server.Applied),
            BinlogState = [.. Gtids(server.State ?? server.Log)],
            Links = server.Follows is null ? [] : [new ReplicationLink
            {
                SourceHost = server.Follows, SourcePort = 3306,
                SourceNumber = _servers.FirstOrDefault(s => s.Watched.Id.Name == server.Follows)?.Number ?? 99,
                Receiving = server.Receiving, Applying = server.Applying, Error = server.Error,
            }],
        };

    static IEnumerable<Gtid> Gtids(string text)
    {
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
            if (Gtid.TryParse(Encoding.ASCII.GetBytes(part), out var gtid)) yield return gtid;
    }

    public static Position Position(string text) =>
        Headwater.Core.Positions.Position.TryParse(text, out var position) ? position : throw new ArgumentException(text);
}
