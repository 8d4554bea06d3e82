using System.Diagnostics;
using Headwater.Bench.Audit;

namespace Headwater.IntegrationTests.Audit;

/// <summary>What the audit demands of a read, without servers.</summary>
public sealed class CheckerTests
{
    static readonly AskedLevel _session = Level(LevelKind.Session), _monotonic = Level(LevelKind.Monotonic), _strong = Level(LevelKind.Strong);
    readonly Register _one = new(), _two = new();
    readonly Knowledge _knowledge = new(2);

    [Fact]
    public void A_session_must_read_what_it_wrote()
    {
        _knowledge.Wrote(0, _one, Write(_one));
        Assert.Equal(1, Oldest(_session, 0, _one));
        Assert.Equal(0, Oldest(_monotonic, 0, _one));
    }

    [Fact]
    public void What_was_read_must_not_disappear_again()
    {
        Write(_one);
        _knowledge.Read(0, _one, Write(_one));
        Assert.Equal(2, Oldest(_monotonic, 0, _one));
        Assert.Equal(2, Oldest(_session, 0, _one));
    }

    [Fact]
    public void Who_has_read_a_version_must_see_all_that_was_acknowledged_before_it_was_sent()
    {
        Write(_two);
        Write(_two);
        _knowledge.Read(0, _one, Write(_one));
        Write(_two);
        Assert.Equal(2, Oldest(_monotonic, 1, _two));
    }

    [Fact]
    public void Of_a_write_whose_outcome_is_unknown_nothing_is_demanded()
    {
        Write(_one);
        _one.Attempt();
        Assert.Equal(1, Oldest(_strong, 0, _one));
        Assert.Equal(2, _one.Attempted);
        Write(_one);
        Assert.Equal(3, Oldest(_strong, 0, _one));
    }

    [Fact]
    public void Bounded_demands_what_was_acknowledged_before_the_bound()
    {
        Write(_one);
        var between = Stopwatch.GetTimestamp();
        Write(_one);
        Assert.Equal(1, _one.LastAcknowledgedBefore(between));
        Assert.Equal(0, Oldest(Level(LevelKind.Bounded, TimeSpan.FromHours(1)), 0, _one));
        Assert.Equal(2, Oldest(Level(LevelKind.Bounded, TimeSpan.Zero), 0, _one));
    }

    [Fact]
    public void More_versions_than_are_remembered_never_make_a_demand_that_was_not_written()
    {
        var before = Stopwatch.GetTimestamp();
        for (var i = 0; i < 10_000; i++) Write(_one);
        Assert.Equal(0, _one.LastAcknowledgedBefore(before));
        Assert.Equal(10_000, _one.LastAcknowledgedBefore(Stopwatch.GetTimestamp()));
    }

    static AskedLevel Level(LevelKind kind, TimeSpan bound = default) => new(kind, $"{kind}", "", bound);

    static long Write(Register register)
    {
        var version = register.Attempt();
        register.Acknowledge(version);
        // The clock's next tick: a test's two writes must not fall into one.
        var now = Stopwatch.GetTimestamp();
        while (Stopwatch.GetTimestamp() == now)
        {
        }
        return version;
    }

    long Oldest(AskedLevel level, int key, Register register) => _knowledge.Oldest(level, key, register, Stopwatch.GetTimestamp());
}
