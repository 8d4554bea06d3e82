using System.Diagnostics;
using System.Globalization;

namespace Headwater.Verify;

/// <summary>What has been read so far, and a line about it on a terminal. Replicas are read at the same time, so it is shared.</summary>
sealed class VerifyProgress(TextWriter? line, TimeProvider time)
{
    static readonly TimeSpan Between = TimeSpan.FromMilliseconds(250);
    readonly Lock _lock = new();
    readonly long _start = time.GetTimestamp();
    long _shown, _rows, _expected, _pausedTicks;
    string _table = "", _pause = "";
    int _width;

    public TimeSpan Elapsed => time.GetElapsedTime(_start);
    public TimeSpan Paused => TimeSpan.FromTicks(Interlocked.Read(ref _pausedTicks));

    public void Expect(long rows) => _expected = rows;

    public void Begin(string table) => Note(() => _table = table);

    public void Read(long rows) => Note(() => _rows += rows);

    /// <summary>Why nothing is read at the moment; empty: it goes on.</summary>
    public void Pause(string why) => Note(() => _pause = why);

    public void WasPaused(TimeSpan time) => Interlocked.Add(ref _pausedTicks, time.Ticks);

    /// <summary>Takes the line away, for what is printed next.</summary>
    public void Clear()
    {
        if (line is null) return;
        line.Write("\r" + new string(' ', _width) + "\r");
        _width = 0;
    }

    void Note(Action change)
    {
        lock (_lock)
        {
            change();
            if (line is null || _shown != 0 && time.GetElapsedTime(_shown) < Between) return;
            _shown = time.GetTimestamp();
            var text = Line(_table, _rows, _expected, Elapsed, _pause);
            line.Write("\r" + text.PadRight(_width));
            _width = text.Length;
        }
    }

    internal static string Line(string table, long rows, long expected, TimeSpan elapsed, string pause)
    {
        var rate = elapsed.TotalSeconds > 0 ? rows / elapsed.TotalSeconds : 0;
        // Row counts of the catalogue are estimates, so the share is one too, and never says that all is done.
        var share = expected > 0 ? $"about {Math.Min(99, 100 * rows / expected).ToString(CultureInfo.InvariantCulture)} %, " : "";
        var left = rate > 0 && expected > rows ? $", about {Show(TimeSpan.FromSeconds((expected - rows) / rate))} left" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{table}: {share}{rows:N0} rows, {rate:N0} rows/s{left}{(pause.Length > 0 ? $"; paused: {pause}" : "")}");
    }

    static string Show(TimeSpan time) => time.TotalMinutes >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:0} min") : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0} s");

    /// <summary>Waits in a pause; true time counts.</summary>
    public async Task RestAsync(TimeSpan length, CancellationToken ct)
    {
        var from = Stopwatch.GetTimestamp();
        await Task.Delay(length, time, ct);
        WasPaused(Stopwatch.GetElapsedTime(from));
    }
}
