using Headwater.Core;
using Headwater.Core.Positions;
using Headwater.Core.Routing;
using Headwater.Core.Topology;
using Xunit;

namespace Headwater.Tests.Routing;

public class RouterTests
{
    [Fact]
    public void A_session_that_writes_and_reads_reads_as_a_story()
    {
        var c = new RoutedCluster();
        c.Tell("a new session may read anywhere").Sample(1, "0-1-100").Sample(2, "0-1-100").Sample(3, "0-1-98");
        c.Read("session");
        c.Tell("it stays, though nothing has been sampled since").Read("session");
        c.Tell("its own write is on no replica; they are 3 ms behind, which is worth waiting for").Pass(10).Sample(1, "0-1-100").Sample(2, "0-1-100").Sample(3, "0-1-100");
        c.Write("0-1-101");
        var arrived = c.Now;
        c.Read("session");
        c.Pass(2).Sample(1, "0-1-101").Sample(3, "0-1-101");
        c.Tell("one replica has come, the read goes there").Read("session", arrived);
        c.Tell("the replicas stand still: nothing suggests that they come").Pass(900).Sample(2, "0-1-101").Sample(3, "0-1-101").Pass(50);
        for (var i = 0; i < 5; i++) c.Pass(100).Sample(1, $"0-1-{110 + i}").Sample(2, "0-1-101").Sample(3, "0-1-101");
        c.Write("0-1-115");
        c.Read("session");
        c.Tell("on the primary it stays until a sample says what a copy must cover").Sample(2, "0-1-115").Read("session");
        c.Pass(5).Sample(1, "0-1-116");
        c.Tell("the sample says 116, and db2 is at 115").Read("session");
        c.Sample(2, "0-1-117").Sample(1, "0-1-117").Pass(1);
        c.Tell("now a copy covers what the primary can have shown").Sample(1, "0-1-117").Read("session");
        Transcript.Check(c.Story, "session");
    }

    [Fact]
    public void Going_from_a_replica_to_the_primary_reads_as_a_story()
    {
        var c = new RoutedCluster(replicas: 1);
        c.Tell("db2 shows a transaction that hangs on the primary between log and engine").Sample(1, "0-1-5", logged: "0-1-6").Sample(2, "0-1-6");
        c.Read("session");
        c.Tell("db2 is lost; what it showed is in the primary's log, and not yet proven visible there")
            .Change(2, s => s with { Health = ServerHealth.Down });
        var arrived = c.Now;
        c.Read("session");
        c.Pass(1).Sample(1, "0-1-5", logged: "0-1-6");
        c.Tell("a sample says what it can have been; it is not visible").Read("session", arrived);
        c.Pass(3).Sample(1, "0-1-6");
        c.Tell("the commit is through").Read("session", arrived);
        c.Tell("an own commit proves the same at once").Sample(2, "0-1-6").Change(2, s => s with { Health = ServerHealth.Up });
        c.Pass(1).Sample(1, "0-1-6").Read("session");
        c.Change(2, s => s with { Health = ServerHealth.Down }).Write("0-1-9").Read("session");
        Transcript.Check(c.Story, "primary-after-replica");
    }

    [Fact]
    public void The_other_levels_read_as_a_story()
    {
        var c = new RoutedCluster();
        c.Sample(1, "0-1-100").Sample(2, "0-1-100").Sample(3, "0-1-90");
        for (var i = 1; i <= 4; i++) c.Pass(50).Sample(1, $"0-1-{100 + i}");
        c.Sample(2, "0-1-101");
        c.Tell("bounded is measured from samples of the primary").Read("bounded 160ms");
        c.Read("bounded 60ms");
        c.Tell("no sample is that young").Pass(5).Read("bounded 2ms");
        c.Tell("strong and eventual").Read("strong");
        c.Read("eventual");
        c.Tell("without a primary").Change(1, s => s with { Health = ServerHealth.Down });
        c.Read("strong");
        c.Read("bounded 1s");
        c.Read("eventual");
        Transcript.Check(c.Story, "levels");
    }

