using Headwater.Core;
using Headwater.Core.Positions;
using Headwater.Core.Topology;
using Xunit;

namespace Headwater.Tests.Topology;

public class DiscoveryTests
{
    static ProbedCluster Three()
    {
        var cluster = new ProbedCluster();
        cluster.Add("db1", 1);
        cluster.Add("db2", 2, "db1");
        cluster.Add("db3", 3, "db1");
        return cluster;
    }

    [Fact]
    public void A_failover_by_somebody_else_reads_as_a_story()
    {
        var cluster = Three();
        cluster.Tell("db1 is writable, two replicas follow it");
        (cluster["db1"].Outcome, cluster["db1"].Failure) = (ProbeOutcome.Unreachable, "connection refused");
        cluster["db2"].Receiving = cluster["db3"].Receiving = LinkState.Connecting;
        cluster.Tell("db1 does not answer");
        cluster.Tell("db1 does not answer", 500);
        (cluster["db2"].Follows, cluster["db2"].ReadOnly) = (null, false);
        cluster.Tell("db2 has been promoted, db3 not yet pointed to it");
        (cluster["db2"].Log, cluster["db2"].State) = ("0-2-103", "0-1-102,0-2-103");
        (cluster["db3"].Follows, cluster["db3"].Receiving) = ("db2", LinkState.Running);
        cluster.Tell("db3 follows db2, db2 has written");
        (cluster["db1"].Outcome, cluster["db1"].Log, cluster["db1"].NewConnection, cluster["db1"].StartedAt) = (ProbeOutcome.Answered, "0-1-105", true, cluster.Now);
        cluster.Tell("db1 comes back, writable, with transactions that nobody else has");
        (cluster["db1"].Follows, cluster["db1"].Applied, cluster["db1"].ReadOnly) = ("db2", "0-1-105", true);
        cluster.Tell("db1 is pointed to db2 with its tail still there");
        (cluster["db1"].Log, cluster["db1"].State, cluster["db1"].Applied) = ("0-2-103", "0-1-102,0-2-103", "0-2-103");
        cluster.Tell("db1 has been rebuilt");
        Transcript.Check(cluster.Story, "failover");
    }

    [Fact]
    public void Troubles_that_are_no_failover_read_as_a_story()
    {
        var cluster = Three();
        cluster.Options = cluster.Options with { MaxLag = TimeSpan.FromSeconds(1) };
        cluster.Tell("all is well");
        cluster["db1"].Outcome = ProbeOutcome.Silent;
        cluster.Tell("db1 misses one probe");
        cluster["db1"].Outcome = ProbeOutcome.Answered;
        cluster.Tell("db1 answers again");
        cluster["db1"].Outcome = ProbeOutcome.Silent;
        cluster.Tell("db1 hangs; its replicas stay connected", 800);
        cluster["db1"].Outcome = ProbeOutcome.Answered;
        cluster.Tell("db1 answers again: the same epoch");
        (cluster["db2"].Applying, cluster["db2"].Error) = (false, "Error 1062: Duplicate entry '7' for key 'PRIMARY'");
        cluster.Tell("the applier of db2 breaks");
        (cluster["db2"].Applying, cluster["db2"].Error) = (true, "");
        (cluster["db3"].Receiving, cluster["db3"].Error) = (LinkState.Stopped, "");
        cluster.Tell("db2 is mended; somebody stops the receiver of db3");
        cluster["db3"].Receiving = LinkState.Running;
        (cluster["db3"].Outcome, cluster["db3"].Failure) = (ProbeOutcome.Refused, "Too many connections");
        cluster.Tell("db3 has no connection left");
        cluster.Tell("db3 has no connection left", 600);
        (cluster["db3"].Outcome, cluster["db3"].NewConnection, cluster["db3"].StartedAt) = (ProbeOutcome.Answered, true, cluster.Now);
        cluster.Tell("db3 has been restarted");
        cluster["db1"].ReadOnly = true;
        cluster.Tell("somebody sets db1 read_only");
        cluster["db1"].ReadOnly = false;
        cluster.Tell("and lets it write again");
        cluster.Add("db4", 4);
        cluster.Tell("a writable stranger is added");
        cluster["db4"].Follows = "elsewhere";
        cluster.Tell("it follows a server that is not of this cluster");
        Transcript.Check(cluster.Story, "troubles");
    }

    [Fact]
    public void A_planned_switch_reads_as_a_story()
    {
        var cluster = Three();
        cluster.Tell("db1 is the primary");
        cluster["db1"].ReadOnly = true;
        cluster.Tell("db1 is set read_only");
        (cluster["db3"].Follows, cluster["db3"].ReadOnly) = (null, false);
        cluster.Tell("db3 is promoted");
        cluster["db2"].Follows = "db3";
        (cluster["db1"].Follows, cluster["db1"].Applied) = ("db3", "0-1-100");
        cluster.Tell("the others follow it");
        Transcript.Check(cluster.Story, "switch");
    }

    [Fact]
    public void At_the_start_two_writable_servers_that_nobody_follows_give_no_primary()
    {
        var cluster = new ProbedCluster();
        cluster.Add("db1", 1);
        cluster.Add("db2", 2);
        Assert.Null(cluster.Round().Primary);
        Assert.Equal("db1 and db2 can be written to, and nothing tells which is the primary", cluster.View.Reason);
        Assert.Equal(0, cluster.View.Epoch.Number);
        cluster["db2"].Follows = "db1";
        Assert.Equal("db1", cluster.Round().Primary?.Id.Name);
        Assert.Equal(1, cluster.View.Epoch.Number);
    }

