using Headwater.Core.Positions;
using Headwater.Core.Routing;
using Headwater.Core.Topology;
using Headwater.Tests.Consumers;
using Xunit;

namespace Headwater.Tests.Routing;

/// <summary>Copies below the floor, and what the log says of them.</summary>
public class UnchangedTests
{
    const string Row = "SELECT v FROM t WHERE id = 5";

    static RoutedCluster Late(string db2 = "0-1-100", string db3 = "0-1-90")
    {
        var c = new RoutedCluster { Log = new FoldedLog(RoutedCluster.Of("0-1-80")) };
        c.View = c.View with { History = [new Gtid(0, 1, 80)] };
        c.Policy = c.Policy with { ReadWait = TimeSpan.Zero };
        for (var i = 81; i <= 95; i++) c.Log.Take(new Gtid(0, 1, (ulong)i));
        c.Sample(1, "0-1-100").Sample(2, db2).Sample(3, db3);
        return c;
    }

    [Fact]
    public void A_late_copy_answers_for_what_has_not_changed_reads_as_a_story()
    {
        var c = Late();
        for (var i = 96; i <= 100; i++) c.Comes($"0-1-{i}");
        c.Write("0-1-101").Comes("0-1-101", 7);
        c.Tell("no replica has the write, and both stand still; it changed another row").Asks(Row).Read("session");
        c.Tell("it stays there, by the same proof").Pass(1).Sample(1, "0-1-101").Read("session");
        c.Tell("the row that was written is on no replica").Asks("SELECT v FROM t WHERE id = 7").Read("session");
        c.Tell("nor is the whole table").Asks("SELECT SUM(v) FROM t").Read("session");
        c.Tell("another table is").Pass(1).Sample(1, "0-1-101").Asks("SELECT * FROM u").Read("session");
        c.Tell("nobody knows what a statement reads that names no such table").Asks("SELECT * FROM x").Read("session");
        c.Write("0-1-102").Tell("the log has not come so far: it is worth 20 ms").Asks(Row);
        c.Policy = c.Policy with { ReadWait = TimeSpan.FromMilliseconds(100) };
        var arrived = c.Now;
        c.Read("session");
        c.Pass(2).Comes("0-1-102", 9).Read("session", arrived);
        c.Write("0-1-103").Pass(1).Sample(1, "0-1-103").Tell("and it does not come");
        arrived = c.Now;
        c.Pass(21).Read("session", arrived);
        Transcript.Check(c.Story, "unchanged");
    }

    [Fact]
    public void A_bound_in_time_is_proven_likewise()
    {
        var c = Late();
        for (var i = 96; i <= 100; i++) c.Log!.Take(new Gtid(0, 1, (ulong)i), 7);
        c.Sample(2, "0-1-96").Sample(3, "0-1-96").Pass(10).Sample(1, "0-1-100").Sql = Row;
        Assert.Equal(RouteReason.UnchangedSince, c.Ask("bounded 15ms").Reason);
        c.Sql = "SELECT v FROM t WHERE id = 7";
        Assert.NotEqual(RouteReason.UnchangedSince, c.Ask("bounded 15ms").Reason);
        Assert.Equal(RouteReason.Strong, c.Ask("strong").Reason);
    }

    [Fact]
    public void What_the_session_saw_elsewhere_is_asked_of_the_log_too()
    {
        var c = Late(db2: "0-1-100", db3: "0-1-96");
        for (var i = 96; i <= 100; i++) c.Log!.Take(new Gtid(0, 1, (ulong)i), (long)i);
        c.Sql = Row;
        c.Pass(1).Session.AfterRead(c.State(2), fromPrimary: false, c.Now);
        c.Change(2, server => server with { Health = ServerHealth.Down });
        // What db2 showed is not bounded yet.
        Assert.NotEqual(RouteReason.UnchangedSince, c.Ask("monotonic").Reason);
        c.Pass(1).Sample(1, "0-1-100");
        Assert.Equal((RouteReason.UnchangedSince, 2), (c.Ask("monotonic").Reason, c.Ask("monotonic").ServerIndex));
        c.Sql = "SELECT v FROM t WHERE id = 99";
        Assert.NotEqual(RouteReason.UnchangedSince, c.Ask("monotonic").Reason);
    }

    [Fact]
    public void A_log_with_a_lost_branch_in_it_proves_nothing()
    {
        var c = Late();
        for (var i = 96; i <= 101; i++) c.Log!.Take(new Gtid(0, 1, (ulong)i));
        c.Sql = Row;
        c.Session.Raise(RoutedCluster.Of("0-1-99"));
        c.Sample(2, "0-1-98");
        Assert.Equal(RouteReason.UnchangedSince, c.Ask("session").Reason);
        // db1 is lost with 0-1-101; nobody had it but the log.
        c.Change(1, server => server with { Health = ServerHealth.Down, Role = ServerRole.Unknown }).Change(3, server => server with { Role = ServerRole.Primary });
        c.View = c.View with { Epoch = new Epoch(2), Primary = c.View.Servers[2], History = [new Gtid(0, 1, 100), new Gtid(0, 3, 103)] };
        c.Sample(3, "0-3-103");
        Assert.NotEqual(RouteReason.UnchangedSince, c.Ask("session").Reason);
        c.Log!.Begin(RoutedCluster.Of("0-1-95"));
        for (var i = 96; i <= 100; i++) c.Log.Take(new Gtid(0, 1, (ulong)i));
        Assert.Equal(RouteReason.UnchangedSince, c.Ask("session").Reason);
    }

    [Fact]
    public void A_copy_that_stands_before_the_log_began_is_not_proven()
    {
        var c = Late(db2: "0-1-79", db3: "0-1-79");
        for (var i = 96; i <= 100; i++) c.Log!.Take(new Gtid(0, 1, (ulong)i));
        c.Sql = Row;
        c.Session.Raise(RoutedCluster.Of("0-1-99"));
        Assert.NotEqual(RouteReason.UnchangedSince, c.Ask("session").Reason);
    }

    [Fact]
    public void A_statement_that_was_understood_by_other_tables_than_the_logs_has_no_proof()
    {
        var c = Late();
        for (var i = 96; i <= 100; i++) c.Log!.Take(new Gtid(0, 1, (ulong)i));
        c.Session.Raise(RoutedCluster.Of("0-1-99"));
        c.Sample(2, "0-1-98");
        c.Log!.TakeChanges(new Gtid(0, 1, 101), MadeLog.Text("ALTER TABLE t ADD w int"));
        c.Sql = Row;
        Assert.NotEqual(RouteReason.UnchangedSince, c.Ask("session").Reason);
    }
}
