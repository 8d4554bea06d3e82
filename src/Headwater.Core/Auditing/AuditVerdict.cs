namespace Headwater.Core.Auditing;

/// <summary>What came of looking at a read again.</summary>
public enum AuditVerdict : byte
{
    /// <summary>The primary answers the same.</summary>
    Agrees,

    /// <summary>The primary answers otherwise, and its log says that what is read has changed behind the claimed position: nothing is proven.</summary>
    Moved,

    /// <summary>The primary answers otherwise, and its log has no change behind the claimed position that could tell why. It must never be.</summary>
    Violated,

    /// <summary>It could not be looked at again.</summary>
    Unchecked,
}

/// <param name="Sentence">Why, for people.</param>
public sealed record AuditJudgement(AuditVerdict Verdict, string Sentence);

/// <param name="At">When it was judged, the last time.</param>
/// <param name="Times">How often the statement was found so on that server.</param>
public sealed record AuditFinding(DateTimeOffset At, AuditedRead Read, AuditJudgement Judgement, long Times);
