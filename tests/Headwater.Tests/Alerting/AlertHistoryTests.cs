using Headwater.Core;
using Headwater.Core.Alerting;
using Headwater.Core.Failover;
using Xunit;

namespace Headwater.Tests.Alerting;

public class AlertHistoryTests
{
    static readonly DateTimeOffset Noon = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);
    static readonly AlertRule Lag = new(AlertSignal.Lag, "lag", Severity.Warning, Above: true, TimeSpan.FromSeconds(30), 10), Disk = new(AlertSignal.DiskFree, "disk-free", Severity.Critical, Above: false, TimeSpan.FromSeconds(30), 10);
    readonly AlertWatch _watch = new();
    AlertHistory _history = new(3);

    void Look(int second, params Reading[] readings)
    {
        var now = Instant.Zero + TimeSpan.FromSeconds(second);
        var changes = _watch.Judge([Lag, Disk], readings, now);
        _history = _history.After(changes, _watch.Firing, now, Noon.AddSeconds(second));
    }

    static Reading Behind(string server, double seconds) => new(AlertSignal.Lag, server, seconds);

    [Fact]
    public void What_was_amiss_is_remembered_from_its_beginning_to_its_end_at_its_worst()
    {
        Look(0, Behind("db2", 12));
        Assert.Empty(_history.Episodes);
        Look(30, Behind("db2", 14));
        Look(35, Behind("db2", 40));
        Look(40, Behind("db2", 20));
        Assert.Equal(new AlertEpisode(Lag, "db2", Noon, null, 40), Assert.Single(_history.Episodes));
        Look(45, Behind("db2", 1));
        Look(75, Behind("db2", 1));
        Assert.Equal(new AlertEpisode(Lag, "db2", Noon, Noon.AddSeconds(75), 40), Assert.Single(_history.Episodes));
        Assert.Equal("db2 is 40 s behind (limit 10 s for 30 s)", _history.Episodes[0].Sentence);
    }

    [Fact]
    public void Where_little_is_amiss_the_least_is_the_worst()
    {
        Look(0, new Reading(AlertSignal.DiskFree, "/data", 5));
        Look(30, new Reading(AlertSignal.DiskFree, "/data", 3));
        Look(35, new Reading(AlertSignal.DiskFree, "/data", 7));
        Assert.Equal(3, _history.Episodes[0].Worst);
    }

    [Fact]
    public void Of_what_is_over_only_the_last_are_kept_and_what_stands_is_never_forgotten()
    {
        Look(0, Behind("stands", 99));
        Look(30, Behind("stands", 99));
        for (var round = 1; round <= 5; round++)
        {
            Look(100 * round, Behind("stands", 99), Behind($"db{round}", 20));
            Look(100 * round + 30, Behind("stands", 99), Behind($"db{round}", 20));
            Look(100 * round + 35, Behind("stands", 99));
        }
        Assert.Equal(["stands", "db4", "db5"], _history.Episodes.Select(static one => one.Subject));
        Assert.Equal([false, true, true], _history.Episodes.Select(static one => one.Ended is not null));
    }

    [Fact]
    public void Whether_people_were_told_is_said_of_the_one_that_began_last()
    {
        Look(0, Behind("db2", 20));
        Look(30, Behind("db2", 20));
        Look(35);
        Look(40, Behind("db2", 20));
        Look(70, Behind("db2", 20));
        _history = _history.Told(AlertSignal.Lag, "db2", AlertTold.Failed).Told(AlertSignal.Lag, "db9", AlertTold.Told);
        Assert.Equal([AlertTold.Nobody, AlertTold.Failed], _history.Episodes.Select(static one => one.Told));
    }
}
