using Headwater.Core;
using Headwater.Core.Positions;
using Xunit;

namespace Headwater.Tests.Positions;

public class PositionTimelineTests
{
    static PositionSample At(long ticks) => new(new Instant(ticks), new Instant(ticks + 3), new Position(new Gtid(0, 1, (ulong)ticks)));

    [Fact]
    public void The_first_sample_asked_since_is_the_one_a_scan_of_all_finds()
    {
        for (var seed = 1UL; seed <= 200; seed++)
        {
            var random = new Seeded(seed);
            var timeline = new PositionTimeline();
            var all = new List<PositionSample>();
            var at = 0L;
            for (var n = random.Below(700); n >= 0; n--)
            {
                at += random.Below(4); // several may be asked at one instant
                all.Add(At(at));
                timeline.Add(all[^1]);
            }
            var remembered = all.TakeLast(PositionTimeline.Capacity - 1).ToList();
            Assert.Equal(remembered.Count, timeline.Count);
            for (var probe = 0; probe < 40; probe++)
            {
                var since = new Instant(random.Below((int)at + 3));
                Assert.True(ReferenceEquals(remembered.Find(s => s.AskedAt >= since), timeline.FirstAskedSince(since)), $"seed {seed}, since {since.Ticks}");
            }
            Assert.Same(all[^1], timeline.Latest);
            Assert.Equal(remembered.AsEnumerable().Reverse(), timeline.NewestFirst());
        }
    }

    [Fact]
    public void An_empty_timeline_knows_nothing()
    {
        var timeline = new PositionTimeline();
        Assert.Null(timeline.Latest);
        Assert.Null(timeline.FirstAskedSince(Instant.Zero));
        Assert.Null(timeline.Back(0));
        Assert.True(timeline.Applied.IsEmpty);
    }

    [Fact]
    public void A_reader_that_is_overtaken_by_the_writer_never_gets_a_sample_asked_before()
    {
        var timeline = new PositionTimeline();
        timeline.Add(At(1));
        var stop = false;
        long written = 1;
        var writer = new Thread(() =>
        {
            for (var n = 2L; !Volatile.Read(ref stop); n++)
            {
                timeline.Add(At(n));
                Volatile.Write(ref written, n);
            }
        });
        writer.Start();
        var random = new Seeded(7);
        try
        {
            for (var i = 0; i < 300_000; i++)
            {
                var newest = Volatile.Read(ref written);
                var since = Math.Max(1, newest - random.Below(300));
                var found = timeline.FirstAskedSince(new Instant(since));
                Assert.NotNull(found);
                Assert.True(found.AskedAt.Ticks >= since);
                Assert.Equal((ulong)found.AskedAt.Ticks, found.Position.SequenceOf(0));
            }
        }
        finally
        {
            Volatile.Write(ref stop, true);
            writer.Join();
        }
    }

    [Fact]
    public void A_logged_position_is_visible_once_a_later_snapshot_reaches_the_end_read_after_it()
    {
        var proof = new VisibleProof();
        static LogPlace In(string file, long offset) => new(file, offset);
        var p = Topology.ProbedCluster.Position;
        Assert.Equal("0-1-5", proof.Add(p("0-1-5"), In("b.000001", 1092), In("b.000001", 1092)).ToString());
        // as measured: the commit hangs for its acknowledgement
        Assert.Equal("0-1-5", proof.Add(p("0-1-6"), In("b.000001", 1292), In("b.000001", 1092)).ToString());
        Assert.Equal("0-1-5", proof.Add(p("0-1-7"), In("b.000001", 1500), In("b.000001", 1092)).ToString());
        Assert.Equal("0-1-6", proof.Add(p("0-1-7"), In("b.000001", 1500), In("b.000001", 1292)).ToString());
        // the log was rotated while 8 hung: the place is the new file's name with the old file's offset, as measured, and proves nothing
        Assert.Equal("0-1-6", proof.Add(p("0-1-8"), In("b.1000000", 334), In("b.1000000", 1700)).ToString());
        Assert.Equal("0-1-6", proof.Add(p("0-1-9"), In("b.1000000", 500), In("b.1000000", 1700)).ToString());
        Assert.Equal("0-1-9", proof.Add(p("0-1-9"), In("b.1000000", 500), In("b.1000000", 500)).ToString());
        Assert.Equal("0-1-9", proof.Add(p("0-1-10"), In("b.1000000", 700), In("b.1000000", 500)).ToString());
        Assert.Equal("0-1-10", proof.Add(p("0-1-11"), In("b.1000000", 900), In("b.1000000", 700)).ToString());
        Assert.False(In("b.000009", 9).Reaches(In("b.000010", 4)));
    }
}
