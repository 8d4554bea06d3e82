using Headwater.Control.Failover;
using Headwater.Control.Lease;
using Headwater.Core.Failover;

namespace Headwater.Control.Handover;

/// <summary>
/// The process that has taken over from this one, which now only serves the sessions that it still has. The successor acts; its record is followed as that of a lease's holder
/// is, and while it is silent this process writes only where the servers themselves show that nobody can have replaced the primary (<see cref="Sight"/>).
/// </summary>
/// <param name="name">As sentences name it.</param>
/// <param name="tell">Tells the successor of this process; called from the watcher's loop, must not block.</param>
public sealed class Successor(string name, TimeProvider time, Action<Peer> tell) : ILease
{
    /// <summary>It is heard of every second.</summary>
    public static readonly TimeSpan SilentAfter = TimeSpan.FromSeconds(5);

    Shared _current = new(new Leadership(SilentAfter) { Holder = new LeaseHolder(name, "") }, null, 0, []);
    Action? _changed;
    Peer? _told;

    Shared ILease.Current => Volatile.Read(ref _current);
    string ILease.Teller => name;

    /// <summary>What it holds to be the record, in whichever revision; or a sign of life. From one thread.</summary>
    public void Heard(RecordLine record, long revision)
    {
        var now = Volatile.Read(ref _current);
        Volatile.Write(ref _current, now with
        {
            Leadership = now.Leadership with { HeardAt = time.Now(), Revision = revision },
            Record = revision > now.RecordRevision ? record.ToRecord() : now.Record,
            RecordRevision = Math.Max(now.RecordRevision, revision),
        });
        Volatile.Read(ref _changed)?.Invoke();
    }

    /// <summary>From here it is followed.</summary>
    /// <param name="cutOff">Nobody was heard before either, so nothing is known of who acts until the successor is.</param>
    /// <param name="changed">Called, from any thread, when something was heard.</param>
    internal void Begin(bool cutOff, Action changed)
    {
        var now = Volatile.Read(ref _current);
        if (!cutOff) Volatile.Write(ref _current, now with { Leadership = now.Leadership with { HeardAt = time.Now() } });
        Volatile.Write(ref _changed, changed);
    }

    void ILease.Start()
    {
        // It was heard of before it was followed.
    }

    void ILease.Tell(long holds, int openWrites, int sees)
    {
        var peer = new Peer(name, "", holds, openWrites, sees);
        if (peer == _told) return;
        _told = peer;
        tell(peer);
    }

    Task<long> ILease.WriteAsync(ControlRecord record, long term, long revision) => throw new IOException($"{name} acts, and writes the record");

    Task ILease.LeaveAsync() => Task.CompletedTask;

    ValueTask IAsyncDisposable.DisposeAsync() => ValueTask.CompletedTask;
}
