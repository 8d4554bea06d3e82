using Headwater.Core;
using Headwater.Core.Caching;
using Headwater.Core.Positions;
using Headwater.Core.Routing;
using Headwater.Core.Topology;
using Headwater.Tests.Consumers;
using Headwater.Tests.Routing;
using Xunit;

namespace Headwater.Tests.Caching;

public class CachedResultTests
{
    const string Row = "SELECT v FROM t WHERE id = 5";
    readonly RoutedCluster _c = new() { Log = new FoldedLog(RoutedCluster.Of("0-1-100")) };

    public CachedResultTests()
    {
        _c.View = _c.View with { History = [new Gtid(0, 1, 100)] };
        _c.Sample(1, "0-1-100").Sample(2, "0-1-100").Sample(3, "0-1-100").Pass(1);
        Router.Judge(_c.View, ref _c.Session, out _);
    }

    FoldedLog Log => _c.Log!;

    ReadMoment? Before(int server) => ReadMoment.Before(_c.View, Log.Changes, Log.Changes.Extent, _c.State(server), in _c.Session);

    CachedResult Finish(ReadMoment moment, string sql = Row)
    {
        var (reads, key) = FoldedLog.Reads(sql);
        return new CachedResult(1, new byte[] { 1 }, new byte[] { 2 }, reads, key, moment with { FinishedAt = _c.Now }, 100) { Digest = sql, Rows = 1, Cost = TimeSpan.Zero };
    }

    ResultValidity Judge(CachedResult result) => result.Judge(_c.View, Log.Changes, Log.Changes.Extent);
    void Comes(ulong sequence, params long[] ids) => Log.Take(new Gtid(0, 1, sequence), ids);

    [Fact]
    public void A_result_may_be_served_once_the_log_is_known_as_far_as_the_read_may_have_seen()
    {
        var result = Finish(Before(2)!);
        Assert.Equal(ResultValidity.NotYet, Judge(result)); // nobody was looked at since
        _c.Sample(1, "0-1-101", logged: "0-1-102");
        Assert.Equal(ResultValidity.NotYet, Judge(result)); // the log is not known to 102
        Comes(101, 7);
        Assert.Equal(ResultValidity.NotYet, Judge(result));
        Comes(102);
        Assert.Equal(ResultValidity.Valid, Judge(result));
        Comes(103, 7);
        Assert.Equal(ResultValidity.Valid, Judge(result));
        Comes(104, 5);
        Assert.Equal(ResultValidity.Invalid, Judge(result));
    }

    [Fact]
    public void A_sample_that_was_asked_before_the_read_ended_bounds_nothing()
    {
        var moment = Before(2)!;
        _c.Pass(1).Sample(1, "0-1-100").Sample(2, "0-1-100").Pass(1);
        var result = Finish(moment);
        Assert.Equal(ResultValidity.NotYet, Judge(result));
        _c.Pass(1).Sample(2, "0-1-100"); // the server's own will do
        Assert.Equal(ResultValidity.Valid, Judge(result));
    }

    [Fact]
    public void What_changed_while_it_was_read_makes_it_invalid_though_the_read_may_have_seen_it()
    {
        var moment = Before(2)!;
        Comes(101, 5);
        _c.Sample(1, "0-1-101").Sample(2, "0-1-101");
        var result = Finish(moment);
        _c.Pass(1).Sample(2, "0-1-101");
        Assert.Equal(ResultValidity.Invalid, Judge(result));
        // Read again, by who is known to show it.
        result = Finish(Before(2)!);
        _c.Pass(1).Sample(1, "0-1-101");
        Assert.Equal(ResultValidity.Valid, Judge(result));
    }

    [Fact]
    public void A_read_by_one_who_knows_the_server_to_show_its_own_write_is_one_from_there()
    {
        Comes(101, 5);
        _c.Session.AfterWrite(new Gtid(0, 1, 101), _c.State(1));
        Assert.Equal("0-1-101", Before(1)!.From.ToString()); // no sample says so yet
        Assert.Equal("0-1-100", Before(2)!.From.ToString());
        var other = new SessionPosition();
        Assert.Equal("0-1-100", ReadMoment.Before(_c.View, Log.Changes, Log.Changes.Extent, _c.State(1), in other)!.From.ToString());
    }

