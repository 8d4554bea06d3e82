using Headwater.Control.Failover;
using Headwater.Control.Handover;
using Headwater.Control.Lease;
using Headwater.Core;
using Headwater.Core.Failover;
using Headwater.Core.Topology;

namespace Headwater.Tests.Handover;

/// <summary>What a controller and the process before it know of each other.</summary>
public sealed class TwoProcessesTests
{
    readonly MovedClock _time = new();

    [Fact]
    public void A_predecessor_that_has_said_nothing_may_have_anything_open_and_one_that_is_gone_nothing()
    {
        var predecessor = new Predecessor(_time, static (_, _) => { });
        predecessor.Tell(new ControlRecord());
        predecessor.Tell(new ControlRecord { Paused = true });
        Assert.Equal(int.MaxValue, predecessor.OpenWrites);
        predecessor.Heard(new Peer("old", "", Holds: 1, OpenWrites: 1, Sees: 2));
        Assert.Equal(int.MaxValue, predecessor.OpenWrites);
        predecessor.Heard(new Peer("old", "", Holds: 2, OpenWrites: 1, Sees: 2));
        Assert.Equal(1, predecessor.OpenWrites);
        predecessor.Tell(new ControlRecord());
        Assert.Equal(int.MaxValue, predecessor.OpenWrites);
        predecessor.Gone();
        Assert.Equal(0, predecessor.OpenWrites);
    }

    [Fact]
    public void A_predecessor_is_told_what_is_new_at_once_and_else_a_sign_of_life_each_second()
    {
        var told = new List<long>();
        var predecessor = new Predecessor(_time, (_, revision) => told.Add(revision));
        var (record, next) = (new ControlRecord(), new ControlRecord { Paused = true });
        predecessor.Tell(record);
        predecessor.Tell(record);
        predecessor.Tell(next);
        Assert.Equal([1, 2], told);
        _time.Advance(TimeSpan.FromSeconds(1));
        predecessor.Tell(next);
        Assert.Equal([1, 2, 2], told);
    }

    [Fact]
    public void A_successor_is_followed_by_revision_and_is_silent_after_five_seconds()
    {
        var heard = 0;
        var successor = new Successor("process 7", _time, static _ => { });
        ILease lease = successor;
        _time.Advance(Successor.SilentAfter); // it may be long until what is under way has ended
        successor.Begin(cutOff: false, () => heard++);
        Assert.False(lease.Current.Leadership.MayAct(Now));
        Assert.False(lease.Current.Leadership.IsCutOff(Now));
        Assert.Null(lease.Current.Record);

        successor.Heard(RecordLine.Of(new ControlRecord { Primary = new ServerId("db2") }), 5);
        successor.Heard(RecordLine.Of(new ControlRecord { Primary = new ServerId("db1") }), 4);
        Assert.Equal("db2", lease.Current.Record!.Primary!.Value.Name);
        Assert.Equal(2, heard);

        _time.Advance(Successor.SilentAfter);
        Assert.True(lease.Current.Leadership.IsCutOff(Now));
        Assert.False(lease.Current.Leadership.MayAct(Now));
        Assert.Equal("process 7", lease.Teller);
    }

    [Fact]
    public void Who_was_cut_off_before_is_cut_off_until_the_successor_is_heard()
    {
        var successor = new Successor("process 7", _time, static _ => { });
        ILease lease = successor;
        successor.Begin(cutOff: true, static () => { });
        Assert.True(lease.Current.Leadership.IsCutOff(Now));
        successor.Heard(RecordLine.Of(new ControlRecord()), 1);
        Assert.False(lease.Current.Leadership.IsCutOff(Now));
    }

    [Fact]
    public void A_successor_is_told_of_this_process_when_that_differs()
    {
        var told = new List<Peer>();
        ILease lease = new Successor("process 7", _time, told.Add);
        lease.Tell(0, 0, 3);
        lease.Tell(0, 0, 3);
        lease.Tell(6, 2, 3);
        Assert.Equal([(0, 0), (6, 2)], told.Select(static peer => ((int)peer.Holds, peer.OpenWrites)));
    }

    sealed class MovedClock : TimeProvider
    {
        long _ticks = TimeSpan.TicksPerHour;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }

    Instant Now => Headwater.Control.MonotonicClock.Now(_time);
}
