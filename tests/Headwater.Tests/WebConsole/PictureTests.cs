using System.Text.Json;
using Headwater.Control.Failover;
using Headwater.Core;
using Headwater.Core.Alerting;
using Headwater.Core.Failover;
using Headwater.Core.Rebuild;
using Headwater.Core.Topology;
using Headwater.Gateway;
using Headwater.Http;
using Headwater.WebConsole;
using Xunit;
using Views = Headwater.Tests.Http.Views;

namespace Headwater.Tests.WebConsole;

public sealed class PictureTests
{
    static SessionFigures Held(long milliseconds) => new(18, "application", "127.0.0.1", "app", "session", "db1", milliseconds, "temporary table basket", null, null, 90);

    static AuditJson Audit(params AuditFindingJson[] findings) => new("zero", findings.Length == 0, findings, []);

    [Fact]
    public void Of_a_healthy_cluster_there_is_nothing_to_say()
    {
        var view = Views.OfThree();
        view = view with { Servers = [view.Servers[0], view.Servers[1]] };
        Assert.Empty(Attention.Of(view, [], new ControlRecord(), Audit(), [Held(300)]));
    }

    [Fact]
    public void What_is_planted_is_told_with_its_cause_and_what_mends_it_gravest_first()
    {
        var view = Views.OfThree();
        var broken = view.Servers[2] with
        {
            LastAnswer = new Observation
            {
                Server = new WatchedServer(view.Servers[2].Id, view.Servers[2].Address),
                AskedAt = default,
                AnsweredAt = default,
                Links = [new ReplicationLink { SourceHost = "db1", SourcePort = 3306, Error = "Duplicate entry '7' for key 'PRIMARY'" }],
            },
        };
        view = view with { Servers = view.Servers.SetItem(2, broken) };
        var told = Attention.Of(view, [new Finding("replica-broken", broken.Id, "db3 has stopped"), new Finding("rebuild", broken.Id, "db3 cannot apply what it receives; headwater rebuild db3 makes it anew")], new ControlRecord(),
            Audit(new AuditFindingJson("breaks", "db2", "sync_binlog", "is 0: a crash takes commits", "SET GLOBAL sync_binlog = 1")), [Held(18_000)]);
        Assert.Equal(["replica-broken", "setting", "held"], told.Select(static one => one.Kind));
        Assert.Equal(("critical", "db3", "headwater rebuild db3"), (told[0].Severity, told[0].Server, told[0].Mend));
        Assert.Contains("Duplicate entry '7'", told[0].Sentence);
        Assert.Equal("sync_binlog on db2 is 0: a crash takes commits. This breaks the promise.", told[1].Sentence);
        Assert.Equal("SET GLOBAL sync_binlog = 1", told[1].Mend);
        Assert.Contains("temporary table basket", told[2].Sentence);
    }

    [Fact]
    public void Nobody_to_write_to_comes_before_everything_else()
    {
        var view = Views.OfThree() with { Primary = null, Reason = "db1 is down" };
        Assert.Equal("no-primary", Attention.Of(view, [], new ControlRecord { Paused = true }, null, [])[0].Kind);
    }

    [Fact]
    public void What_was_answered_wrongly_comes_before_what_is_amiss_by_a_rule()
    {
        var wrong = new ViolationsJson(2, new ReadFindingJson("violated", DateTimeOffset.UnixEpoch, "db2", "session", "only_copy", "0-1-5", "select v from t where id=?", "", "db2 answered for 0-1-5, the primary answers otherwise", 2));
        var view = Views.OfThree();
        view = view with { Servers = [view.Servers[0], view.Servers[1]] };
        var disk = new FiringAlert(AlertRules.Of(AlertSignal.DiskFree), "/var/lib/headwater", Instant.Zero, 3);
        Assert.Equal(["wrong-reads", "alert disk-free /var/lib/headwater"], Attention.Of(view, [], new ControlRecord(), null, [], alerts: [disk], violations: wrong).Select(static one => one.Kind));
    }

    [Fact]
    public void Long_work_says_what_it_is_at_and_how_far_it_has_come_and_that_is_nothing_amiss()
    {
        var view = Views.OfThree();
        view = view with { Servers = [view.Servers[0], view.Servers[1]] };
        var pace = Pace.Begin(WorkUnit.Rows, Instant.Zero).Guess(1000).At(200, Instant.Zero + TimeSpan.FromSeconds(2));
        var finding = new Finding(RebuildReport.Progress, new ServerId("db2"), "db2: shop.orders is being copied: 200 of about 1,000 rows") { Underway = new Underway("shop.orders is being copied", pace) };
        var told = Assert.Single(Attention.Of(view, [finding], new ControlRecord(), null, [], now: Instant.Zero + TimeSpan.FromSeconds(2)));
        Assert.Equal(("info", "db2", "shop.orders is being copied."), (told.Severity, told.Server, told.Sentence));
        Assert.Equal((200, 1000, 100.0, 8.0), (told.Progress!.Done, told.Progress.Of, told.Progress.PerSecond, told.Progress.RemainingSeconds));
    }

    [Fact]
    public void History_keeps_the_last_rows_by_columns_and_says_null_for_what_it_does_not_know()
    {
        var history = new History(3);
        history.Add(1, [("reads", 1)]);
        history.Add(2, [("reads", 2.5)]);
        history.Add(3, [("reads", 3), ("server.\"db1\".lag", double.NaN)]);
        history.Add(4, [("reads", 4), ("server.\"db1\".lag", 7)]);
        using var json = JsonDocument.Parse(history.ToJson());
        Assert.Equal([2, 3, 4], json.RootElement.GetProperty("at").EnumerateArray().Select(static at => at.GetInt32()));
        Assert.Equal("[2.5,3,4]", json.RootElement.GetProperty("columns").GetProperty("reads").GetRawText());
        Assert.Equal("[null,null,7]", json.RootElement.GetProperty("columns").GetProperty("server.\"db1\".lag").GetRawText());
    }

    [Fact]
    public void Views_that_say_the_same_are_one()
    {
        var views = new ViewHistory(TimeProvider.System);
        var view = Views.OfThree();
        Assert.True(views.Add(view));
        Assert.False(views.Add(view with { Version = 10 }));
        Assert.True(views.Add(view with { Version = 11, Servers = view.Servers.SetItem(1, view.Servers[1] with { Health = ServerHealth.Down, Reason = "nobody listens there" }) }));
        Assert.Equal(["db2 is replica, down: nobody listens there"], views.Newest()[0].Sentences);
    }
}
