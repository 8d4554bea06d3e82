using Headwater.Core.Failover;

namespace Headwater.Control.Lease;

/// <summary>
/// By what a process that shares a cluster with others knows which of them acts, and what that one's record is: etcd (<see cref="EtcdLease"/>), or the very process that has
/// taken over from it (<see cref="Handover.Successor"/>).
/// </summary>
interface ILease : IAsyncDisposable
{
    Shared Current { get; }

    /// <summary>Who tells it, as sentences name it.</summary>
    string Teller { get; }

    void Start();

    /// <summary>What the others are to know of this process; told as soon as it differs.</summary>
    /// <inheritdoc cref="Peer"/>
    void Tell(long holds, int openWrites, int sees);

    /// <summary>
    /// Writes the record if the lease is still this process's own, since <paramref name="term"/>, and the record is still that of <paramref name="revision"/>, on which
    /// this one rests. Throws <see cref="IOException"/> when it is not so, or when that is not
    /// known: then whatever the store has is the record, and <see cref="Current"/> will say.
    /// </summary>
    /// <returns>The revision that wrote it.</returns>
    Task<long> WriteAsync(ControlRecord record, long term, long revision);

    /// <summary>Nothing is under way any more, so another need not wait until the lease runs out.</summary>
    Task LeaveAsync();
}