    [Fact]
    public void What_a_session_knows_of_a_lost_branch_does_not_get_into_what_others_see()
    {
        _c.Session.AfterWrite(new Gtid(0, 1, 105), _c.State(1));
        _c.Change(1, server => server with { Role = ServerRole.Unknown, Health = ServerHealth.Down }).Change(2, server => server with { Role = ServerRole.Primary });
        _c.View = _c.View with { Epoch = new Epoch(2), Primary = _c.View.Servers[1], History = [new Gtid(0, 1, 100), new Gtid(0, 2, 104)] };
        for (var i = 101UL; i <= 104; i++) Log.Take(new Gtid(0, 2, i));
        _c.Sample(2, "0-2-104");
        _c.State(2).Acknowledged.Raise(0, 106); // commits of others
        Assert.Equal("0-2-104", Before(2)!.From.ToString());
    }

    [Fact]
    public void What_was_read_in_a_former_epoch_and_not_settled_in_it_never_is()
    {
        var settled = Finish(Before(3)!);
        _c.Sample(1, "0-1-100");
        Assert.Equal(ResultValidity.Valid, Judge(settled));
        var unsettled = Finish(Before(3)!);
        _c.Pass(1).View = _c.View with { Epoch = new Epoch(2), Since = _c.Now };
        _c.Pass(1).Sample(1, "0-1-100").Sample(3, "0-1-100");
        Assert.Equal(ResultValidity.Invalid, Judge(unsettled));
        // That one was proven to be the primary's history at a position of it, which its heir has too.
        Assert.Equal(ResultValidity.Valid, Judge(settled));
    }

    [Fact]
    public void While_the_log_has_a_lost_branch_in_it_nothing_is_served_and_after_it_was_cut_back_nothing_is_left()
    {
        var result = Finish(Before(2)!);
        Comes(101, 7);
        _c.Sample(1, "0-1-101");
        Assert.Equal(ResultValidity.Valid, Judge(result));
        _c.Change(1, server => server with { Role = ServerRole.Unknown, Health = ServerHealth.Down }).Change(2, server => server with { Role = ServerRole.Primary });
        _c.View = _c.View with { Epoch = new Epoch(2), Primary = _c.View.Servers[1], History = [new Gtid(0, 1, 100)] };
        Assert.Equal(ResultValidity.NotYet, Judge(result));
        Log.Begin(RoutedCluster.Of("0-1-100"));
        Assert.Equal(ResultValidity.Invalid, Judge(result));
    }

    [Fact]
    public void Who_is_behind_what_the_log_remembers_fills_nothing()
    {
        Log.Begin(RoutedCluster.Of("0-1-101"));
        Assert.Null(Before(2));
    }

    [Theory]
    [InlineData("eventual", CachedRouteKind.Serve)]
    [InlineData("bounded 60ms", CachedRouteKind.Serve)]
    [InlineData("bounded 15ms", CachedRouteKind.WaitForLog)]
    [InlineData("bounded 1ms", CachedRouteKind.No)] // no sample is that young
    [InlineData("monotonic", CachedRouteKind.Serve)]
    [InlineData("session", CachedRouteKind.WaitForLog)]
    [InlineData("prefix", CachedRouteKind.WaitForLog)]
    [InlineData("strong", CachedRouteKind.No)]
    public void A_kept_result_is_a_copy_at_the_logs_position(string level, CachedRouteKind kind)
    {
        // The log is known to 101; the session wrote 102, and has seen 101.
        Comes(101);
        _c.Pass(20).Sample(1, "0-1-101").Pass(30).Sample(1, "0-1-102").Pass(10);
        _c.Session.Raise(RoutedCluster.Of("0-1-101"));
        _c.Session.AfterWrite(new Gtid(0, 1, 102), _c.State(1));
        Assert.Equal(kind, Of(level).Kind);
        if (kind == CachedRouteKind.WaitForLog) Assert.Equal("0-1-102", Of(level).Needed.ToString());
        Comes(102);
        if (kind == CachedRouteKind.WaitForLog) Assert.Equal(CachedRouteKind.Serve, Of(level).Kind);
    }

    CachedRoute Of(string level) => CachedRoute.Of(_c.View, ref _c.Session, Parsed(level), Log.Changes.Extent.Position, _c.Now);
    static Level Parsed(string level) => Level.TryParse(level, out var parsed, out var error) ? parsed : throw new ArgumentException(error);

