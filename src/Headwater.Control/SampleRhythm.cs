namespace Headwater.Control;

/// <summary>
/// How long to wait before the next sample: short while the position moves or somebody asked, doubling towards the idle pace otherwise.
/// A position that nobody writes to and nobody waits for costs next to nothing, and the first demand wakes it at once.
/// </summary>
sealed class SampleRhythm
{
    readonly TimeSpan _busy, _idle;

    public SampleRhythm(TimeSpan busy, TimeSpan idle)
    {
        _busy = busy;
        _idle = idle;
        Pause = busy;
    }

    public TimeSpan Pause { get; private set; }

    public void After(bool moved, bool demanded)
    {
        if (moved || demanded) Pause = _busy;
        else Pause = Pause * 2 < _idle ? Pause * 2 : _idle;
    }
}
