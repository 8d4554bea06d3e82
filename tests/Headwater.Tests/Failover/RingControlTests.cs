using Headwater.Core.Failover;
using Headwater.Core.Topology;
using Xunit;

namespace Headwater.Tests.Failover;

/// <summary>How a ring is kept, rule by rule; on real servers it is in Failover/RingTests of the integration tests.</summary>
public class RingControlTests
{
    static void Gone(ControlledCluster cluster, string name, string follower)
    {
        cluster[name].Outcome = ProbeOutcome.Closed;
        cluster[follower].Receiving = LinkState.Connecting;
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void A_ring_that_is_whole_is_left_alone(int members)
    {
        var cluster = ControlledCluster.Ring(members);
        Assert.Equal("db1", cluster.Primary);
        Assert.Equal("", cluster.Pass(2_000).Effects);
    }

    [Fact]
    public void It_is_closed_around_a_member_that_is_gone_and_not_for_a_glitch()
    {
        var cluster = ControlledCluster.Ring(3);
        Gone(cluster, "db3", "db1");
        Assert.Equal("", cluster.Pass(750).Effects);
        Assert.Equal("Follow db1 from db2", cluster.Until(static c => c.Effects.Length > 0).Effects);
        Assert.Equal("db1 follows db3; in its ring it comes after db2", cluster.Finding("ring-open"));
    }

    [Fact]
    public void What_was_received_is_applied_before_another_is_followed()
    {
        var cluster = ControlledCluster.Ring(3);
        cluster["db1"].Received = "1-1-100,2-2-100,3-3-104";
        Gone(cluster, "db3", "db1");
        cluster.Until(static c => c.Finding("ring-open").Length > 0);
        Assert.Equal("", cluster.Effects);
        cluster["db1"].Log = "1-1-100,2-2-100,3-3-104";
        Assert.Equal("Follow db1 from db2", cluster.Pass().Effects);
    }

    [Fact]
    public void Who_is_back_is_followed_again_once_it_has_caught_up()
    {
        var cluster = ControlledCluster.Ring(3);
        cluster["db3"].Outcome = ProbeOutcome.Closed;
        cluster["db1"].Follows = "db2";
        cluster.Pass(3_000);
        Assert.Equal("", cluster.Effects);
        cluster["db1"].Log = cluster["db1"].Received = cluster["db2"].Log = cluster["db2"].Received = "1-1-100,2-2-100,3-3-100,9-9-3000";
        (cluster["db3"].Outcome, cluster["db3"].Log) = (ProbeOutcome.Answered, "1-1-100,2-2-100,3-3-100,9-9-1");
        Assert.Equal("", cluster.Pass().Effects);
        Assert.Equal("db1 follows db2 until db3 has caught up; that is 2999 transactions behind", cluster.Finding("ring-waits"));
        cluster["db3"].Log = "1-1-100,2-2-100,3-3-100,9-9-2500";
        Assert.Equal("StopReceiving db1", cluster.Pass().Effects);
        cluster["db1"].Receiving = LinkState.Stopped;
        cluster["db3"].Log = "1-1-100,2-2-100,3-3-100,9-9-3000";
        Assert.Equal("Follow db1 from db3", cluster.Pass().Effects);
    }

    [Fact]
    public void A_dead_primary_s_writes_move_to_a_member_that_need_not_have_what_others_go_on_writing()
    {
        var cluster = ControlledCluster.Ring(3);
        Gone(cluster, "db1", "db2");
        cluster.Until(static c => c.Change is { Step: ChangeStep.Fencing });
        cluster["db2"].Receiving = LinkState.Stopped;
        for (var written = 101; cluster.Change is { Step: not ChangeStep.Promoting } && written < 120; written++)
        {
            cluster["db3"].Log = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"1-1-100,2-2-100,3-3-{written}");
            cluster.Pass();
        }
        Assert.Equal("db2", cluster.Primary);
        Assert.Equal("1-1-100", cluster.State.Record.AppointedAt.ToString());
        cluster["db2"].Follows = null;
        Assert.Equal("Follow db2 from db3", cluster.Until(static c => c.Change is null).Pass().Effects);
    }

