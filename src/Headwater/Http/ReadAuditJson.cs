using Headwater.Core.Auditing;
using Headwater.Gateway;

namespace Headwater.Http;

/// <summary>/api/read_audit: reads that were looked at again, counted by what came of it, and the last of them, violations first.</summary>
sealed record ReadAuditJson(IReadOnlyDictionary<string, long> Reads, IReadOnlyList<ReadFindingJson> Findings)
{
    public static ReadAuditJson Of(GatewayStatistics statistics) => new(
        statistics.Audited.ToDictionary(static one => GatewayMetrics.Snake(one.Verdict.ToString()), static one => one.Count),
        [.. statistics.AuditFindings.Select(ReadFindingJson.Of)]);

    /// <summary>For the status; null while there is none.</summary>
    public static ViolationsJson? Violations(GatewayStatistics statistics) => statistics.AuditFindings is [{ Judgement.Verdict: AuditVerdict.Violated } last, ..]
        ? new ViolationsJson(statistics.Audited.Single(static one => one.Verdict == AuditVerdict.Violated).Count, ReadFindingJson.Of(last)) : null;
}

sealed record ReadFindingJson(string Verdict, DateTimeOffset At, string Server, string Level, string Route, string Claimed, string Digest, string Trace, string Sentence, long Times)
{
    public static ReadFindingJson Of(AuditFinding finding) => new(GatewayMetrics.Snake(finding.Judgement.Verdict.ToString()), finding.At, finding.Read.Server, finding.Read.Level.ToString(),
        GatewayMetrics.Snake(finding.Read.Reason.ToString()), finding.Read.Claim.ToString(), finding.Read.Digest, finding.Read.TraceId, finding.Judgement.Sentence, finding.Times);
}

/// <summary>Reads that were answered wrongly, since the start, and the last of them.</summary>
sealed record ViolationsJson(long Count, ReadFindingJson Last);
