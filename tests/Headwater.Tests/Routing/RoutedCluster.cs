using System.Text;
using Headwater.Core;
using Headwater.Core.Positions;
using Headwater.Core.Routing;
using Headwater.Core.Topology;
using Headwater.Tests.Consumers;

namespace Headwater.Tests.Routing;

/// <summary>A cluster of db1 (primary), db2 and db3 with a clock of milliseconds, and one session whose reads are told.</summary>
sealed class RoutedCluster
{
    readonly StringBuilder _story = new();
    public Instant Now = new(TimeSpan.TicksPerHour);
    public ClusterView View;
    public SessionPosition Session;
    public RoutingPolicy Policy = RoutingPolicy.Default;
    public ServerLoad[] Load;
    public ulong Chance = 1UL << 60;

    public RoutedCluster(int replicas = 2)
    {
        var servers = Enumerable.Range(1, replicas + 1).Select(i => new ServerView
        {
            State = new ServerState(new ServerId($"db{i}"), 1),
            Address = new ServerAddress($"db{i}", 3306),
            Role = i == 1 ? ServerRole.Primary : ServerRole.Replica,
            Health = ServerHealth.Up,
            Number = (uint)i,
        }).ToArray();
        View = new ClusterView { Cluster = "shop", Epoch = new Epoch(1), Version = 1, Servers = [.. servers], Primary = servers[0] };
        Load = new ServerLoad[servers.Length];
    }

    public string Story => _story.ToString();
    public ServerState State(int number) => View.Servers[number - 1].State;

    public RoutedCluster Tell(string what)
    {
        _story.Append("# ").AppendLine(what);
        return this;
    }

    public RoutedCluster Pass(double milliseconds)
    {
        Now += TimeSpan.FromMilliseconds(milliseconds);
        _story.Append("      ").Append(milliseconds).AppendLine(" ms pass");
        return this;
    }

    /// <summary>A sample of db-number, asked and answered now; the primary shows what it has logged unless told.</summary>
    public RoutedCluster Sample(int number, string position, string? logged = null)
    {
        State(number).Advance(new PositionSample(Now, Now, Of(position)) { Logged = Of(logged ?? position) });
        _story.Append("      db").Append(number).Append(" shows ").Append(position).AppendLine(logged is null ? "" : $", has logged {logged}");
        return this;
    }

    public RoutedCluster Write(string gtid)
    {
        Session.AfterWrite(Of(gtid)[0], View.Primary!.State);
        _story.Append("write ").AppendLine(gtid);
        return this;
    }

    public RoutedCluster Change(int number, Func<ServerView, ServerView> change)
    {
        var servers = View.Servers.SetItem(number - 1, change(View.Servers[number - 1]));
        View = View with { Servers = servers, Version = View.Version + 1, Primary = servers.FirstOrDefault(s => s.Role == ServerRole.Primary && s.Health == ServerHealth.Up) };
        return this;
    }

    /// <summary>The log as this process knows it, and the statement that reads next by it; without one a read has no scope.</summary>
    public FoldedLog? Log;
    public string Sql = "";

    /// <summary>The log comes, and says that these rows of <c>t</c> have changed.</summary>
    public RoutedCluster Comes(string gtid, params long[] ids)
    {
        Log!.Take(Of(gtid)[0], ids);
        _story.Append("      the log comes to ").Append(gtid).AppendLine(ids.Length == 0 ? "" : $", which changes {string.Join(", ", ids)}");
        return this;
    }

    public RoutedCluster Asks(string sql)
    {
        Sql = sql;
        _story.AppendLine(sql);
        return this;
    }

    public Route Ask(string level, Instant arrivedAt = default)
    {
        if (!Level.TryParse(level, out var asked, out var error)) throw new ArgumentException(error);
        var scope = Log is { } log && Sql.Length > 0 ? log.Scope(Sql) : ReadScope.None;
        return Router.ForRead(View, ref Session, asked, Policy, Load, Chance, Now, arrivedAt, in scope);
    }

    /// <summary>Asks, tells the route, and if there is a server reads there; the read takes half a millisecond.</summary>
    public Route Read(string level, Instant arrivedAt = default)
    {
        var route = Ask(level, arrivedAt);
        _story.Append("read ").Append(level).Append(": ");
        _story.AppendLine(route.Kind switch
        {
            RouteKind.Server => route.Server!.Id.Name,
            RouteKind.Wait => $"wait for {route.Server!.Id.Name}, at most {(route.Until - Now).TotalMilliseconds:0} ms",
            RouteKind.Hold => $"hold, at most {(route.Until - Now).TotalMilliseconds:0} ms",
            _ => "refuse",
        });
        _story.Append("      ").AppendLine(RouteReasons.Sentence(in route));
        if (route.Kind == RouteKind.Server)
        {
            Now += TimeSpan.FromMilliseconds(0.5);
            Session.AfterRead(route.Server!.State, route.Server.Role == ServerRole.Primary, Now);
        }
        return route;
    }

    public static Position Of(string text) => Topology.ProbedCluster.Position(text);
}
