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
    long _toldRevision = -1;
    Core.Instant _toldAt;
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

    /// <summary>What it may still write on the former primary, once it holds writes by the record of that revision; until then, anything.</summary>
    internal int OpenWrites(long revision) => _gone ? 0 : Volatile.Read(ref _heard) is { } peer && peer.Holds == revision ? peer.OpenWrites : int.MaxValue;

    internal void Tell(ControlRecord record, long revision)
    {
        if (_gone) return;
        var now = time.Now();
        if (revision == _toldRevision && now - _toldAt < SignOfLifeEvery) return;
        (_toldRevision, _toldAt) = (revision, now);
        tell(RecordLine.Of(record), revision);
    }
}
