using Headwater.Core.Topology;

namespace Headwater.Core.Failover;

public enum EffectKind : byte
{
    /// <summary>STOP SLAVE IO_THREAD: it acknowledges nothing any more; what it has received stays and is applied.</summary>
    StopReceiving,

    /// <summary>START SLAVE SQL_THREAD: what it has received is applied.</summary>
    StartApplying,

    /// <summary>START SLAVE.</summary>
    StartReplication,

    /// <summary>read_only on: from there on only its replication writes. Statements that hold it up are ended.</summary>
    MakeReadOnly,

    /// <summary>read_only off, on the appointed primary only.</summary>
    OpenWrites,

    /// <summary>Forgets its source, waits for acknowledgements from now on, read_only off.</summary>
    Promote,

    /// <summary>Replicates from <see cref="Effect.Source"/>, from where it stands; whether it acknowledges stays as it is.</summary>
    Follow,

    /// <summary>
    /// The semi-synchronous settings by <see cref="Effect.Role"/>: a primary waits and does not acknowledge, a replica acknowledges and does not wait (a
    /// receiver that runs, and only one that runs, is restarted for it), and of unknown role it does neither.
    /// </summary>
    SetAcknowledging,

    /// <summary>
    /// Tells it what <see cref="Effect.Source"/>, by its own word, has received from it. A commit waits for an answer to itself or to what comes after it; a replica that
    /// had it before it began to acknowledge, or whose answer was lost with a connection, gives neither.
    /// </summary>
    Vouch,

    /// <summary>
    /// It has what the primary never had: its tail is to be saved and undone before it can follow. It comes back under a server_id that has written
    /// nothing yet: the numbers of its tail must never be given again, as nobody could tell the two transactions apart.
    /// </summary>
    Reconcile,
}

/// <summary>One thing that is to be done to a server. Doing it twice is doing it once.</summary>
/// <param name="Reason">Why: one sentence for people.</param>
public sealed record Effect(EffectKind Kind, ServerId Server, string Reason)
{
    /// <summary>Whom to follow, to be compared with, or to vouch for.</summary>
    public ServerId? Source { get; init; }

    /// <summary>The epoch that this belongs to; one of an older epoch is not done any more.</summary>
    public Epoch Epoch { get; init; }
    public ServerRole Role { get; init; }

    /// <summary>
    /// To be followed from what it has received of others, by a member of a ring that goes on writing: what it wrote itself it is sent again and skips. So it need not find that at its source,
    /// where it comes last; members that each waited for that would wait for each other.
    /// </summary>
    public bool SkipsItsOwn { get; init; }
}

/// <summary>What is true of the cluster and matters, with the name of the rule that found it.</summary>
/// <param name="Server">Whom it is about; null: the cluster.</param>
public sealed record Finding(string Rule, ServerId? Server, string Sentence)
{
    /// <summary>Of long work: its figures are in the sentence too.</summary>
    public Underway? Underway { get; init; }
}

/// <summary>What a look at the cluster led to.</summary>
/// <param name="Next">To be journalled, where its record differs, before any effect begins.</param>
/// <param name="Unsettled">Something is under way or amiss that the next looks are to show soon.</param>
public sealed record Decision(ControlState Next, IReadOnlyList<Effect> Effects, IReadOnlyList<Finding> Findings, bool Unsettled);
