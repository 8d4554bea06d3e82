using System.Globalization;

namespace Headwater.Core.Rebuild;

/// <summary>How far a copy has come. Numbers of rows and bytes to expect are the server's estimates.</summary>
public readonly record struct CopyProgress(string Doing, long Rows, long Bytes, long ExpectedRows, TimeSpan Elapsed, string Pause = "")
{
    public override string ToString()
    {
        if (Rows == 0 && Pause.Length == 0) return Doing;
        var seconds = Elapsed.TotalSeconds;
        var rate = seconds > 0 ? Rows / seconds : 0;
        // Estimates never say that all is done.
        var share = ExpectedRows > 0 ? string.Create(CultureInfo.InvariantCulture, $"about {Math.Min(99, 100 * Rows / ExpectedRows)} %, ") : "";
        var left = rate > 0 && ExpectedRows > Rows ? $", about {Show(TimeSpan.FromSeconds((ExpectedRows - Rows) / rate))} left" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{Doing}: {share}{Rows:N0} rows, {Bytes / 1e6:N0} MB, {rate:N0} rows/s{left}{(Pause.Length > 0 ? $"; paused: {Pause}" : "")}");
    }

    static string Show(TimeSpan time) => time.TotalMinutes >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:0} min") : string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0} s");
}