    [Fact]
    public void After_a_read_on_a_server_a_sample_has_to_say_what_it_may_have_shown()
    {
        _c.Session.AfterRead(_c.State(2), fromPrimary: false, _c.Now);
        _c.Pass(1);
        Assert.Equal(CachedRouteKind.WaitForSample, Of("monotonic").Kind);
        Assert.Equal(CachedRouteKind.Serve, Of("eventual").Kind);
        _c.Sample(2, "0-1-100", logged: "0-1-101");
        Assert.Equal((CachedRouteKind.WaitForLog, "0-1-101"), (Of("monotonic").Kind, Of("monotonic").Needed.ToString()));
        Comes(101);
        Assert.Equal(CachedRouteKind.Serve, Of("monotonic").Kind);
    }

    [Fact]
    public void A_session_whose_history_is_lost_is_answered_by_nothing_that_was_kept()
    {
        _c.Session.AfterWrite(new Gtid(0, 1, 101), _c.State(1));
        _c.View = _c.View with { Epoch = new Epoch(2), History = [new Gtid(0, 1, 100), new Gtid(0, 2, 105)] };
        Assert.Equal(CachedRouteKind.No, Of("session").Kind);
    }

    [Fact]
    public void Who_was_served_a_result_that_the_primary_does_not_show_yet_waits_for_the_primary()
    {
        // The session's own commit proves the primary; then a commit hangs on it that a replica shows, and the log has.
        Comes(101);
        _c.Session.AfterWrite(new Gtid(0, 1, 101), _c.State(1));
        Comes(102, 5);
        _c.Sample(2, "0-1-102").Sample(1, "0-1-101", logged: "0-1-102");
        var result = Finish(Before(2)!);
        _c.Pass(1).Sample(1, "0-1-101", logged: "0-1-102");
        Assert.Equal((ResultValidity.Valid, CachedRouteKind.Serve), (Judge(result), Of("session").Kind));
        _c.Session.AfterResult(result.Moment.From);
        var strong = _c.Ask("strong");
        Assert.Equal((RouteKind.Wait, RouteReason.WaitsForPrimaryToShow), (strong.Kind, strong.Reason));
        _c.Sample(1, "0-1-102");
        Assert.Equal(RouteKind.Server, _c.Ask("strong").Kind);
    }

    [Fact]
    public void Who_was_served_what_the_primary_shows_stays_proven_there()
    {
        _c.Session.AfterWrite(new Gtid(0, 1, 101), _c.State(1));
        _c.Sample(1, "0-1-103");
        _c.Session.AfterResult(RoutedCluster.Of("0-1-103"));
        Assert.Equal(RouteKind.Server, _c.Ask("strong").Kind);
    }

    [Fact]
    public void After_a_kept_result_no_copy_may_show_less()
    {
        _c.Session.AfterResult(RoutedCluster.Of("0-1-101"));
        _c.Sample(3, "0-1-101");
        Assert.Equal("db3", _c.Ask("monotonic").Server!.Id.Name);
        Assert.True(_c.Session.TryToken(_c.View, out var token));
        Assert.Equal("0-1-101", token.ToString());
    }

    [Fact]
    public void A_read_under_way_may_be_shared_by_who_needs_no_more_than_its_server_was_known_to_show()
    {
        Comes(101);
        var landed = Before(2)! with { FinishedAt = _c.Now };
        Assert.True(CachedRoute.MayTakeOver(_c.View, ref _c.Session, Level.Session, landed, _c.Now));
        Assert.False(CachedRoute.MayTakeOver(_c.View, ref _c.Session, new Level(LevelKind.Strong), landed, _c.Now));
        _c.Session.AfterWrite(new Gtid(0, 1, 101), _c.State(1));
        Assert.False(CachedRoute.MayTakeOver(_c.View, ref _c.Session, Level.Session, landed, _c.Now));
        Assert.True(CachedRoute.MayTakeOver(_c.View, ref _c.Session, new Level(LevelKind.Monotonic), landed, _c.Now));
        _c.View = _c.View with { Epoch = new Epoch(2) };
        Assert.False(CachedRoute.MayTakeOver(_c.View, ref _c.Session, new Level(LevelKind.Monotonic), landed, _c.Now));
    }
}