    [Fact]
    public void Tags_and_health_read_as_a_story()
    {
        var c = new RoutedCluster(replicas: 4);
        for (var i = 1; i <= 5; i++) c.Sample(i, "0-1-7");
        c.Change(2, s => s with { Tags = ServerTags.Backup }).Change(3, s => s with { Tags = ServerTags.Analytics }).Change(5, s => s with { Tags = ServerTags.Delayed });
        c.Tell("db2 is for backups, db3 for analytics, db5 delayed").Read("session");
        c.Policy = c.Policy with { Wanted = ServerTags.Analytics };
        c.Session.Forget(Position.Empty);
        c.Tell("analytics is asked for").Read("session");
        c.Change(3, s => s with { Health = ServerHealth.Draining });
        c.Pass(1).Sample(1, "0-1-7").Tell("and is away").Read("session");
        c.Change(4, s => s with { Weight = 0 });
        c.Pass(1).Sample(1, "0-1-7").Tell("and the ordinary one has weight 0").Read("session");
        c.Policy = c.Policy with { Wanted = ServerTags.Delayed };
        c.Tell("delayed is asked for: at eventual only").Read("eventual");
        c.Read("session");
        Transcript.Check(c.Story, "tags");
    }

    [Fact]
    public void A_lost_branch_is_told_once_and_never_honoured()
    {
        var c = new RoutedCluster();
        c.Sample(1, "0-1-100").Sample(2, "0-1-100").Sample(3, "0-1-100");
        c.Write("0-1-101");
        Assert.NotEqual(RouteKind.Refuse, c.Ask("session").Kind);
        // db1 dies with 101; db2 takes over and has gone further than that under its own number
        c.Change(1, s => s with { Health = ServerHealth.Down, Role = ServerRole.Unknown }).Change(2, s => s with { Role = ServerRole.Primary });
        c.View = c.View with { Epoch = new Epoch(2), Primary = c.View.Servers[1], History = [new Gtid(0, 1, 100), new Gtid(0, 2, 105)] };
        c.Sample(2, "0-2-105").Sample(3, "0-2-105");
        var route = c.Ask("session");
        Assert.Equal((RouteKind.Refuse, RouteReason.LostBranch), (route.Kind, route.Reason));
        Assert.Equal("the session has written or seen 0-1-101, which is not in the history of the present primary: those transactions were lost with a former primary or belong to another cluster", RouteReasons.Sentence(in route));
        c.Session.AfterWrite(new Gtid(0, 2, 106), c.View.Primary!.State);
        Assert.Equal(RouteReason.LostBranch, c.Ask("session").Reason); // a later write does not hide it
        Assert.Equal(RouteKind.Server, c.Ask("eventual").Kind);
        c.Session.Forget(Lineage.HeadOf(c.View));
        Assert.Equal("0-2-105", c.Session.Floor.ToString()); // what it had seen and is not lost is not taken back
        Assert.Equal(RouteKind.Server, c.Ask("session").Kind);
    }

    [Fact]
    public void What_was_only_a_bound_is_given_up_where_nobody_was_shown_more_and_an_own_commit_is_not()
    {
        var c = new RoutedCluster();
        c.Sample(1, "0-1-100").Sample(2, "0-1-100").Sample(3, "0-1-100");
        c.Session.Raise(RoutedCluster.Of("0-1-101")); // no more than what db1 had logged by then
        var wrote = c.Session;
        wrote.AfterWrite(new Gtid(0, 1, 102), c.View.Primary!.State);
        c.Change(1, s => s with { Health = ServerHealth.Down, Role = ServerRole.Unknown }).Change(2, s => s with { Role = ServerRole.Primary });
        c.View = c.View with { Epoch = new Epoch(2), Primary = c.View.Servers[1], History = [new Gtid(0, 1, 100), new Gtid(0, 2, 105)], Inherited = new Inheritance(1, RoutedCluster.Of("0-1-100")) };
        c.Sample(2, "0-2-105").Sample(3, "0-2-105");
        Assert.Equal(RouteKind.Server, c.Ask("session").Kind);
        Assert.Equal("0-1-100", c.Session.Floor.ToString());
        Assert.Equal(RouteReason.LostBranch, Router.ForRead(c.View, ref wrote, Level.Session, c.Policy, c.Load, 0, c.Now).Reason);
    }

