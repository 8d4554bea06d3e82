using System.Collections.Immutable;

namespace Headwater.Core.Failover;

/// <summary>Who holds the lease, as people can find it.</summary>
/// <param name="Http">Where it answers operators; empty when it does not.</param>
public sealed record LeaseHolder(string Name, string Http)
{
    public override string ToString() => Http.Length > 0 ? $"{Name} ({Http})" : Name;
}

/// <summary>A live process of the cluster, as it says of itself. It is forgotten when its lease ends.</summary>
/// <param name="Holds">The revision of the record since which its gateway holds writes; 0 while it does not.</param>
/// <param name="OpenWrites">What it still has open on the primary and may write, once it holds.</param>
/// <param name="Sees">How many servers answer it.</param>
public sealed record Peer(string Name, string Http, long Holds, int OpenWrites, int Sees);

/// <summary>What the store (etcd) said: the lease and the record as they were at its <paramref name="Revision"/>, by a majority.</summary>
/// <param name="Holder">Null: nobody holds the lease.</param>
/// <param name="Term">The store's number of this process's own acquisition; 0 while another holds it, or nobody.</param>
public readonly record struct LeaseAnswer(long Revision, LeaseHolder? Holder, long Term);

/// <summary>
/// What a process knows of the lease by which one of several controllers acts, purely. The argument by which never two act at once:
///
/// The store counts a lease from when it receives its renewal; this process counts it from before it sent that renewal, and ends a margin before
/// the store does. So its time is over before the store can give the lease to another, as long as the clocks of the two run equally fast to within
/// that margin. What it decided is written to the store on condition that its term is still the one in force and before anything is done; and
/// what it does is refused by the servers themselves once its time is over (an order can be late, a process can stand still between deciding and sending).
///
/// Instants are of this process's clock alone. The store's revisions grow; of two answers the one of the higher revision is true.
/// </summary>
public sealed record Leadership(TimeSpan Ttl)
{
    /// <summary>How long before the store's end of the lease this process stops acting: room for clocks that run unequally, and for orders under way.</summary>
    public TimeSpan Margin => Ttl / 4;

    /// <summary>How often it is renewed: two renewals in a row may fail.</summary>
    public TimeSpan RenewEvery => Ttl / 4;

    public long Revision { get; init; }
    public LeaseHolder? Holder { get; init; }

    /// <summary>Other than 0: the lease is this process's own since that revision of the store.</summary>
    public long Term { get; init; }

    /// <summary>When the renewal was sent that was confirmed last; null while this process has no lease at the store.</summary>
    public Instant? RenewedAt { get; init; }

    /// <summary>When the question was sent that a majority of the store answered last; null before the first.</summary>
    public Instant? HeardAt { get; init; }

    /// <summary>A confirmed renewal, and what was read after it.</summary>
    public Leadership Renewed(Instant sentAt, in LeaseAnswer answer) => (this with { RenewedAt = Later(RenewedAt, sentAt), HeardAt = Later(HeardAt, sentAt) }).Seen(answer);

    /// <summary>What a watch told: true, but it says nothing of how long the lease lasts.</summary>
    public Leadership Seen(in LeaseAnswer answer) => answer.Revision < Revision ? this : this with { Revision = answer.Revision, Holder = answer.Holder, Term = answer.Term };

    /// <summary>The store knows nothing of our renewals any more: whatever we held has ended.</summary>
    public Leadership Ended() => this with { RenewedAt = null, Term = 0, Holder = Term == 0 ? Holder : null };

    /// <summary>Until when this process may act; null when it may not at all.</summary>
    public Instant? ActsUntil => Term != 0 && RenewedAt is { } at ? at + Ttl - Margin : null;

    public bool MayAct(Instant now) => ActsUntil is { } until && now < until;

    /// <summary>Nobody holds the lease, and ours at the store lasts long enough to be worth having.</summary>
    public bool MayAcquire(Instant now) => Holder is null && RenewedAt is { } at && now < at + Ttl - Margin;

    /// <summary>No majority has answered for as long as a lease lasts: another may act by now, of which this process knows nothing.</summary>
    public bool IsCutOff(Instant now) => HeardAt is not { } at || now >= at + Ttl;

    /// <summary>
    /// Whether this process should leave the lease to another: that one reaches more servers, and can do what is to be done. Of two that reach as many, neither yields.
    /// </summary>
    public static bool ShouldYield(int sees, ImmutableArray<Peer> others) => others.Any(peer => peer.Sees > sees);

    static Instant Later(Instant? a, Instant b) => a is { } at && at > b ? at : b;
}
