using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
using Headwater.Core;
using Headwater.Core.Caching;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Core.Routing;
using Headwater.Core.Statements;
using Headwater.Gateway.Backends;
using Headwater.Gateway.Reactor;
using Headwater.Gateway.Sessions;
using Headwater.Wire.MySql;

namespace Headwater.Gateway.Caching;

/// <summary>
/// One session's way to the kept results: whether its statement may be answered from there, and what becomes of an answer that a server gives. What may be served is
/// decided by <see cref="CachedResult.Judge"/> and <see cref="CachedRoute"/>. One owner.
/// </summary>
internal sealed class CachedReads(ClientSession session, ResultCache cache)
{
    // What a result costs beside its key and its bytes: the objects, the table's entry, the digest that it shares.
    const int Surroundings = 400;
    const int ContextBytes = 16;
    static readonly TimeSpan WorthALook = TimeSpan.FromMilliseconds(1), LongestMerge = TimeSpan.FromMilliseconds(200);

    readonly XxHash64 _hash = new();
    byte[] _key = new byte[256];
    int _keyLength;
    readonly byte[] _context = new byte[ContextBytes];
    SessionSettings? _contextOf;
    BackendProfile? _contextFor;

    Footprint? _reads;
    long? _keyValue;
    Flight? _flight;
    ReadMoment? _begun;
    AnswerCapture? _capture;

    GatewayThread On => session.On;

    /// <summary>Answers the statement in hand from what is kept. False: it has to be run; with <paramref name="maybe"/> <see cref="AnswerAsync"/> may spare that yet.</summary>
    public bool TryAnswer(out bool maybe)
    {
        maybe = false;
        _reads = null;
        if (!MayBeKept(out var reads) || !TryKey()) return false;
        _reads = reads;
        On.Statistics.CacheLookups++;
        // What the primary shows now, only the primary knows.
        if (session.LevelInForce.Kind == LevelKind.Strong) return false;
        if (Find() is not { } found)
        {
            maybe = FlightToJoin() is not null;
            return false;
        }
        var changes = On.Server.Changes!;
        var extent = changes.Extent;
        switch (Judge(found, extent))
        {
            case ResultValidity.Invalid:
                On.Statistics.CacheInvalidated++;
                cache.Remove(found);
                maybe = FlightToJoin() is not null;
                return false;
            case ResultValidity.NotYet:
                maybe = true;
                return false;
        }
        if (CachedRoute.Of(On.View, ref session.Position, session.LevelInForce, extent.Position, EventLoop.Now).Kind == CachedRouteKind.Serve)
        {
            Serve(found, extent.Position);
            return true;
        }
        maybe = true;
        return false;
    }

    /// <summary>Waits for what is worth waiting for. False: the statement has to be run.</summary>
    public async ValueTask<bool> AnswerAsync()
    {
        // Somebody else asks the same just now.
        if (FlightToJoin() is { } flight)
        {
            On.Statistics.CacheMerged++;
            if (await flight.Wait(On.Loop, LongestMerge) is { } landed && MayTakeOver(landed))
            {
                Serve(landed, landed.Moment.From);
                // It has seen what that server showed by then, as if it had asked itself.
                session.Position.AfterRead(landed.Moment.Server, ReferenceEquals(On.View.Primary?.State, landed.Moment.Server), landed.Moment.FinishedAt);
                return true;
            }
            if (session.Client.IsHungUp || session.Killed) return false;
        }
        var until = session.ArrivedAt + session.Policy.LogWait;
        while (Find() is { } found)
        {
            var extent = On.Server.Changes!.Extent;
            var validity = Judge(found, extent);
            if (validity == ResultValidity.Invalid)
            {
                On.Statistics.CacheInvalidated++;
                cache.Remove(found);
                return false;
            }
            var now = EventLoop.Now;
            var route = CachedRoute.Of(On.View, ref session.Position, session.LevelInForce, extent.Position, now);
            if (validity == ResultValidity.Valid && route.Kind == CachedRouteKind.Serve)
            {
                Serve(found, extent.Position);
                return true;
            }
            // A result that came faster than a server is looked at is asked for again instead.
            if (route.Kind == CachedRouteKind.No || now >= until || found.Cost < WorthALook) return false;
            var primary = On.View.Primary?.State;
            if (route.Kind == CachedRouteKind.WaitForLog && validity == ResultValidity.Valid)
            {
                var signal = On.WaitForLog(route.Needed, until - now);
                await signal;
                On.StopWaitingForLog(signal);
            }
            else
            {
                if (primary is null) return false;
                var signal = On.WaitForPosition(primary, Position.Empty, TimeSpan.FromMilliseconds(5));
                await signal;
                On.StopWaitingForPosition(signal);
            }
            if (session.Client.IsHungUp || session.Killed) return false;
        }
        return false;
    }