    [Fact]
    public void A_server_alone_is_the_primary_and_serves()
    {
        var cluster = new ProbedCluster();
        cluster.Add("db1", 1);
        Assert.Equal("db1 can be written to and replicates from nobody", cluster.Round().Primary?.Reason);
    }

    [Fact]
    public void A_writable_server_is_not_taken_for_the_primary_while_replicas_follow_another_that_is_away()
    {
        var cluster = Three();
        cluster.Add("db0", 9);
        (cluster["db1"].Outcome, cluster["db1"].Failure) = (ProbeOutcome.Unreachable, "connection refused");
        Assert.Null(cluster.Round().Primary);
        Assert.Equal("db0 can be written to, but db2 and db3 replicate from elsewhere", cluster.View.Reason);
    }

    [Fact]
    public void An_old_primary_that_lacks_transactions_does_not_take_over_when_the_new_one_dies()
    {
        var cluster = new ProbedCluster();
        cluster.Add("db1", 1).Log = "0-1-90";
        cluster.Add("db2", 2).Log = "0-2-100";
        cluster.Add("db3", 3, "db2");
        Assert.Equal("db2", cluster.Round().Primary?.Id.Name);
        (cluster["db2"].Outcome, cluster["db3"].Outcome) = (ProbeOutcome.Silent, ProbeOutcome.Silent);
        Assert.Null(cluster.Round(800).Primary);
        Assert.Contains("db1 can be written to, but no replica follows it", cluster.View.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void The_epoch_never_grows_for_a_glitch_of_any_length_and_grows_by_one_with_each_change()
    {
        for (var seed = 1UL; seed <= 300; seed++)
        {
            var random = new Seeded(seed);
            var cluster = Three();
            var primary = "db1";
            cluster.Round();
            for (var step = 0; step < 40; step++)
            {
                var epoch = cluster.View.Epoch;
                var name = "db" + (1 + random.Below(3));
                if (random.Below(4) > 0)
                {
                    // whoever glitches comes back as it was
                    cluster[name].Outcome = (ProbeOutcome)random.Below(4);
                    cluster.Round(10 + random.Below(1500));
                    cluster[name].Outcome = ProbeOutcome.Answered;
                    cluster.Round(10);
                    Assert.True(cluster.View.Epoch == epoch && cluster.View.Primary?.Id.Name == primary, $"seed {seed}: {cluster.View.Reason}");
                }
                else if (name != primary)
                {
                    foreach (var other in new[] { "db1", "db2", "db3" }.Where(x => x != name))
                        (cluster[other].Follows, cluster[other].ReadOnly) = (name, true);
                    (cluster[name].Follows, cluster[name].ReadOnly) = (null, false);
                    primary = name;
                    cluster.Round(10);
                    Assert.True(cluster.View.Epoch.Number == epoch.Number + 1 && cluster.View.Primary?.Id.Name == primary, $"seed {seed}: {cluster.View.Reason}");
                }
            }
        }
    }

    [Fact]
    public void A_server_that_went_back_is_a_new_incarnation_and_a_glitch_is_not()
    {
        var cluster = Three();
        var before = cluster.Round().Servers[1].State;
        cluster["db2"].Outcome = ProbeOutcome.Silent;
        cluster.Round(900);
        cluster["db2"].Outcome = ProbeOutcome.Answered;
        Assert.Same(before, cluster.Round().Servers[1].State);
        cluster["db2"].Applied = "0-1-95";
        Assert.Equal(2, cluster.Round().Servers[1].State.Incarnation);
        Assert.StartsWith("it went back from 0-1-100 to 0-1-95", cluster.View.Servers[1].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_primary_whose_log_went_back_begins_an_epoch()
    {
        var cluster = Three();
        cluster.Round();
        cluster["db1"].Log = "0-1-7";
        Assert.Equal(2, cluster.Round().Epoch.Number);
        Assert.Equal(2, cluster.View.Primary!.State.Incarnation);
    }

    [Fact]
    public void A_replica_too_far_behind_drains_and_comes_back_at_half_the_limit()
    {
        var cluster = Three();
        cluster.Options = cluster.Options with { MaxLag = TimeSpan.FromMilliseconds(400) };
        cluster.Round();
        var (primary, replica) = (cluster.View.Primary!.State, cluster.View.Servers[1].State);
        cluster["db3"].Outcome = ProbeOutcome.Unreachable;
        void Sample(ServerState state, ulong sequence, int agoMs) => state.Advance(new PositionSample(
            cluster.Now - TimeSpan.FromMilliseconds(agoMs), cluster.Now - TimeSpan.FromMilliseconds(agoMs), new Position(new Gtid(0, 1, sequence))));
        Sample(primary, 100, 600);
        Sample(primary, 101, 500);
        Sample(primary, 102, 10);
        Sample(replica, 100, 5);
        cluster.Round(1);
        Assert.Equal(ServerHealth.Draining, cluster.View.Servers[1].Health);
        Assert.Equal("501 ms behind; allowed is 400 ms", cluster.View.Servers[1].Reason);
        Sample(primary, 103, 3);
        Sample(replica, 101, 2);
        cluster.Round(1);
        Assert.Equal(ServerHealth.Up, cluster.View.Servers[1].Health);
        Assert.True(cluster.View.Servers[1].Lag < TimeSpan.FromMilliseconds(20));
    }
}
