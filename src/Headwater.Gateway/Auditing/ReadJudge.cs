using Headwater.Core.Auditing;
using Headwater.Core.Positions;
using Headwater.Gateway.Reactor;
using Headwater.Wire.MySql;

namespace Headwater.Gateway.Auditing;

/// <summary>
/// Looks at a read again. The primary is asked the same once it shows the position that the answer stood for; where it answers otherwise, its log has to have a change behind that
/// position, or the answer was wrong (docs/decisions/0012-reads-looked-at-again.md). Nothing that decides where reads go has a part in that: not the routes, not the fold of last changes.
/// </summary>
internal sealed class ReadJudge(GatewayThread on)
{
    static readonly TimeSpan LongestCatchUp = TimeSpan.FromSeconds(2), BeforeAnAlarm = TimeSpan.FromSeconds(1);

    public async ValueTask<AuditJudgement> JudgeAsync(AuditedRead read, AskedStatement asked, ResultDigest rows)
    {
        if (on.View.Primary?.State is not { } primary) return Unchecked("no primary is known");
        // What stands in its log is shown a little later, and a copy may have shown it before.
        if (!primary.Timeline.Applied.Covers(read.Claim))
        {
            var signal = on.WaitForPosition(primary, read.Claim, LongestCatchUp);
            await signal;
            on.StopWaitingForPosition(signal);
            if (!primary.Timeline.Applied.Covers(read.Claim)) return Unchecked($"the primary was not seen to show {read.Claim} within {LongestCatchUp.TotalSeconds:0} s");
        }
        var answer = await PrimaryQuestion.AskAsync(on, asked);
        if (answer.Rows is not { } again) return Unchecked(answer.Trouble);
        if (rows.HasTheRowsOf(again)) return new AuditJudgement(AuditVerdict.Agrees, $"the primary answers the same at {answer.Until}");
        if (!answer.Until.Covers(read.Claim)) return Unchecked($"the primary says that it stands at {answer.Until}, which does not cover {read.Claim}");
        var judgement = await HistoryOf(read, answer.Until);
        // A change of primary that others have made is heard of in moments.
        if (judgement.Verdict == AuditVerdict.Violated) await new Signal<bool>().Within(on.Loop, BeforeAnAlarm);
        return on.View.Epoch == read.Epoch && ReferenceEquals(on.View.Primary?.State, primary) ? judgement : Unchecked("another server has become the primary meanwhile");
    }

    Signal<AuditJudgement> HistoryOf(AuditedRead read, Position until)
    {
        var judged = new Signal<AuditJudgement>();
        _ = Task.Run(async () =>
        {
            AuditJudgement judgement;
            try
            {
                judgement = await on.Server.History!(read, until, CancellationToken.None);
            }
            catch (Exception trouble)
            {
                judgement = Unchecked(trouble.Message);
            }
            on.Loop.Post(() => judged.Set(judgement));
        });
        return judged;
    }

    static AuditJudgement Unchecked(string why) => new(AuditVerdict.Unchecked, why);
}