    /// <summary>The statement is about to be sent: what the server shows by now is known from here on.</summary>
    public void Begin(Backend backend)
    {
        End();
        if (_reads is null || session.Lease.Held is not null) return;
        var changes = On.Server.Changes!;
        var extent = changes.Extent;
        if (extent.Dictionary is null || !session.Facts.IsReadBy(extent.Dictionary)) return;
        if (ReadMoment.Before(On.View, changes, extent, backend.Server, in session.Position) is not { } begun) return;
        _keyValue = StatementValues.Key(session, _reads);
        _begun = begun;
        session.Exchange.Capture = _capture = new AnswerCapture(cache.Options.LongestAnswer);
        if (_flight is null && !On.Flights.ContainsKey(Hash)) On.Flights[Hash] = _flight = new Flight(Hash, Key.ToArray(), begun.From);
    }

    /// <summary>The answer has come as a whole, and was no error.</summary>
    public void Finish(in Outcome outcome, Instant finishedAt, TimeSpan took)
    {
        if (_begun is not { } begun || _capture is not { IsTooLong: false } captured) return;
        if (session.Exchange.Desynchronized) return;
        // What has a warning is asked about it.
        if (!outcome.IsResultSet || outcome.Warnings != 0 || (outcome.Status & (ServerStatus.InTransaction | ServerStatus.CursorExists | ServerStatus.MoreResults)) != 0) return;
        var result = new CachedResult(Hash, Key.ToArray(), captured.ToMemory(), _reads!, _keyValue, begun with { FinishedAt = finishedAt }, Surroundings)
        {
            Digest = session.Facts.Digest,
            Rows = outcome.Rows,
            Cost = took,
        };
        On.Statistics.CacheFilled++;
        cache.Keep(result);
        Land(result);
        // What it may have seen is known with the next look at the primary.
        On.View.Primary?.State.Demand(Position.Empty);
    }

    /// <summary>The statement is over, however it ended.</summary>
    public void End()
    {
        Land(null);
        if (_capture is null) return;
        _capture = null;
        _begun = null;
        session.Exchange.Capture = null;
    }

    void Land(CachedResult? result)
    {
        if (_flight is not { } flight) return;
        _flight = null;
        On.Flights.Remove(flight.Hash);
        flight.Land(result);
    }

    /// <summary>Why the statement's result is not kept, or that it is; for people.</summary>
    public string Explain(StatementFacts facts)
    {
        var schema = session.Settings.Schema ?? "";
        return KeptSentence.Of(facts, schema, On.Server.Changes!.Extent.Dictionary, cache.Options.Keeps(ListenerName, session.Identity.User, facts.Digest, schema, facts.Tables));
    }

    bool MayBeKept(out Footprint reads)
    {
        reads = null!;
        var facts = session.Facts;
        if (!facts.IsPlainRead || session.Lease.Held is not null || !session.MayRunOnCopyNow || (facts.Needs & (Needs.ReadsUserVariables | Needs.CalculatesFoundRows | Needs.SetsForStatement)) != 0) return false;
        if (session.Statement is { HasLongData: true } or { HasCursor: true } || session.HintInForce(facts) is { Primary: true }) return false;
        reads = facts.FootprintIn(Schema);
        return !reads.IsEverything && reads.IsRepeatable && cache.Options.Keeps(ListenerName, session.Identity.User, facts.Digest, Schema, facts.Tables);
    }

    string Schema => StatementValues.Schema(session);

    string ListenerName => session.Listener.Socket ?? session.Listener.Port.ToString(System.Globalization.CultureInfo.InvariantCulture);

    ResultValidity Judge(CachedResult found, Core.Consumers.Extent extent) => found.Judge(On.View, On.Server.Changes!, extent);

