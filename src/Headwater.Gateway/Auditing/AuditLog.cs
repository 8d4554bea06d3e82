using System.Globalization;
using Headwater.Core.Auditing;
using Microsoft.Extensions.Logging;

namespace Headwater.Gateway.Auditing;

/// <summary>What came of the reads that were looked at again, of all reactors. Of one statement on one server there is one entry: a table that is wrong is not told once for each look.</summary>
internal sealed class AuditLog(ILogger log, TimeProvider time)
{
    const int MostRemembered = 50;
    static readonly TimeSpan ToldAgainAfter = TimeSpan.FromMinutes(1);
    readonly long[] _byVerdict = new long[Enum.GetValues<AuditVerdict>().Length];

    // What must never be is not pushed out by what is as it should be.
    readonly Dictionary<(string Digest, string Server), AuditFinding> _violations = [];
    readonly Queue<AuditFinding> _others = new();
    readonly Dictionary<(string Digest, string Server), DateTimeOffset> _toldAt = [];
    readonly Lock _lock = new();

    public long Count(AuditVerdict verdict) => Volatile.Read(ref _byVerdict[(int)verdict]);

    public void Add(AuditedRead read, AuditJudgement judgement)
    {
        Interlocked.Increment(ref _byVerdict[(int)judgement.Verdict]);
        var now = time.GetUtcNow();
        var key = (read.Digest, read.Server);
        lock (_lock)
        {
            if (judgement.Verdict != AuditVerdict.Violated)
            {
                if (_others.Count == MostRemembered) _others.Dequeue();
                _others.Enqueue(new AuditFinding(now, read, judgement, 1));
                return;
            }
            var times = _violations.TryGetValue(key, out var before) ? before.Times + 1 : 1;
            if (before is null && _violations.Count == MostRemembered) _violations.Remove(_violations.MinBy(static one => one.Value.At).Key);
            _violations[key] = new AuditFinding(now, read, judgement, times);
            if (_toldAt.TryGetValue(key, out var toldAt) && now - toldAt < ToldAgainAfter) return;
            if (_toldAt.Count >= MostRemembered) _toldAt.Clear();
            _toldAt[key] = now;
        }
        Log.ReadViolated(log, judgement.Sentence, read.Digest, read.Level.ToString(), read.Reason, read.TraceId);
    }

    /// <summary>The last violations, and then the last others; each newest first.</summary>
    public IReadOnlyList<AuditFinding> Findings
    {
        get
        {
            lock (_lock) return [.. _violations.Values.OrderByDescending(static finding => finding.At), .. _others.Reverse()];
        }
    }

    public IEnumerable<string?[]> Rows() => Findings.Select(static finding => new string?[]
    {
        finding.Judgement.Verdict.ToString().ToLowerInvariant(), finding.Times.ToString(CultureInfo.InvariantCulture), finding.At.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture), finding.Read.Server,
        finding.Read.Level.ToString(), finding.Read.Reason.ToString(), finding.Read.Claim.ToString(), finding.Read.Digest, finding.Read.TraceId, finding.Judgement.Sentence,
    });
}