    [Fact]
    public void What_it_read_of_a_former_primary_is_bounded_before_that_is_narrowed()
    {
        var c = new RoutedCluster();
        c.Sample(1, "0-1-100").Sample(2, "0-1-100").Sample(3, "0-1-100");
        c.Pass(1).Session.AfterRead(c.View.Primary!.State, fromPrimary: true, c.Now);
        c.Pass(1).Sample(1, "0-1-101"); // asked after that read, of what it had logged and nobody was shown
        c.Change(1, s => s with { Health = ServerHealth.Down, Role = ServerRole.Unknown }).Change(2, s => s with { Role = ServerRole.Primary });
        c.View = c.View with { Epoch = new Epoch(2), Primary = c.View.Servers[1], History = [new Gtid(0, 1, 100), new Gtid(0, 2, 105)], Inherited = new Inheritance(1, RoutedCluster.Of("0-1-100")) };
        Assert.True(Router.Judge(c.View, ref c.Session, out _));
        c.Sample(2, "0-2-105").Sample(3, "0-2-105");
        Assert.Equal(RouteKind.Server, c.Ask("session").Kind);
        c.Session.AfterRead(c.View.Servers[2].State, fromPrimary: false, c.Now);
        Assert.Equal("0-1-100", c.Session.Floor.ToString());
    }

    [Fact]
    public void What_a_replica_had_before_it_was_appointed_bounds_nothing_that_its_predecessor_showed()
    {
        var c = new RoutedCluster();
        c.Sample(1, "0-1-100").Sample(2, "0-1-95").Sample(3, "0-1-95");
        c.Pass(1).Session.AfterRead(c.View.Primary!.State, fromPrimary: true, c.Now); // 0-1-100, which db2 has received and not applied
        c.Pass(1).Sample(2, "0-1-95").Sample(3, "0-1-97");
        c.Change(1, s => s with { Health = ServerHealth.Down, Role = ServerRole.Unknown }).Change(2, s => s with { Role = ServerRole.Primary });
        c.View = c.View with { Epoch = new Epoch(2), Since = c.Pass(1).Now, Primary = c.View.Servers[1], History = [new Gtid(0, 1, 100)], Inherited = new Inheritance(1, RoutedCluster.Of("0-1-100")) };
        bool IsServedBy3(string level) => c.Ask(level) is { Kind: RouteKind.Server, Server.Id.Name: "db3" };
        Assert.False(IsServedBy3("session"));
        Assert.False(IsServedBy3("bounded 1s"));
        c.Pass(1).Sample(2, "0-1-100").Sample(3, "0-1-97");
        Assert.False(IsServedBy3("session"));
        c.Sample(3, "0-1-100");
        Assert.True(IsServedBy3("session"));
    }

    [Fact]
    public void A_token_of_a_later_epoch_is_not_narrowed_by_what_an_earlier_one_began_with()
    {
        var c = new RoutedCluster();
        c.Change(1, s => s with { Health = ServerHealth.Down, Role = ServerRole.Unknown }).Change(2, s => s with { Role = ServerRole.Primary });
        c.View = c.View with { Epoch = new Epoch(2), Primary = c.View.Servers[1], History = [new Gtid(0, 1, 100), new Gtid(0, 2, 105)], Inherited = new Inheritance(1, RoutedCluster.Of("0-1-100")) };
        c.Sample(2, "0-2-105").Sample(3, "0-2-105");
        c.Session.Raise(RoutedCluster.Of("0-1-107"), new Epoch(3)); // db1 reigns again, elsewhere
        Assert.Equal(RouteReason.WaitsForHistory, c.Ask("session").Reason);
    }

    [Fact]
    public void A_token_is_judged_by_the_history()
    {
        var view = new ClusterView { Cluster = "shop", History = [new Gtid(0, 1, 42), new Gtid(0, 2, 57)] };
        LineageVerdict Judge(string position, out string sentence) => Lineage.Judge(view, RoutedCluster.Of(position), out sentence);
        Assert.Equal(LineageVerdict.Ours, Judge("0-1-42", out _));
        Assert.Equal(LineageVerdict.Ours, Judge("0-2-50", out _));
        Assert.Equal(LineageVerdict.Lost, Judge("0-1-45", out var lost));
        Assert.Equal("0-1-45 is not in the history of cluster shop: server 1 wrote there only to 42, and domain 0 went on without it", lost);
        Assert.Equal(LineageVerdict.Lost, Judge("0-9-3", out lost));
        Assert.Equal("0-9-3 is not in the history of cluster shop: server 9 never wrote in domain 0 of it", lost);
        Assert.Equal(LineageVerdict.Ahead, Judge("0-2-60", out _));
        Assert.Equal(LineageVerdict.Ahead, Judge("5-2-1", out _));
    }

