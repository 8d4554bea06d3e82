namespace Headwater.Control.Rebuild;

/// <summary>
/// Reading rests while the source lags: others read there too. It rests half of the time at most, for a lag may have other causes, and a snapshot that is held
/// for long costs the source as well.
/// </summary>
/// <param name="lag">Of the source as it is known now; null for a primary, and while it is not known.</param>
sealed class CopyThrottle(Func<TimeSpan?> lag, TimeProvider time)
{
    static readonly TimeSpan Most = TimeSpan.FromSeconds(2), Step = TimeSpan.FromMilliseconds(100);
    readonly long _began = time.GetTimestamp();

    public TimeSpan Paused { get; private set; }

    /// <summary>True when it has rested.</summary>
    public async ValueTask<bool> PauseAsync(Action<string> tell, CancellationToken ct)
    {
        if (lag() is not { } behind || behind < Most) return false;
        tell(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"the source is {behind.TotalSeconds:0.0} s behind"));
        while (lag() is { } still && still >= Most / 2 && Paused < time.GetElapsedTime(_began) / 2)
        {
            var from = time.GetTimestamp();
            await Task.Delay(Step, time, ct);
            Paused += time.GetElapsedTime(from);
        }
        return true;
    }
}
