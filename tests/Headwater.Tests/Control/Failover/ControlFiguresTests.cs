using Headwater.Control.Failover;
using Headwater.Core;
using Headwater.Core.Failover;
using Headwater.Core.Topology;
using Xunit;

namespace Headwater.Tests.Control.Failover;

/// <summary>How long changes of the primary took, as metrics tell it.</summary>
public class ControlFiguresTests
{
    static Instant At(double seconds) => new(TimeSpan.TicksPerMinute + (long)(seconds * TimeSpan.TicksPerSecond));

    static readonly WatchedServer _db1 = new(new ServerId("db1"), new ServerAddress("db1", 3306));

    static readonly ClusterView _view = new()
    {
        Cluster = "shop",
        Servers = [new ServerView { State = new ServerState(_db1.Id, 1), Address = _db1.Address, Reason = "", LastAnswer = new Observation { Server = _db1, AskedAt = At(9.9), AnsweredAt = At(10), Outcome = ProbeOutcome.Answered } }],
    };

    static ControlRecord Record(string primary, ChangeKind? kind = null) => new()
    {
        Primary = new ServerId(primary),
        Change = kind is { } change ? new Change { Kind = change, From = _db1.Id, Step = ChangeStep.Fencing, Proof = ["why"] } : null,
    };

    static ControlFigures Told(params (double Seconds, ControlRecord Record)[] looks)
    {
        var figures = new ControlFigures();
        var before = Record("db1");
        foreach (var (seconds, record) in looks)
        {
            figures = figures.After(before, record, _view, At(seconds));
            before = record;
        }
        return figures;
    }

    [Fact]
    public void A_failover_is_timed_from_the_last_answer_on()
    {
        var figures = Told((11.2, Record("db1", ChangeKind.Failover)), (11.4, Record("db2", ChangeKind.Failover)), (11.7, Record("db2")));
        Assert.Equal((1, 0, 0), (figures.Failovers, figures.Switchovers, figures.Undone));
        Assert.Equal((1.2, 0.5, 1.7), (figures.Detection.Seconds, figures.Promotion.Seconds, figures.Outage.Seconds));
        Assert.Equal(0, figures.Handover.Count);
    }

    [Fact]
    public void A_switchover_is_timed_from_its_beginning_and_what_is_undone_is_only_counted()
    {
        var figures = Told((20, Record("db1", ChangeKind.Switchover)), (20.25, Record("db2")), (30, Record("db1", ChangeKind.Failover)), (33, Record("db1")));
        Assert.Equal((0, 1, 1), (figures.Failovers, figures.Switchovers, figures.Undone));
        Assert.Equal((0.25, 1, 0), (figures.Handover.Seconds, figures.Detection.Count, figures.Outage.Count));
    }
}
