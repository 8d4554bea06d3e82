using Headwater.Control.Failover;
using Headwater.Core.Failover;

namespace Headwater.Control.Handover;

/// <summary>
/// The process from which this one has taken over, as long as it has sessions. It follows this one's record, and a planned change of the primary waits until what it had open
/// there is done.
/// </summary>
/// <param name="tell">Tells the predecessor; called from the watcher's loop, must not block.</param>
public sealed class Predecessor(TimeProvider time, Action<RecordLine, long> tell)
{
    static readonly TimeSpan SignOfLifeEvery = TimeSpan.FromSeconds(1);
    Peer? _heard;
    volatile bool _gone;
    ControlRecord? _told;
    Core.Instant _toldAt;
    long _revision;
    Action? _changed;

    /// <summary>What it says of itself. From any thread.</summary>
    public void Heard(Peer peer)
    {
        Volatile.Write(ref _heard, peer);
        Volatile.Read(ref _changed)?.Invoke();
    }

    /// <summary>It has ended: nothing of it is open any more. From any thread.</summary>
    public void Gone()
    {
        _gone = true;
        Volatile.Read(ref _changed)?.Invoke();
    }

    internal void Begin(Action changed) => Volatile.Write(ref _changed, changed);

    /// <summary>What it may still write on the former primary, once it holds writes by the record that it was told last; until then, anything.</summary>
    internal int OpenWrites => _gone ? 0 : Volatile.Read(ref _heard) is { } peer && peer.Holds == _revision ? peer.OpenWrites : int.MaxValue;

    /// <summary>Told at once when it is another one, and else as a sign of life. Numbered here, so that numbers grow whoever writes the record: this process, or one that takes over from it.</summary>
    internal void Tell(ControlRecord record)
    {
        if (_gone) return;
        var now = time.Now();
        if (record == _told && now - _toldAt < SignOfLifeEvery) return;
        if (record != _told) _revision++;
        (_told, _toldAt) = (record, now);
        tell(RecordLine.Of(record), _revision);
    }
}
