using Headwater.Core;
using Headwater.Core.Auditing;
using Headwater.Core.Caching;
using Headwater.Core.Positions;
using Headwater.Core.Routing;
using Headwater.Core.Statements;
using Headwater.Gateway.Backends;
using Headwater.Gateway.Caching;
using Headwater.Gateway.Reactor;
using Headwater.Gateway.Sessions;
using Headwater.Wire.MySql;

namespace Headwater.Gateway.Auditing;

/// <summary>
/// Looks at some of the reads again that a replica or a kept result has answered. The primary is asked the same once it shows the position that the answer
/// stood for; where it answers otherwise, its log has to have a change behind that position, or the answer was wrong. Nothing that decides where reads go has a part
/// in that: not the routes, not what is known of positions but the claim itself, not the fold of last changes.
/// One read at a time, a reactor. A session notices nothing of it but the copy of one short answer.
/// </summary>
internal sealed class ReadAuditor(GatewayThread on)
{
    const int LongestAnswer = 64 << 10;
    static readonly TimeSpan LongestRead = TimeSpan.FromMilliseconds(50), LongestCatchUp = TimeSpan.FromSeconds(2), QuestionIsKept = TimeSpan.FromSeconds(30);

    readonly PrimaryQuestion _question = new(on);
    Instant _due, _anyFrom, _lastAsked;
    bool _busy;
    ClientSession? _session;
    AnswerCapture? _capture;
    bool _captureIsShared;
    AuditedRead? _read;

    /// <summary>A statement is about to be sent.</summary>
    public void Begin(ClientSession session, Backend backend)
    {
        if (_session == session) End(session);
        if (session.ArrivedAt < _due || _busy || _session is not null || !IsOn || ReferenceEquals(on.View.Primary?.State, backend.Server)) return;
        var changes = on.Server.Changes!;
        var extent = changes.Extent;
        if (extent.Dictionary is not { } dictionary || !MayBeAudited(session, dictionary, out var reads)) return;
        var claim = session.LastRoute.Reason == RouteReason.UnchangedSince ? session.LastRoute.Needed
            : ReadMoment.Before(on.View, changes, extent, backend.Server, in session.Position) is { } moment ? moment.From : Position.Empty;
        if (claim.IsEmpty) return;
        var read = Read(session, backend.Server.Id.Name, session.LastRoute.Reason, claim, reads, dictionary);
        // Of what has changed meanwhile little can be told: for a while such reads are let pass. Where nothing else comes, they too are looked at again, and most agree.
        if (session.ArrivedAt < _anyFrom && !(changes.OrdinalOf(in claim, extent) is { } since && changes.IsUnchanged(reads, read.Key, since))) return;
        _read = read;
        _session = session;
        _captureIsShared = session.Exchange.Capture is not null;
        session.Exchange.Capture = _capture = session.Exchange.Capture ?? new AnswerCapture(LongestAnswer);
    }

    /// <summary>The answer has come as a whole, and was no error.</summary>
    public void Finish(ClientSession session, in Outcome outcome, TimeSpan took)
    {
        if (_session != session || _read is not { } read || _capture is not { IsTooLong: false } captured || captured.Length > LongestAnswer || took > LongestRead) return;
        if (session.Exchange.Desynchronized || !outcome.IsResultSet || (outcome.Status & (ServerStatus.InTransaction | ServerStatus.CursorExists | ServerStatus.MoreResults)) != 0) return;
        LookAgain(session, read, captured.Span);
    }

    /// <summary>A kept result was served, for the log's <paramref name="extent"/>.</summary>
    public void Served(ClientSession session, CachedResult result, Position extent)
    {
        if (session.ArrivedAt < _due || _busy || _session is not null || !IsOn || result.Answer.Length > LongestAnswer || result.Cost > LongestRead) return;
        if (on.Server.Changes!.Extent.Dictionary is not { } dictionary || !MayBeAudited(session, dictionary, out var reads)) return;
        LookAgain(session, Read(session, result.Moment.Server.Id.Name, RouteReason.KeptResult, extent, reads, dictionary), result.Answer.Span);
    }

