using Headwater.Core.Positions;
using Headwater.Core.Topology;

namespace Headwater.Tests.Topology;

/// <summary>A view by another process's decision, which may be heard of before the servers are looked at again.</summary>
public class AppointmentTests
{
    [Fact]
    public void What_a_session_wrote_at_the_former_primary_is_in_the_history_of_the_appointed_one_though_that_was_looked_at_before_it_had_it()
    {
        var cluster = new ProbedCluster();
        cluster.Add("db1", 1);
        cluster.Add("db2", 2, "db1");
        cluster.Round();
        Assert.True(Position.TryParse("0-1-107", out var from));
        Assert.True(Position.TryParse("0-1-105", out var written));
        cluster.Options = cluster.Options with { Appointed = new Appointment(new ServerId("db2"), new Epoch(2), "db1 is being replaced by db2") { At = from } };
        cluster.Round();
        Assert.False(Lineage.IsForeign(cluster.View, written, out _));
        // A tail of the former primary is no part of it.
        Assert.True(Position.TryParse("0-1-108", out var tail));
        Assert.True(Lineage.IsForeign(cluster.View, tail, out _));
    }

    [Theory]
    [InlineData("0-1-203", "beyond where the epoch began, and not by its primary")]
    [InlineData("0-1-105", "passed by the epoch's history, which went on without it")]
    public void A_copy_of_a_lost_branch_shows_nothing_though_the_appointed_primary_has_never_been_met(string diverged, string why)
    {
        var cluster = new ProbedCluster();
        cluster.Add("db2", 2).Outcome = ProbeOutcome.Unreachable;
        cluster.Add("db3", 3, "db2").Applied = diverged;
        cluster.Add("db4", 4, "db2").Applied = "0-2-140";
        cluster.Options = cluster.Options with
        {
            Appointed = new Appointment(new ServerId("db2"), new Epoch(2), null) { Number = 2, At = ProbedCluster.Position("0-2-110"), History = [Of("0-1-100"), Of("0-2-110")] },
        };
        cluster.Round();
        Assert.Null(cluster.View.Primary);
        Assert.Equal(2u, cluster.View.Writer);
        Assert.Equal((ServerHealth.Draining, $"it has {diverged}, which is not in the history of the primary, db2"), (cluster.View.Servers[1].Health, cluster.View.Servers[1].Reason));
        Assert.True(cluster.View.Servers[2].Health == ServerHealth.Up, $"what the primary wrote since is its own; that was {why}");
    }

    static Gtid Of(string text) => ProbedCluster.Position(text)[0];

    [Fact]
    public void Where_another_process_appoints_nobody_is_found_to_be_the_primary()
    {
        var cluster = new ProbedCluster();
        cluster.Add("db1", 1);
        cluster.Add("db2", 2, "db1");
        cluster.Options = cluster.Options with { Appointed = new Appointment(null, new Epoch(0), null) };
        cluster.Round();
        Assert.Null(cluster.View.Primary);
        Assert.Equal("no primary has been appointed yet", cluster.View.Reason);
    }
}