    bool MayTakeOver(CachedResult landed) =>
        landed.Key.Span.SequenceEqual(Key) && CachedRoute.MayTakeOver(On.View, ref session.Position, session.LevelInForce, landed.Moment, EventLoop.Now);

    /// <summary>A read of the same that is under way, and will do for this session: what the server was known to show when it began is enough.</summary>
    Flight? FlightToJoin() => On.Flights.TryGetValue(Hash, out var flight) && flight.Key.AsSpan().SequenceEqual(Key)
        && CachedRoute.Of(On.View, ref session.Position, session.LevelInForce, flight.From, EventLoop.Now).Kind == CachedRouteKind.Serve ? flight : null;

    CachedResult? Find() => cache.Find(Hash, Key);

    /// <param name="claim">The result is the primary's there.</param>
    void Serve(CachedResult result, Position claim)
    {
        cache.Hit(result);
        session.Client.Send(result.Answer.Span);
        On.Auditor.Served(session, result, claim);
        session.Position.AfterResult(result.Moment.From);
        session.AfterCached(new Outcome(ExchangeEnd.Complete, Forwarded.WholePackets, session.Status, 0, 0, 0, 0, 0, 0, result.Rows, 0, IsResultSet: true));
    }

    ReadOnlySpan<byte> Key => _key.AsSpan(0, _keyLength);
    ulong Hash { get; set; }

    /// <summary>All that decides the bytes of the answer: who asks, how the session stands, the text and its values.</summary>
    bool TryKey()
    {
        _keyLength = 0;
        Append(Context());
        var payload = session.Request.Payload;
        if (session.Request.IsSplit) return false;
        if (session.Statement is null)
        {
            Append([0]);
            Append(payload[1..]);
        }
        else if (!TryExecuteKey(payload)) return false;
        _hash.Reset();
        _hash.Append(Key);
        Hash = _hash.Finish();
        return true;
    }

    bool TryExecuteKey(ReadOnlySpan<byte> payload)
    {
        const int Flags = 5;
        var statement = session.Statement!;
        var shared = statement.Shared;
        if ((Command)payload[0] != Command.StmtExecute || payload.Length < 10 || payload[Flags] != 0) return false;
        Append([1]);
        Append(ContextOf(shared.Settings));
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, shared.Packet.Length);
        Append(length);
        Append(shared.Packet);
        if (shared.Parameters == 0) return true;
        if (!StatementValues.TryParameters(payload, statement, out var nulls, out var types, out var values)) return false;
        Append(nulls);
        Append(types);
        Append(values);
        return true;
    }

    void Append(ReadOnlySpan<byte> bytes)
    {
        if (_key.Length - _keyLength < bytes.Length) Array.Resize(ref _key, Math.Max(_key.Length * 2, _keyLength + bytes.Length));
        bytes.CopyTo(_key.AsSpan(_keyLength));
        _keyLength += bytes.Length;
    }

    ReadOnlySpan<byte> Context()
    {
        if (ReferenceEquals(_contextOf, session.Settings) && ReferenceEquals(_contextFor, session.Profile)) return _context;
        (_contextOf, _contextFor) = (session.Settings, session.Profile);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> numbers = stackalloc byte[24];
        BinaryPrimitives.WriteUInt64LittleEndian(numbers, (ulong)session.Profile.Capabilities);
        BinaryPrimitives.WriteUInt64LittleEndian(numbers[8..], (ulong)session.Capabilities);
        BinaryPrimitives.WriteUInt64LittleEndian(numbers[16..], session.Profile.Collation);
        hash.AppendData(numbers);
        hash.AppendData(session.Identity.PasswordSha1);
        Append(hash, session.Identity.User);
        Append(hash, session.Settings);
        hash.GetHashAndReset().AsSpan(0, ContextBytes).CopyTo(_context);
        return _context;
    }

    // Nobody may find settings that look like another's: this is no hash that can be steered.
    static byte[] ContextOf(SessionSettings settings)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, settings);
        return hash.GetHashAndReset()[..ContextBytes];
    }

    static void Append(IncrementalHash hash, SessionSettings settings)
    {
        Append(hash, settings.Schema ?? "\0");
        foreach (var (name, value) in settings.Variables)
        {
            Append(hash, name);
            Append(hash, value);
        }
    }

    static void Append(IncrementalHash hash, string text)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }
}