    /// <summary>The statement is over, however it ended.</summary>
    public void End(ClientSession session)
    {
        if (_session != session) return;
        if (!_captureIsShared && ReferenceEquals(session.Exchange.Capture, _capture)) session.Exchange.Capture = null;
        _session = null;
        _capture = null;
        _read = null;
    }

    /// <summary>From time to time: a connection that is not used is given up.</summary>
    public void Trim()
    {
        if (!_busy && EventLoop.Now - _lastAsked > QuestionIsKept) _question.Close();
    }

    public void Close() => _question.Close();

    bool IsOn => on.Options.AuditedReadsPerSecond > 0 && on.Server.History is not null && on.Server.Changes is not null;

    static bool MayBeAudited(ClientSession session, DataDictionary dictionary, out Footprint reads)
    {
        reads = null!;
        var facts = session.Facts;
        if (!facts.IsPlainRead || session.Lease.Held is not null || !session.MayRunOnCopyNow || (facts.Needs & (Needs.ReadsUserVariables | Needs.SetsForStatement | Needs.ExecutesText)) != 0) return false;
        if (session.Statement is { HasLongData: true } or { HasCursor: true } || !facts.IsReadBy(dictionary) || !DecidedByData.Is(facts.Digest)) return false;
        // The first would let rows be seen that nobody has committed, the second choose among rows.
        if (session.Settings["tx_isolation"] is not null || session.Settings["transaction_isolation"] is not null || session.Settings["sql_select_limit"] is not null) return false;
        reads = facts.FootprintIn(StatementValues.Schema(session));
        return !reads.IsEverything && reads.IsRepeatable;
    }

    AuditedRead Read(ClientSession session, string server, RouteReason reason, Position claim, Footprint reads, DataDictionary dictionary) => new()
    {
        Digest = session.Facts.Digest,
        Server = server,
        Reason = reason,
        Level = session.LevelInForce,
        Epoch = on.View.Epoch,
        Claim = claim,
        TraceId = session.TraceOf(session.Request.Payload).TraceId.ToHexString(),
        Reads = reads,
        Key = StatementValues.Key(session, reads),
        Dictionary = dictionary,
    };

    void LookAgain(ClientSession session, AuditedRead read, ReadOnlySpan<byte> answer)
    {
        if (ResultDigest.Of(answer, (session.Capabilities & Capabilities.DeprecateEof) != 0) is not { } rows || AskedStatement.Of(session) is not { } asked) return;
        _busy = true;
        // Half to one and a half times the interval, so that what comes in a rhythm is not missed in the same rhythm.
        var seconds = on.Server.ThreadCount / on.Options.AuditedReadsPerSecond * (0.5 + on.Chance() % 1024 / 1024.0);
        _due = EventLoop.Now + TimeSpan.FromSeconds(seconds);
        _anyFrom = _due + TimeSpan.FromSeconds(seconds);
        _ = JudgeAsync(read, asked, rows);
    }

    async Task JudgeAsync(AuditedRead read, AskedStatement asked, ResultDigest rows)
    {
        try
        {
            var judgement = await AskAsync(read, asked, rows);
            on.Server.Audit.Add(read, on.View.Epoch == read.Epoch ? judgement : new AuditJudgement(AuditVerdict.Unchecked, "another server has become the primary meanwhile"));
        }
        catch (Exception fault)
        {
            on.Server.Fault(fault);
        }
        finally
        {
            _busy = false;
            _lastAsked = EventLoop.Now;
            if (on.IsStopping) _question.Close();
        }
    }

    async ValueTask<AuditJudgement> AskAsync(AuditedRead read, AskedStatement asked, ResultDigest rows)
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
        var answer = await _question.AskAsync(asked);
        if (answer.Rows is not { } again) return Unchecked(answer.Trouble);
        if (rows.HasTheRowsOf(again)) return new AuditJudgement(AuditVerdict.Agrees, $"the primary answers the same at {answer.Until}");
        if (!answer.Until.Covers(read.Claim)) return Unchecked($"the primary says that it stands at {answer.Until}, which does not cover {read.Claim}");
        return await HistoryOf(read, answer.Until);
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
