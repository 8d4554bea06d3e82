using System.Globalization;
using Headwater.Core.Auditing;
using Microsoft.Extensions.Logging;

namespace Headwater.Gateway.Auditing;

/// <summary>What came of the reads that were looked at again, of all reactors.</summary>
internal sealed class AuditLog(ILogger log, TimeProvider time)
{
    const int MostRemembered = 50;
    readonly long[] _byVerdict = new long[Enum.GetValues<AuditVerdict>().Length];

    // What must never be is not pushed out by what is as it should be.
    readonly Queue<AuditFinding> _violations = new(), _others = new();
    readonly Lock _lock = new();

    public long Count(AuditVerdict verdict) => Volatile.Read(ref _byVerdict[(int)verdict]);

    public void Add(AuditedRead read, AuditJudgement judgement)
    {
        Interlocked.Increment(ref _byVerdict[(int)judgement.Verdict]);
        var isViolation = judgement.Verdict == AuditVerdict.Violated;
        lock (_lock)
        {
            var findings = isViolation ? _violations : _others;
            if (findings.Count == MostRemembered) findings.Dequeue();
            findings.Enqueue(new AuditFinding(time.GetUtcNow(), read, judgement));
        }
        if (isViolation) Log.ReadViolated(log, judgement.Sentence, read.Digest, read.Level.ToString(), read.Reason, read.TraceId);
    }

    /// <summary>The last violations, and then the last others; each newest first.</summary>
    public IReadOnlyList<AuditFinding> Findings
    {
        get
        {
            lock (_lock) return [.. _violations.Reverse(), .. _others.Reverse()];
        }
    }

    public IEnumerable<string?[]> Rows() => Findings.Select(static finding => new string?[]
    {
        finding.Judgement.Verdict.ToString().ToLowerInvariant(), finding.At.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture), finding.Read.Server,
        finding.Read.Level.ToString(), finding.Read.Reason.ToString(), finding.Read.Claim.ToString(), finding.Read.Digest, finding.Read.TraceId, finding.Judgement.Sentence,
    });
}