    [Fact]
    public void A_token_of_a_primary_that_is_not_known_here_yet_waits_and_is_then_honoured_or_refused()
    {
        var c = new RoutedCluster();
        c.View = c.View with { History = [new Gtid(0, 1, 100)] };
        c.Sample(1, "0-1-100").Sample(2, "0-1-100").Sample(3, "0-1-100");
        c.Session.Raise(RoutedCluster.Of("0-2-103"));
        var route = c.Ask("session");
        Assert.Equal((RouteKind.Wait, RouteReason.WaitsForHistory), (route.Kind, route.Reason));
        var unknown = c.Session;
        c.Now += c.Policy.WriteHold;
        Assert.Equal(RouteReason.LostBranch, Router.ForRead(c.View, ref unknown, Level.Session, c.Policy, c.Load, 0, c.Now, c.Now - c.Policy.WriteHold).Reason);
        c.Change(1, s => s with { Role = ServerRole.Unknown }).Change(2, s => s with { Role = ServerRole.Primary });
        c.View = c.View with { Epoch = new Epoch(2), History = [new Gtid(0, 1, 100), new Gtid(0, 2, 102)] };
        c.Sample(2, "0-2-103").Sample(3, "0-2-103");
        Assert.Equal("db3", c.Ask("session").Server?.Id.Name);
    }

    [Fact]
    public void A_busy_server_is_left_only_for_one_that_covers_and_is_clearly_less_busy()
    {
        var c = new RoutedCluster();
        c.Sample(1, "0-1-5").Sample(2, "0-1-5").Sample(3, "0-1-5");
        c.Load[2].Busy = 9;
        Assert.Equal("db2", c.Read("session").Server!.Id.Name);
        (c.Load[1].Busy, c.Load[2].Busy) = (3, 1);
        Assert.Equal(RouteReason.StaysOnReplica, c.Ask("session").Reason);
        c.Load[1].Busy = 40;
        Assert.Equal(RouteReason.StaysOnReplica, c.Ask("session").Reason); // no sample since the read: db3 is not proven
        c.Pass(1).Sample(2, "0-1-6");
        Assert.Equal(RouteReason.StaysOnReplica, c.Ask("session").Reason); // db2 may have shown 6, db3 has 5
        c.Sample(3, "0-1-6");
        Assert.Equal(("db3", RouteReason.LeastBusyCopy), (c.Ask("session").Server!.Id.Name, c.Ask("session").Reason));
    }

    [Theory]
    [InlineData(1, 1, 0, 0, 0.5)]
    [InlineData(1, 3, 0, 0, 0.75)]
    [InlineData(1, 1, 8, 2, 1)]
    [InlineData(1, 4, 10, 12, 1)]
    public void New_sessions_spread_by_weight_and_load(double weight2, double weight3, int busy2, int busy3, double shareOf3)
    {
        var c = new RoutedCluster();
        c.Sample(2, "0-1-5").Sample(3, "0-1-5").Change(2, s => s with { Weight = weight2 }).Change(3, s => s with { Weight = weight3 });
        (c.Load[1].Busy, c.Load[2].Busy) = (busy2, busy3);
        Assert.Equal(shareOf3, ShareOf3(c), 0.03);
    }

    [Fact]
    public void A_much_faster_idle_server_and_one_in_the_own_zone_are_preferred()
    {
        var c = new RoutedCluster();
        c.Sample(2, "0-1-5").Sample(3, "0-1-5");
        (c.Load[1].LatencyMicroseconds, c.Load[2].LatencyMicroseconds) = (900, 100);
        Assert.Equal(1, ShareOf3(c));
        c.Change(2, s => s with { Zone = "north" }).Change(3, s => s with { Zone = "south" });
        c.Policy = c.Policy with { Zone = "north" };
        Assert.Equal(0, ShareOf3(c));
        c.Load[1].Busy = 60;
        Assert.Equal(1, ShareOf3(c));
    }

    static double ShareOf3(RoutedCluster c)
    {
        var random = new Seeded(5);
        var to3 = 0;
        for (var i = 0; i < 10_000; i++)
        {
            c.Session.Forget(Position.Empty);
            c.Chance = random.Next();
            if (c.Ask("session").ServerIndex == 2) to3++;
        }
        return to3 / 10_000.0;
    }

