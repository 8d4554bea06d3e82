using Headwater.Core;
using Headwater.Core.Positions;
using Headwater.Core.Topology;
using Xunit;

namespace Headwater.Tests.Http;

static class Views
{
    /// <summary>A primary at 0-1-110, a replica 10 behind, and one whose replication has stopped.</summary>
    public static ClusterView OfThree()
    {
        var primary = Server("db1", ServerRole.Primary, "0-1-110") with { Capabilities = new ServerCapabilities { Version = "10.11.9-MariaDB" } };
        var replica = Server("db2", ServerRole.Replica, "0-1-100") with { Replicating = true, Lag = TimeSpan.FromMilliseconds(40), Tags = ServerTags.Analytics | ServerTags.Delayed };
        var stopped = Server("db3", ServerRole.Replica, "0-1-90") with { Health = ServerHealth.Draining, Reason = "replication is stopped" };
        return new ClusterView { Cluster = "shop", Epoch = new Epoch(2), Version = 9, Servers = [primary, replica, stopped], Primary = primary, Reason = "db1 is writable" };
    }

    public static ServerView Server(string name, ServerRole role, string position)
    {
        var state = new ServerState(new ServerId(name), 1);
        Assert.True(Position.TryParse(System.Text.Encoding.ASCII.GetBytes(position), out var applied));
        state.Timeline.Add(new PositionSample(Instant.Zero, Instant.Zero, applied));
        return new ServerView { State = state, Address = new ServerAddress("10.0.0." + name[2..], 3306), Role = role, Health = ServerHealth.Up };
    }
}
