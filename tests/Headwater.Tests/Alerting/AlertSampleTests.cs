using System.Diagnostics;
using Headwater.Alerting;
using Headwater.Core;
using Headwater.Core.Alerting;
using Headwater.Gateway;
using Xunit;

namespace Headwater.Tests.Alerting;

public class AlertSampleTests
{
    readonly List<AlertSample> _samples = [];
    readonly LatencyHistogram _latency = new();
    long _statements;

    Dictionary<AlertSignal, double> After(int seconds, HostTime host = default, long statements = 0, double milliseconds = 1, long errors = 0, long slow = 0, long wrong = 0)
    {
        var at = _samples.Count == 0 ? Instant.Zero : _samples[^1].At + TimeSpan.FromSeconds(seconds);
        for (var i = 0; i < statements; i++) _latency.Add((long)(milliseconds / 1000 * Stopwatch.Frequency));
        _statements += statements;
        var latency = new LatencyHistogram();
        _latency.AddTo(latency);
        _samples.Add(new AlertSample(at, host, _statements, errors, slow, wrong, latency));
        return AlertSample.Read(_samples).ToDictionary(static reading => reading.Signal, static reading => reading.Value);
    }

    [Fact]
    public void Of_the_first_look_nothing_is_said_that_takes_two() =>
        Assert.Equal([AlertSignal.WrongReads], After(0, new HostTime(5, 10), statements: 1000, errors: 1000).Keys);

    [Fact]
    public void Counters_are_read_over_the_last_minute()
    {
        After(0, new HostTime(0, 0));
        After(5, new HostTime(1000, 1000), statements: 1000, milliseconds: 900, errors: 500, slow: 70);
        // The minute begins behind what was bad.
        After(60, new HostTime(1000, 7000), statements: 1000, errors: 500, slow: 70);
        var now = After(5, new HostTime(1250, 7500), statements: 1000, errors: 520, slow: 71);
        Assert.Equal(50, now[AlertSignal.HostCpu]);
        Assert.Equal(2, now[AlertSignal.Errors]);
        Assert.Equal(1, now[AlertSignal.SlowStatements]);
        Assert.InRange(now[AlertSignal.StatementLatency], 0.0009, 0.0012);
    }

    [Fact]
    public void A_few_errors_and_a_few_slow_statements_are_no_share()
    {
        After(0, new HostTime(0, 0));
        var now = After(5, new HostTime(1, 10), statements: 9, milliseconds: 5000, errors: 9);
        Assert.Equal(0, now[AlertSignal.Errors]);
        Assert.Equal(0, now[AlertSignal.StatementLatency]);
    }

    [Fact]
    public void Wrong_reads_are_remembered_for_ten_minutes()
    {
        After(0);
        After(5, wrong: 1);
        for (var minute = 0; minute < 9; minute++) Assert.Equal(1, After(60, wrong: 1)[AlertSignal.WrongReads]);
        After(60, wrong: 1);
        Assert.Equal(0, After(60, wrong: 1)[AlertSignal.WrongReads]);
    }

    [Theory]
    [InlineData("cpu  100 10 20 500 50 5 5 10 3 0", 150, 700)]
    [InlineData("cpu0 100 10 20 500 50 5 5 10 3 0", null, null)]
    [InlineData("cpu  100 10", null, null)]
    public void The_kernel_counts_what_was_idle_and_what_waited(string line, int? busy, int? total) =>
        Assert.Equal(busy is null ? null : new HostTime(busy.Value, total!.Value), Machine.Parse(line));
}