    [Fact]
    public void A_controller_that_never_met_the_dead_primary_replaces_it_all_the_same()
    {
        var cluster = ControlledCluster.Ring(3);
        foreach (var name in (string[])["db1", "db2", "db3"]) cluster[name].Log = cluster[name].Received = "1-1-100,2-2-150,3-3-140";
        Gone(cluster, "db1", "db2");
        cluster.LoseController();
        cluster.Until(static c => c.Change is { Step: ChangeStep.Fencing });
        cluster["db2"].Receiving = LinkState.Stopped;
        cluster.Until(static c => c.Primary == "db2");
    }

    [Fact]
    public void What_a_dead_member_wrote_makes_nobody_a_stranger()
    {
        var cluster = ControlledCluster.Ring(3);
        foreach (var name in (string[])["db1", "db2", "db3"]) cluster[name].Log = cluster[name].Received = "1-1-100,2-2-150,3-3-140";
        cluster.Pass();
        Gone(cluster, "db2", "db3");
        cluster["db3"].Follows = "db1";
        cluster["db3"].Receiving = LinkState.Running;
        cluster.Pass(3_000);
        Gone(cluster, "db1", "db3");
        cluster.Until(static c => c.Change is { Step: ChangeStep.Fencing });
        cluster["db3"].Receiving = LinkState.Stopped;
        cluster.Until(static c => c.Primary == "db3");
    }

    [Fact]
    public void One_in_maintenance_keeps_its_place_and_is_left_alone()
    {
        var cluster = ControlledCluster.Ring(3);
        cluster.State = cluster.State with { Record = cluster.State.Record with { InMaintenance = [new ServerId("db1"), new ServerId("db3")] } };
        cluster["db3"].Receiving = LinkState.Stopped;
        Assert.Equal("", cluster.Pass(3_000).Effects);
    }

    [Fact]
    public void Whom_only_we_do_not_reach_keeps_its_place()
    {
        var cluster = ControlledCluster.Ring(3);
        cluster["db2"].Outcome = ProbeOutcome.Unreachable; // and db3 still hears it
        for (var i = 0; i < 20; i++)
        {
            cluster["db3"].Heartbeats++;
            Assert.Equal("", cluster.Pass().Effects);
        }
    }

    [Fact]
    public void Nobody_stands_still_for_a_member_that_does_not_catch_up()
    {
        var cluster = ControlledCluster.Ring(3);
        cluster["db3"].Outcome = ProbeOutcome.Closed;
        cluster["db1"].Follows = "db2";
        cluster.Pass(3_000);
        cluster["db1"].Log = cluster["db1"].Received = cluster["db2"].Log = cluster["db2"].Received = "1-1-100,2-2-600,3-3-100";
        (cluster["db3"].Outcome, cluster["db3"].Log) = (ProbeOutcome.Answered, "1-1-100,2-2-100,3-3-100");
        Assert.Equal("StopReceiving db1", cluster.Pass().Effects);
        cluster["db1"].Receiving = LinkState.Stopped;
        (cluster["db3"].Applying, cluster["db3"].Error) = (false, "Duplicate entry '7' for key 'PRIMARY'");
        Assert.Equal("StartReplication db1", cluster.Pass().Effects);
    }

    [Fact]
    public void A_member_that_cannot_apply_is_told_and_not_helped()
    {
        var cluster = ControlledCluster.Ring(2);
        (cluster["db2"].Applying, cluster["db2"].Error) = (false, "Duplicate entry '7' for key 'PRIMARY'");
        Assert.Equal("", cluster.Pass(1_000).Effects);
        Assert.Equal("db2 cannot apply what comes from db1, and neither overwrites nor skips it: Duplicate entry '7' for key 'PRIMARY'", cluster.Finding("conflict"));
    }

    [Fact]
    public void Who_writes_in_another_s_domain_is_made_read_only()
    {
        var cluster = ControlledCluster.Ring(3);
        cluster["db3"].Domain = 2;
        Assert.Equal("MakeReadOnly db3", cluster.Pass().Effects);
        cluster = ControlledCluster.Ring(2);
        cluster["db2"].Domain = 1;
        Assert.Equal("MakeReadOnly db2", cluster.Pass().Effects);
    }

    [Fact]
    public void One_that_is_alone_is_told()
    {
        var cluster = ControlledCluster.Ring(2);
        Gone(cluster, "db2", "db1");
        cluster.Until(static c => c.Finding("ring-broken") == "db1 is alone: no other member of its ring answers");
        Assert.Equal("db1", cluster.Primary);
    }
}
