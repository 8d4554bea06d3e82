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
        Assert.False(Lineage.IsForeign(cluster.View, written, 2, out _));
        // A tail of the former primary is no part of it.
        Assert.True(Position.TryParse("0-1-108", out var tail));
        Assert.True(Lineage.IsForeign(cluster.View, tail, 2, out _));
    }

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
