using Headwater.Core;

namespace Headwater.Control;

/// <summary>
/// How long to wait before the next sample: short for a while after somebody asked, doubling towards the idle pace otherwise.
/// A position that nobody waits for costs next to nothing, however fast it moves, and the first demand wakes it at once.
/// </summary>
sealed class SampleRhythm
{
    static readonly TimeSpan LivelyFor = TimeSpan.FromSeconds(1);
    readonly TimeSpan _busy, _idle;
    Instant _demandedAt = Instant.Zero - TimeSpan.FromHours(1);

    public SampleRhythm(TimeSpan busy, TimeSpan idle)
    {
        _busy = busy;
        _idle = idle;
        Pause = busy;
    }

    public TimeSpan Pause { get; private set; }

    public void After(bool demanded, Instant now)
    {
        if (demanded) _demandedAt = now;
        if (demanded || now - _demandedAt < LivelyFor) Pause = _busy;
        else Pause = Pause * 2 < _idle ? Pause * 2 : _idle;
    }
}
