using Headwater.Core.Failover;
using Headwater.Core.Positions;
using Headwater.Core.Rebuild;
using Headwater.Core.Topology;
using Headwater.Tests.Failover;

namespace Headwater.Tests.Rebuild;

/// <summary>Who is copied, and whose data may be replaced: a story of three servers, db1 the primary.</summary>
public sealed class RebuildPlanTests
{
    static Situation Of(ControlledCluster cluster) => new(cluster.State, cluster.View, cluster.Policy, 0, cluster.Now);

    static (RebuildPlan? Plan, string Sentence) Plan(ControlledCluster cluster, string server, bool overwrite = false, string? from = null, TailSafety tail = TailSafety.Unknown) =>
        RebuildPlan.Of(Of(cluster), new RebuildWish(new ServerId(server), null, from is null ? null : new ServerId(from), DryRun: false, overwrite), tail);

    static ControlledCluster Broken(string server = "db3")
    {
        var cluster = ControlledCluster.Three();
        (cluster[server].Applying, cluster[server].Error) = (false, "Could not execute Update_rows_v1 event on table shop.orders");
        return cluster.Pass(1_000);
    }

    [Fact]
    public void A_replica_that_cannot_apply_is_rebuilt_from_the_replica_in_step_so_that_the_primary_is_spared()
    {
        var (plan, _) = Plan(Broken(), "db3");
        Assert.Equal(("db3", "db2", "db1", true), (plan!.Target.Name, plan.Source.Name, plan.Primary.Name, plan.MayOverwrite));
        Assert.Contains("db2 is copied: it is the only replica in step", plan.Lines[0], StringComparison.Ordinal);
        Assert.Contains("cannot apply what it receives", plan.Lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void What_alone_acknowledges_is_read_only_where_it_is_said()
    {
        var cluster = Broken();
        cluster["db3"].Acknowledging = false;
        cluster.Pass(500);
        Assert.Contains("db2 is the only replica in step; it alone acknowledges", Plan(cluster, "db3").Sentence.Replace("is copied: it ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        cluster["db2"].Receiving = LinkState.Stopped;
        cluster.Pass(500);
        var (plan, _) = Plan(cluster, "db3");
        Assert.Equal("db1", plan!.Source.Name);
        Assert.Contains(plan.Lines, static line => line.StartsWith("beware: ", StringComparison.Ordinal));
    }

    [Fact]
    public void The_primary_the_followed_the_silent_and_the_writable_are_never_overwritten()
    {
        var cluster = ControlledCluster.Three();
        Assert.Contains("db1 is the primary", Plan(cluster, "db1", overwrite: true).Sentence, StringComparison.Ordinal);
        cluster["db3"].Follows = "db2";
        cluster.Pass(500);
        Assert.Contains("db3 follows db2", Plan(cluster, "db2", overwrite: true).Sentence, StringComparison.Ordinal);
        cluster["db3"].ReadOnly = false;
        cluster.Pass(500);
        Assert.Contains("db3 can be written to", Plan(cluster, "db3", overwrite: true).Sentence, StringComparison.Ordinal);
        cluster["db3"].Outcome = ProbeOutcome.Closed;
        cluster.Pass(2_000);
        Assert.Contains("db3 does not answer", Plan(cluster, "db3", overwrite: true).Sentence, StringComparison.Ordinal);
        Assert.Contains("db9 is not known", Plan(cluster, "db9").Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_is_well_is_rebuilt_only_by_who_insists()
    {
        var cluster = ControlledCluster.Three();
        var (plan, sentence) = Plan(cluster, "db3");
        Assert.Null(plan);
        Assert.Contains("--overwrite", sentence, StringComparison.Ordinal);
        Assert.NotNull(Plan(cluster, "db3", overwrite: true).Plan);
    }

    [Fact]
    public void A_tail_is_safe_first()
    {
        var cluster = ControlledCluster.Three();
        cluster["db3"].State = "0-1-100,0-3-104";
        cluster["db3"].Log = "0-3-104";
        cluster.Pass(500);
        var (plan, sentence) = Plan(cluster, "db3");
        Assert.Null(plan);
        Assert.Contains("0-3-104", sentence, StringComparison.Ordinal);
        Assert.Contains("headwater recover --server db3", sentence, StringComparison.Ordinal);
        Assert.NotNull(Plan(cluster, "db3", tail: TailSafety.Safe).Plan);
        Assert.NotNull(Plan(cluster, "db3", overwrite: true).Plan);
    }

    [Fact]
    public void Half_a_copy_follows_nobody_is_promoted_by_nobody_and_is_begun_anew()
    {
        var cluster = ControlledCluster.Three();
        var db3 = cluster["db3"];
        (db3.Follows, db3.Log, db3.State, db3.Acknowledges, db3.Acknowledging, db3.Marked) = (null, "", "", false, false, true);
        cluster.Pass(3_000);
        Assert.DoesNotContain("db3", cluster.Effects, StringComparison.Ordinal);
        Assert.Equal(ServerHealth.Draining, cluster.View.Servers.Single(static server => server.Id.Name == "db3").Health);
        Assert.Contains("a rebuild of it was cut short", Plan(cluster, "db3").Plan!.Lines[1], StringComparison.Ordinal);

        cluster["db1"].Outcome = ProbeOutcome.Closed;
        cluster["db2"].Outcome = ProbeOutcome.Closed;
        cluster.Pass(6_000);
        Assert.Equal("db1", cluster.Primary);
    }

    [Fact]
    public void What_a_source_is_asked_for_it_has_to_be_able_to_give()
    {
        var cluster = Broken();
        Assert.Equal("db1", Plan(cluster, "db3", from: "db1").Plan!.Source.Name);
        Assert.Contains("is the one that is to be rebuilt", Plan(cluster, "db3", from: "db3").Sentence, StringComparison.Ordinal);
        cluster["db2"].LogsReplicated = false;
        cluster.Pass(500);
        Assert.Contains("does not log what it replicates", Plan(cluster, "db3", from: "db2").Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Commits_that_would_wait_for_the_rebuild_are_told_of()
    {
        var cluster = Broken();
        cluster["db2"].Acknowledging = cluster["db2"].Acknowledges = false;
        cluster.Pass(500);
        Assert.Contains("db3 alone acknowledges", RebuildPlan.LeavesNobody(Of(cluster), new ServerId("db3")), StringComparison.Ordinal);
        Assert.Null(RebuildPlan.LeavesNobody(Of(cluster), new ServerId("db2")));
    }

    [Fact]
    public void A_new_server_is_taken_when_it_is_empty_and_not_when_it_is_known()
    {
        var cluster = ControlledCluster.Three();
        (RebuildPlan? Plan, string Sentence) Add(string address, bool overwrite) =>
            RebuildPlan.Of(Of(cluster), new RebuildWish(new ServerId("db4"), new ServerAddress(address, 3306), null, DryRun: false, overwrite), TailSafety.Unknown);
        Assert.False(Add("db4", overwrite: false).Plan!.MayOverwrite);
        Assert.True(Add("db4", overwrite: true).Plan!.MayOverwrite);
        Assert.Contains("headwater rebuild db3", Add("DB3", overwrite: true).Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void The_mark_is_in_each_domain_and_covers_nothing()
    {
        Assert.True(Position.TryParse("0-1-100,7-2-9", out var log));
        var mark = RebuildMark.For(log);
        Assert.Equal("0-4294967295-1,7-4294967295-1", mark.ToString());
        Assert.True(RebuildMark.IsOn(mark));
        Assert.False(RebuildMark.IsOn(log));
        Assert.False(mark.Covers(log));
        Assert.True(RebuildMark.IsOn(RebuildMark.For(Position.Empty)));
    }
}
