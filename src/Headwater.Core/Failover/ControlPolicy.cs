using System.Globalization;
using Headwater.Core.Topology;

namespace Headwater.Core.Failover;

/// <summary>What may be lost when a primary is lost for ever.</summary>
public enum LossPromise : byte
{
    /// <summary>Nothing that was acknowledged: without proof that the candidate has all of it, nobody is promoted.</summary>
    Zero,

    /// <summary>What was acknowledged within <see cref="ControlPolicy.LossBound"/> before the primary last answered a look, and later: without proof that the candidate has all of before, nobody is promoted.</summary>
    Bounded,

    /// <summary>What the best replica that answers has not received. It is told how much that may be, and nobody is waited for.</summary>
    BestEffort,
}

/// <summary>Who may become the primary, beyond having what it takes.</summary>
public enum PromotionRule : byte
{
    Neutral,
    Prefer,
    Never,
}

/// <summary>What the operator has decided beforehand.</summary>
public sealed record ControlPolicy
{
    /// <summary>Off: the situation is told, and nothing is done.</summary>
    public bool Acts { get; init; } = true;
    public LossPromise Promise { get; init; }

    /// <summary>The servers are kept as a ring, in the order in which they are named, each writing in a domain of its own at most.</summary>
    public bool IsRing { get; init; }

    /// <summary>At <see cref="LossPromise.Bounded"/>: so much of what was acknowledged may be lost.</summary>
    public TimeSpan LossBound { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The promise as people write it.</summary>
    public string Rpo => Promise switch
    {
        LossPromise.Zero => "zero",
        LossPromise.Bounded => string.Create(CultureInfo.InvariantCulture, $"bounded {LossBound.TotalSeconds:0.###} s"),
        _ => "best-effort",
    };

    /// <summary>A primary whose process is gone (nobody listens, no replica hears it) for this long is replaced; a shorter absence never is.</summary>
    public TimeSpan ReplaceAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The same of one that accepts connections and does not answer, or that no packet reaches: it may yet be alive, so it gets longer.</summary>
    public TimeSpan ReplaceSilentAfter { get; init; } = TimeSpan.FromMilliseconds(2000);

    /// <summary>
    /// One that answers, and in whose log no commit gets for this long although sessions are committing, is replaced: its storage hangs. Longer than the largest transaction
    /// takes to be written, during which others wait the same way. A full disk says so itself, and counts as silence does.
    /// </summary>
    public TimeSpan ReplaceStalledAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A replica hears its source when something came from it (a transaction, a heartbeat) within this time.</summary>
    public TimeSpan HeardWithin { get; init; } = TimeSpan.FromMilliseconds(1500);

    /// <summary>A step of a change that has not come to its end by then is undone where it can be, else tried again.</summary>
    public TimeSpan StepDeadline { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>A silent server may come back acknowledging as it was, and is remembered as one that may for this long.</summary>
    public TimeSpan ForgetAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long open transactions may take to end before a switchover closes the primary for writes.</summary>
    public TimeSpan HandoverDrain { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>After this many failovers within <see cref="FlapWindow"/> the next waits until the window has passed; one that has begun is always finished.</summary>
    public int MostFailovers { get; init; } = 5;
    public TimeSpan FlapWindow { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The gateway's own zone; candidates in it come before others that are equal.</summary>
    public string Zone { get; init; } = "";
    public Func<ServerId, PromotionRule> RuleOf { get; init; } = static _ => PromotionRule.Neutral;
}
