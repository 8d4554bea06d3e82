using Headwater.Core.Failover;
using Headwater.Core.Topology;

namespace Headwater.Tests.Failover;

/// <summary>What a gateway may write that has not heard of etcd for as long as a lease lasts.</summary>
public class SightTests
{
    static string? Why(ControlledCluster cluster) => Sight.WhyNotWrite(cluster.State.Record, cluster.View, cluster.Policy);

    [Theory, InlineData(LossPromise.Zero), InlineData(LossPromise.BestEffort)]
    public void The_loss_of_etcd_alone_stops_no_write(LossPromise promise) => Assert.Null(Why(ControlledCluster.Three(promise)));

    [Fact]
    public void What_a_replica_still_acknowledges_may_be_written_whatever_the_others_do()
    {
        var cluster = ControlledCluster.Three();
        cluster["db3"].Outcome = ProbeOutcome.Unreachable;
        cluster["db1"].Acknowledgers = 1;
        cluster.Pass(2_000);
        Assert.Null(Why(cluster));
        cluster["db2"].Outcome = ProbeOutcome.Unreachable;
        cluster["db1"].Acknowledgers = 0;
        cluster.Pass(2_000);
        Assert.Equal("etcd does not answer, and db2 does not answer: another primary than db1 may have been appointed by whoever sees more than this process", Why(cluster));
    }

    [Fact]
    public void Without_acknowledgements_every_server_that_could_be_promoted_must_be_seen_to_follow()
    {
        var cluster = ControlledCluster.Three(LossPromise.BestEffort);
        cluster["db3"].Outcome = ProbeOutcome.Unreachable;
        cluster.Pass(2_000);
        Assert.Contains("db3 does not answer", Why(cluster));
        cluster.Policy = cluster.Policy with { RuleOf = static id => id.Name == "db3" ? PromotionRule.Never : PromotionRule.Neutral };
        Assert.Null(Why(cluster));
    }

    [Fact]
    public void A_replica_that_was_told_to_stop_receiving_or_was_promoted_ends_it()
    {
        var cluster = ControlledCluster.Three(LossPromise.BestEffort);
        cluster["db2"].Receiving = LinkState.Stopped;
        cluster.Pass();
        Assert.Contains("db2 has stopped receiving from db1", Why(cluster));
        (cluster["db2"].Follows, cluster["db2"].ReadOnly) = (null, false);
        cluster.Pass();
        Assert.Contains("db2 can be written to", Why(cluster));
    }

    [Fact]
    public void Nothing_is_written_to_nobody()
    {
        Assert.Contains("no primary was ever appointed", Sight.WhyNotWrite(new ControlRecord(), null, new ControlPolicy()));
        Assert.Contains("no server has been looked at", Sight.WhyNotWrite(new ControlRecord { Primary = new ServerId("db1") }, null, new ControlPolicy()));
    }
}
