using Headwater.Core.Positions;
using Headwater.Core.Topology;
using Xunit;

namespace Headwater.Tests.Topology;

/// <summary>Servers that replicate in a ring, as probes see them.</summary>
public class RingTests
{
    static ProbedCluster Three(string zone = "")
    {
        var cluster = new ProbedCluster();
        foreach (var (name, number, source) in ((string, uint, string)[])[("db1", 1, "db3"), ("db2", 2, "db1"), ("db3", 3, "db2")])
        {
            var server = cluster.Add(name, number, source);
            (server.ReadOnly, server.Domain, server.Log, server.Applied) = (false, number, "1-1-100,2-2-50,3-3-20", "1-1-100,2-2-50,3-3-20");
            server.Watched = server.Watched with { Zone = $"zone{number}" };
        }
        cluster.Options = cluster.Options with { Zone = zone };
        cluster.Round();
        cluster.Round();
        return cluster;
    }

    [Fact]
    public void Two_looks_of_different_times_are_no_ring()
    {
        var cluster = new ProbedCluster();
        cluster.Add("db1", 1);
        cluster.Add("db2", 2, "db1").ReadOnly = false; // a replica that nobody has made read_only
        cluster.Round();
        // Others hand over from db1 to db2, and we have not looked at db2 since.
        cluster["db1"].Follows = "db2";
        cluster.Round();
        Assert.Equal("db1 db2", string.Join(' ', cluster.View.Ring));
        Assert.Null(cluster.View.Primary);
        cluster["db2"].Follows = null;
        Assert.Equal("db2", cluster.Round().Primary?.Id.Name);
        Assert.Empty(cluster.View.Ring);
    }

    [Fact]
    public void Where_a_controller_keeps_a_tree_no_ring_is_written_to()
    {
        var cluster = Three();
        cluster.View = new ClusterView { Cluster = "shop" };
        // Also one that was a ring before: what its members wrote in domains of their own is a tail like any other now.
        cluster.Options = cluster.Options with { IsRing = false, Appointed = new Appointment(null, new Epoch(1), null) { RingWriters = [new CoWriter(2, 2)] } };
        cluster.Round();
        cluster.Round();
        Assert.Equal("db1 db2 db3", string.Join(' ', cluster.View.Ring));
        Assert.Null(cluster.View.Primary);
        Assert.Empty(cluster.View.CoWriters);
        Assert.Empty(cluster.View.RingWriters);
    }

    static string Health(ProbedCluster cluster) => string.Join(' ', cluster.View.Servers.Select(static server => server.Health));

    [Theory]
    [InlineData("", "db1")]
    [InlineData("zone2", "db2")]
    public void One_member_is_the_primary_that_of_the_gateway_s_own_zone_first(string zone, string primary)
    {
        var cluster = Three(zone);
        Assert.Equal(primary, cluster.View.Primary?.Id.Name);
        Assert.Equal("db1 db2 db3", string.Join(' ', cluster.View.Ring));
        Assert.Equal(2, cluster.View.CoWriters.Length);
    }

    [Fact]
    public void Members_that_are_only_read_are_copies_like_others_and_what_comes_by_a_writer_is_not_read()
    {
        var cluster = Three();
        Assert.Equal("Up Draining Draining", Health(cluster));
        cluster["db2"].ReadOnly = cluster["db3"].ReadOnly = true;
        cluster.Round();
        Assert.Equal("Up Up Up", Health(cluster));
        cluster["db2"].ReadOnly = false;
        Assert.Equal("db2 can be written to as well, in domain 2, and the primary has that later", cluster.Round().Servers[2].Reason);
        cluster["db2"].ReadOnly = true;
        cluster["db3"].ReadOnly = false;
        cluster.Round();
        Assert.Equal("Up Up Draining", Health(cluster));
    }

    [Fact]
    public void What_another_member_writes_in_its_own_domain_is_no_other_history_and_in_the_primary_s_it_is()
    {
        var cluster = Three();
        Assert.False(Lineage.IsForeign(cluster.View, ProbedCluster.Position("2-2-51"), out _));
        Assert.True(Lineage.IsForeign(cluster.View, ProbedCluster.Position("1-2-101"), out _));
        // Nobody waits for what only a dead one has.
        (cluster["db2"].Outcome, cluster["db2"].Failure) = (ProbeOutcome.Closed, "refused");
        cluster.Round();
        Assert.True(Lineage.IsForeign(cluster.View, ProbedCluster.Position("2-2-51"), out _));
    }

    [Fact]
    public void The_primary_stays_while_it_can_be_written_to_and_another_member_that_can_takes_over_when_not()
    {
        var cluster = Three();
        cluster["db1"].Outcome = ProbeOutcome.Silent;
        Assert.Equal("db1", cluster.Round().Primary?.Id.Name);
        cluster["db1"].Outcome = ProbeOutcome.Closed;
        cluster["db2"].Receiving = LinkState.Connecting;
        Assert.Equal("db2", cluster.Round(2_000).Primary?.Id.Name);
        Assert.Equal(2, cluster.View.Epoch.Number);
        (cluster["db1"].Outcome, cluster["db2"].Receiving) = (ProbeOutcome.Answered, LinkState.Running);
        Assert.Equal("db2", cluster.Round().Primary?.Id.Name);
    }

    [Fact]
    public void One_that_is_not_written_to_any_more_is_read_when_the_primary_has_all_of_its_own()
    {
        var cluster = Three();
        cluster["db2"].ReadOnly = cluster["db3"].ReadOnly = true;
        cluster["db2"].Log = cluster["db2"].State = "1-1-100,2-2-150,3-3-20";
        Assert.Equal("it was written to as well, in domain 2, and the primary has that later", cluster.Round().Servers[1].Reason);
        Assert.Equal("Up Draining Draining", Health(cluster));
        cluster["db1"].Log = cluster["db1"].Applied = "1-1-100,2-2-150,3-3-20";
        cluster.Round();
        Assert.Equal("Up Up Up", Health(cluster));
    }

    [Fact]
    public void A_replica_of_a_member_that_is_written_to_is_not_read_either()
    {
        var cluster = Three();
        cluster.Add("db4", 4, "db2").Applied = "1-1-100,2-2-50,3-3-20";
        cluster.Round();
        Assert.Equal("db2 can be written to as well, in domain 2, and the primary has that later", cluster.Round().Servers[3].Reason);
    }

    [Fact]
    public void A_primary_that_its_members_still_hear_is_not_replaced()
    {
        var cluster = Three();
        cluster["db1"].Outcome = ProbeOutcome.Closed;
        cluster.Round(2_000);
        Assert.Null(cluster.View.Primary);
        Assert.EndsWith("db2 of its ring still receives from it", cluster.View.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_ring_that_is_closed_around_one_that_died_keeps_its_primary()
    {
        var cluster = Three("zone2");
        cluster["db3"].Outcome = ProbeOutcome.Closed;
        cluster["db1"].Follows = "db2";
        cluster.Round(2_000);
        Assert.Equal(("db2", 1), (cluster.View.Primary?.Id.Name, (int)cluster.View.Epoch.Number));
    }

    [Fact]
    public void Two_that_write_in_one_domain_are_named()
    {
        var cluster = Three();
        cluster["db3"].Domain = 1;
        cluster.Round();
        Assert.EndsWith("db1 and db3 write in the same domain, 1, where their transactions get the same numbers: each needs a gtid_domain_id of its own", cluster.View.Reason, StringComparison.Ordinal);
        Assert.Single(cluster.View.CoWriters);
    }
}