    [Fact]
    public void A_session_that_reads_from_the_primary_without_pause_asks_for_a_sample_now_and_then()
    {
        var c = new RoutedCluster(replicas: 1);
        c.Sample(1, "0-1-5").Sample(2, "0-1-4").Change(2, s => s with { Health = ServerHealth.Draining });
        Assert.Equal("db1", c.Read("session").Server!.Id.Name);
        c.Change(2, s => s with { Health = ServerHealth.Up });
        var waits = 0;
        for (var i = 0; i < 1_000; i++)
        {
            var route = c.Read("session");
            if (route.Kind != RouteKind.Wait) continue;
            waits++;
            Assert.Equal((RouteReason.WaitsForSample, true), (route.Reason, route.Needed.IsEmpty));
            var arrived = c.Now;
            c.Pass(0.3).Sample(1, "0-1-6");
            Assert.Equal("db1", c.Read("session", arrived).Server!.Id.Name); // db2 stands still, so it stays
        }
        Assert.InRange(waits, 5, 15);
    }

    [Fact]
    public void Explain_tells_each_servers_part_and_changes_nothing()
    {
        var c = new RoutedCluster();
        c.Sample(1, "0-1-9").Sample(2, "0-1-9").Sample(3, "0-1-7").Change(3, s => s with { Lag = TimeSpan.FromMilliseconds(80) });
        c.Session.Raise(RoutedCluster.Of("0-1-9"));
        var before = c.Session.JudgedIn;
        var told = Router.Explain(c.View, c.Session, Level.Session, c.Policy, c.Load, 1, c.Now);
        Assert.Equal(before, c.Session.JudgedIn);
        Assert.Equal("db2 is the only copy that covers 0-1-9", told.Sentence);
        Assert.Equal(["primary: answers when no copy may", "covers the floor", "2 transactions short, and it is not moving"], told.Servers.Select(s => s.Reason));
        Assert.Equal([true, true, false], told.Servers.Select(s => s.Covers));
    }

    [Fact]
    public void Choosing_for_a_read_allocates_nothing()
    {
        var c = new RoutedCluster();
        c.Sample(1, "0-1-5").Sample(2, "0-1-5").Sample(3, "0-1-5");
        var random = new Seeded(3);
        var level = Level.Session;
        void Run(int reads)
        {
            for (var i = 0; i < reads; i++)
            {
                c.Load[1].Busy = i & 31; // so that it moves now and then
                var route = Router.ForRead(c.View, ref c.Session, in level, c.Policy, c.Load, random.Next(), c.Now);
                if (route.Kind == RouteKind.Server) c.Session.AfterRead(route.Server!.State, false, c.Now);
                if ((i & 7) == 0) c.Session.AfterWrite(new Gtid(0, 1, 5), c.View.Primary!.State);
            }
        }
        Run(20_000);
        Assert.Equal(0, Allocated.By(() => Run(20_000)));
    }

    [Fact]
    public void Catch_up_is_predicted_from_what_a_replica_did_lately()
    {
        var (primary, replica) = (new PositionTimeline(), new PositionTimeline());
        static Position At(int n) => new(new Gtid(0, 1, (ulong)n));
        static Instant Ms(double ms) => new((long)(ms * TimeSpan.TicksPerMillisecond));
        void Sample(PositionTimeline timeline, double ms, int n) => timeline.Add(new PositionSample(Ms(ms), Ms(ms), At(n)));
        Assert.Null(CatchUp.Predict(replica, primary, At(5), Ms(0)));
        // one transaction per 10 ms; the replica follows 50 ms behind
        for (var i = 1; i <= 100; i++)
        {
            Sample(primary, i * 10, i);
            if (i > 5) Sample(replica, i * 10, i - 5);
        }
        Assert.InRange(CatchUp.Predict(replica, primary, At(100), Ms(1000))!.Value.TotalMilliseconds, 40, 60);
        Assert.InRange(CatchUp.Lag(replica, primary, Ms(1000))!.Value.TotalMilliseconds, 40, 60);
        Assert.Equal(TimeSpan.Zero, CatchUp.Predict(replica, primary, At(90), Ms(1000)));
        // it stops
        for (var i = 101; i <= 160; i++) Sample(replica, i * 10, 95);
        Assert.Null(CatchUp.Predict(replica, primary, At(100), Ms(1600)));
        Assert.InRange(CatchUp.Lag(replica, primary, Ms(1600))!.Value.TotalMilliseconds, 600, 700);
        // and works off a backlog at ten transactions per 10 ms
        Sample(primary, 1605, 1200);
        for (var i = 1; i <= 10; i++) Sample(replica, 1600 + i * 10, 95 + i * 10);
        Assert.InRange(CatchUp.Predict(replica, primary, At(1195), Ms(1700))!.Value.TotalMilliseconds, 900, 7000);
    }
}
