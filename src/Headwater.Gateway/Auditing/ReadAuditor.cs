using Headwater.Core;
using Headwater.Core.Auditing;
using Headwater.Core.Caching;
using Headwater.Core.Consumers;
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
/// Chooses some of the reads that a replica or a kept result has answered, and has them looked at again (<see cref="ReadJudge"/>). One read at a time, a reactor. A session notices nothing
/// of it but the copy of one short answer.
/// </summary>
internal sealed class ReadAuditor(GatewayThread on)
{
    const int LongestAnswer = 64 << 10;
    const double LongestInterval = 3600;
    static readonly TimeSpan LongestRead = TimeSpan.FromMilliseconds(50);

    // Where much comes that is not looked at, it is not considered each time.
    static readonly TimeSpan AfterARefusal = TimeSpan.FromMilliseconds(1);

    readonly ReadJudge _judge = new(on);
    Instant _due, _anyFrom;
    bool _busy;
    ClientSession? _session;
    AnswerCapture? _capture;
    bool _captureIsShared;
    AuditedRead? _read;

    /// <summary>A statement is about to be sent.</summary>
    public void Begin(ClientSession session, Backend backend)
    {
        if (_session == session) End(session);
        if (session.ArrivedAt < _due || !IsFree(session) || ReferenceEquals(on.View.Primary?.State, backend.Server)) return;
        _due = session.ArrivedAt + AfterARefusal;
        var changes = on.Server.Changes!;
        var extent = changes.Extent;
        if (!MayBeAudited(session, extent, out var reads) || ReadMoment.Before(on.View, changes, extent, backend.Server, in session.Position) is not { } moment) return;
        var claim = AuditClaim.Of(on.View, in session.Position, session.LevelInForce.Kind, moment.From, session.LastRoute.Needed);
        var key = StatementValues.Key(session, reads);
        // Of what has changed meanwhile little can be told: for a while such reads are let pass. Where nothing else comes, they too are looked at again, and most agree.
        if (claim.IsEmpty || session.ArrivedAt < _anyFrom && !(changes.OrdinalOf(in claim, extent) is { } since && changes.IsUnchanged(reads, key, since))) return;
        _read = Read(session, backend.Server.Id.Name, session.LastRoute.Reason, claim, reads, key, extent.Dictionary!);
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

    /// <summary>A kept result was served, which is the primary's at <paramref name="at"/>.</summary>
    public void Served(ClientSession session, CachedResult result, Position at)
    {
        if (session.ArrivedAt < _due || !IsFree(session) || result.Answer.Length > LongestAnswer || result.Cost > LongestRead) return;
        _due = session.ArrivedAt + AfterARefusal;
        var extent = on.Server.Changes!.Extent;
        if (!MayBeAudited(session, extent, out var reads)) return;
        var claim = AuditClaim.Of(on.View, in session.Position, session.LevelInForce.Kind, in at, Position.Empty);
        LookAgain(session, Read(session, result.Moment.Server.Id.Name, RouteReason.KeptResult, claim, reads, StatementValues.Key(session, reads), extent.Dictionary!), result.Answer.Span);
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

    /// <summary>Nothing is looked at just now; a read whose answer takes too long is let go for another's.</summary>
    bool IsFree(ClientSession session)
    {
        if (_busy || on.Options.AuditedReadsPerSecond <= 0 || on.Server.History is null || on.Server.Changes is null) return false;
        if (_session is { } other && session.ArrivedAt - other.ArrivedAt > LongestRead) End(other);
        return _session is null;
    }

    static bool MayBeAudited(ClientSession session, Extent extent, out Footprint reads)
    {
        reads = null!;
        var facts = session.Facts;
        if (extent.Dictionary is null || !facts.IsPlainRead || session.Lease.Held is not null || !session.MayRunOnCopyNow) return false;
        if ((facts.Needs & (Needs.ReadsUserVariables | Needs.SetsForStatement | Needs.ExecutesText)) != 0 || session.Statement is { HasLongData: true } or { HasCursor: true } || !facts.IsReadBy(extent.Dictionary)) return false;
        // It chooses among rows, as a LIMIT does.
        if (session.Settings["sql_select_limit"] is not null) return false;
        reads = facts.FootprintIn(StatementValues.Schema(session));
        return !reads.IsEverything && reads.IsRepeatable && reads.ChosenByPlan.Length == 0;
    }

    AuditedRead Read(ClientSession session, string server, RouteReason reason, Position claim, Footprint reads, long? key, DataDictionary dictionary) => new()
    {
        Digest = session.Facts.Digest,
        Server = server,
        Reason = reason,
        Level = session.LevelInForce,
        Epoch = on.View.Epoch,
        Claim = claim,
        TraceId = session.TraceOf(session.Request.Payload).TraceId.ToHexString(),
        Reads = reads,
        Key = key,
        Dictionary = dictionary,
    };

    void LookAgain(ClientSession session, AuditedRead read, ReadOnlySpan<byte> answer)
    {
        // The options may have been changed since it was chosen.
        if (!(on.Options.AuditedReadsPerSecond is > 0 and var rate) || ResultDigest.Of(answer, (session.Capabilities & Capabilities.DeprecateEof) != 0) is not { } rows || AskedStatement.Of(session) is not { } asked) return;
        // Half to one and a half times the interval, so that what comes in a rhythm is not missed in the same rhythm.
        var interval = TimeSpan.FromSeconds(Math.Min(on.Server.ThreadCount / rate, LongestInterval) * (0.5 + on.Chance() % 1024 / 1024.0));
        _due = EventLoop.Now + interval;
        _anyFrom = _due + interval;
        _busy = true;
        _ = JudgeAsync(read, asked, rows);
    }

    async Task JudgeAsync(AuditedRead read, AskedStatement asked, ResultDigest rows)
    {
        try
        {
            on.Server.Audit.Add(read, await _judge.JudgeAsync(read, asked, rows));
        }
        catch (Exception fault)
        {
            on.Server.Fault(fault);
        }
        finally
        {
            _busy = false;
        }
    }
}
