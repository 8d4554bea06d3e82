using System.Diagnostics;
using Headwater.Control;
using Headwater.Core;

namespace Headwater.Verify;

/// <summary>What has been read so far. Replicas are read at the same time, so it is shared.</summary>
sealed class VerifyProgress(TimeProvider time)
{
    readonly Lock _lock = new();
    readonly long _start = time.GetTimestamp();
    long _rows, _pausedTicks;
    string _doing = "the servers are being looked at", _pause = "";
    TablesAhead _ahead;
    Pace? _pace;

    public TimeSpan Elapsed => time.GetElapsedTime(_start);
    public TimeSpan Paused => TimeSpan.FromTicks(Interlocked.Read(ref _pausedTicks));

    public Underway Now
    {
        get
        {
            lock (_lock) return At();
        }
    }

    /// <param name="estimates">How many rows each table may have.</param>
    public void Expect(IEnumerable<long> estimates) => Note(() => (_ahead, _pace) = (TablesAhead.Of(estimates), Pace.Begin(WorkUnit.Rows, time.Now())));

    public void Begin(string table, long estimate) => Note(() =>
    {
        _doing = $"{table} is being compared";
        _ahead = _ahead.Next(_rows, estimate);
        _pace = _pace?.Guess(_ahead.All(_rows));
    });

    /// <summary>What was not the same is looked at once more.</summary>
    public void Examine(string table) => Note(() => _doing = $"what differs in {table} is being looked at again");

    public void Read(long rows) => Note(() =>
    {
        _rows += rows;
        _pace = _pace?.At(_rows, time.Now()).Guess(_ahead.All(_rows));
    });

    /// <summary>Why nothing is read at the moment; empty: it goes on.</summary>
    public void Pause(string why) => Note(() => _pause = why);

    public void WasPaused(TimeSpan time) => Interlocked.Add(ref _pausedTicks, time.Ticks);

    Underway At() => new(_pause.Length > 0 ? $"{_doing}; paused: {_pause}" : _doing, _pace);

    void Note(Action change)
    {
        lock (_lock) change();
    }

    /// <summary>Waits in a pause; true time counts.</summary>
    public async Task RestAsync(TimeSpan length, CancellationToken ct)
    {
        var from = Stopwatch.GetTimestamp();
        await Task.Delay(length, time, ct);
        WasPaused(Stopwatch.GetElapsedTime(from));
    }
}
