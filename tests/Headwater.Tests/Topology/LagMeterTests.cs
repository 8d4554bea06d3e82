using Headwater.Core;
using Headwater.Core.Positions;
using Headwater.Core.Topology;

namespace Headwater.Tests.Topology;

public class LagMeterTests
{
    static readonly Instant Start = new(55_000_000_000);

    [Fact]
    public void A_replica_that_stands_still_falls_behind_for_as_long_as_the_primary_writes()
    {
        var meter = new LagMeter();
        var (primary, replica) = (new PositionTimeline(), new PositionTimeline());
        Add(replica, 0, 1);
        Add(primary, 0, 1);
        meter.Record(primary.Latest!);
        Assert.Equal(TimeSpan.Zero, meter.Lag(replica, primary, At(0)));
        // Ten minutes of writes, ten times a second: far more than a timeline remembers.
        for (var i = 1; i <= 6000; i++)
        {
            Add(primary, i * 100, 1 + (ulong)i);
            meter.Record(primary.Latest!);
        }
        var lag = meter.Lag(replica, primary, At(600_000))!.Value;
        Assert.InRange(lag.TotalSeconds, 598.5, 600);
        Add(replica, 600_000, 3001);
        Assert.InRange(meter.Lag(replica, primary, At(600_000))!.Value.TotalSeconds, 298.5, 300);
        Add(replica, 600_001, 6001);
        Assert.Equal(TimeSpan.Zero, meter.Lag(replica, primary, At(600_001)));
    }

    [Fact]
    public void Nothing_is_said_of_a_replica_that_was_never_sampled()
    {
        var primary = new PositionTimeline();
        Add(primary, 0, 1);
        Assert.Null(new LagMeter().Lag(new PositionTimeline(), primary, At(5)));
    }

    static Instant At(int milliseconds) => Start + TimeSpan.FromMilliseconds(milliseconds);
    static void Add(PositionTimeline timeline, int milliseconds, ulong sequence) => timeline.Add(new PositionSample(At(milliseconds), At(milliseconds), new Position(new Gtid(0, 1, sequence))));
}
