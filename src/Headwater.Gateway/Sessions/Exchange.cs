using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Headwater.Core.Positions;
using Headwater.Gateway.Caching;
using Headwater.Gateway.Transport;
using Headwater.Wire.MySql;

namespace Headwater.Gateway.Sessions;

/// <summary>What the answer to a command looks like on the wire.</summary>
internal enum ResponseShape : byte
{
    /// <summary>OK, ERR, a result set, several of them, or a request for a local file.</summary>
    Result,

    /// <summary>COM_STMT_PREPARE: its own OK, then parameter and column definitions.</summary>
    Prepare,

    /// <summary>COM_STMT_FETCH: rows and their end.</summary>
    Rows,

    /// <summary>COM_FIELD_LIST: column definitions and their end.</summary>
    FieldList,

    /// <summary>COM_STATISTICS: one packet.</summary>
    OnePacket,
}

internal enum ExchangeEnd : byte
{
    Complete,

    /// <summary>The first packet is an ERR, nothing was sent to the client: the session decides whether it sees it.</summary>
    FirstError,

    /// <summary>LOAD DATA LOCAL: the client was asked for the file; send it on, then resume.</summary>
    WantsFile,

    /// <summary>The backend went away or spoke nonsense. <see cref="Outcome.Forwarded"/> tells what the client has already seen.</summary>
    BackendLost,
    ClientLost,

    /// <summary>Abandoned on the session's own wish (server declared dead, statement timed out or killed).</summary>
    Abandoned,
}

internal enum Forwarded : byte
{
    Nothing,

    /// <summary>Whole packets: an ERR may follow.</summary>
    WholePackets,

    /// <summary>Part of a packet: nothing can be said any more.</summary>
    PartOfPacket,
}

/// <summary>How an exchange ended.</summary>
internal readonly record struct Outcome(
    ExchangeEnd End, Forwarded Forwarded, ServerStatus Status, ulong AffectedRows, ulong LastInsertId, ushort Warnings, ushort ErrorCode,
    uint StatementId, ushort ParameterCount, long Rows, byte NextSequence, bool IsResultSet = false);

/// <summary>
/// Relays one response from a backend to a client, following just enough of it to know where it ends. Rows pass through as bytes.
/// Only the packets that close a result are looked at and, where the client must not see the gateway's own session tracking, rewritten.
/// Awaited in place: one object per session, reused for every statement, nothing allocated.
/// A client that reads slowly stops the relay: no more than one chunk waits for it.
/// </summary>
internal sealed class Exchange : IEndpointOwner, ICriticalNotifyCompletion
{
    const int HighWater = 64 * 1024;
    const int LargestControlPacket = 60 * 1024;
    const int Unusable = -1;

    enum At : byte
    {
        First,
        Definitions,
        DefinitionsEof,
        Rows,
    }

    readonly Endpoint _client;
    readonly SessionTracking _tracking;
    readonly Func<Gtid, bool> _isLost;
    readonly ClientSide _clientSide;
    Endpoint _backend = null!;
    bool _deprecateEof;
    ResponseShape _shape;
    At _at;
    bool _continuationPacket;   // the packet before was full: this one carries on its payload
    bool _firstSeen, _holdErrors;
    bool _endPending;           // complete once the present packet has been seen to its end
    int _definitionsLeft;       // of the present block
    int _nextDefinitions;       // columns after parameters, in a prepare response
    int _rest;                  // bytes of the present data packet not yet seen
    byte[]? _carry;
    int _carryLength;
    Action? _continuation;
    bool _complete, _pumping, _resultSet;
    Outcome _outcome;
    Exception? _fault;
    bool _anythingSent;
    uint _statementId, _clientStatementId;
    ushort _parameterCount;
    long _rows;
    byte _sequence;

    /// <summary>The ERR packet kept back, header included; valid until the session's next await.</summary>
    public ReadOnlyMemory<byte> HeldError { get; private set; }

    /// <summary>The client has seen something of the answer.</summary>
    public bool AnythingSent => _anythingSent;

    /// <summary>When the answer began, where it did not come at once as a whole; else 0.</summary>
    public long BeganAt { get; private set; }

    /// <summary>The backend said more than was asked: it must not be used again.</summary>
    public bool Desynchronized { get; private set; }

    /// <param name="isLost">
    /// Whether the server has been replaced as the primary meanwhile by one that has not this commit. Then its word is none for the client: what waited there for an
    /// acknowledgement may have been let go when its sessions were ended, and nobody else has it.
    /// </param>
    public Exchange(Endpoint client, SessionTracking tracking, Func<Gtid, bool> isLost)
    {
        _client = client;
        _tracking = tracking;
        _isLost = isLost;
        _clientSide = new ClientSide(this);
    }

    /// <summary>
    /// Starts following the response to what was just sent to <paramref name="backend"/>.
    /// <paramref name="holdErrors"/>: an ERR as the first packet is kept back for the session to decide on.
    /// <paramref name="clientStatementId"/>: what the client shall see as the id of a prepared statement.
    /// </summary>
    public Exchange Relay(Endpoint backend, ResponseShape shape, bool deprecateEof, bool holdErrors, uint clientStatementId = 0)
    {
        _backend = backend;
        _shape = shape;
        _deprecateEof = deprecateEof;
        _holdErrors = holdErrors;
        _clientStatementId = clientStatementId;
        _at = shape == ResponseShape.Rows ? At.Rows : shape == ResponseShape.FieldList ? At.Definitions : At.First;
        _definitionsLeft = shape == ResponseShape.FieldList ? int.MaxValue : 0;
        _nextDefinitions = 0;
        _continuationPacket = false;
        _firstSeen = false;
        _endPending = false;
        _rest = 0;
        _anythingSent = false;
        _rows = 0;
        _resultSet = false;
        BeganAt = 0;
        _complete = false;
        Desynchronized = false;
        backend.Owner = this;
        _client.Owner = _clientSide;
        return this;
    }

    /// <summary>Goes on after the client's file has been sent to the backend; <paramref name="sequence"/> is that of its last packet.</summary>
    public Exchange Resume(byte sequence)
    {
        _complete = false;
        _sequence = sequence;
        _at = At.First;
        _backend.Owner = this;
        _client.Owner = _clientSide;
        return this;
    }

    public Exchange GetAwaiter() => this;

    public bool IsCompleted
    {
        get
        {
            if (!_complete && _backend.MaybeReadable) Pump();
            // A client that left before now raises no event any more.
            if (!_complete && _client.IsHungUp) End(ExchangeEnd.ClientLost);
            return _complete;
        }
    }

    public Outcome GetResult()
    {
        if (_fault is not { } fault) return _outcome;
        _fault = null;
        throw new InvalidOperationException("following an answer failed", fault);
    }

    public void OnCompleted(Action continuation) => _continuation = continuation;
    public void UnsafeOnCompleted(Action continuation) => _continuation = continuation;

    /// <summary>Ends the exchange from outside; the backend is of no further use.</summary>
    public void Abandon()
    {
        if (_complete || _continuation is null) return;
        End(ExchangeEnd.Abandoned);
        Continue();
    }

    void IEndpointOwner.OnReadable()
    {
        if (_complete) return;
        Pump();
        Continue();
    }

    void IEndpointOwner.OnDrained() { }

    void Continue()
    {
        if (!_complete || _continuation is not { } continuation) return;
        _continuation = null;
        continuation();
    }

    void Pump()
    {
        // Sending may drain at once and say so, in the midst of what is being followed.
        if (_pumping) return;
        _pumping = true;
        try
        {
            PumpAll();
        }
        catch (Exception fault)
        {
            // A fault of our own must end the session that waits here, not leave it waiting: it learns of it in GetResult.
            _fault = fault;
            End(ExchangeEnd.BackendLost);
        }
        finally
        {
            _pumping = false;
        }
    }

    void PumpAll()
    {
        while (!_complete)
        {
            if (_client.PendingOutput >= HighWater) return;
            var scratch = _backend.Loop.Scratch;
            var length = 0;
            if (_carry is not null)
            {
                _carry.AsSpan(0, _carryLength).CopyTo(scratch);
                length = _carryLength;
            }
            var received = _backend.Receive(scratch.AsSpan(length));
            if (received <= 0)
            {
                if (received < 0) End(ExchangeEnd.BackendLost);
                return;
            }
            ReleaseCarry();
            var begins = !_firstSeen;
            Follow(scratch.AsSpan(0, length + received));
            if (begins && !_complete) BeganAt = Stopwatch.GetTimestamp();
            if (!_backend.MaybeReadable) return;
        }
    }

    void Follow(Span<byte> chunk)
    {
        var unsent = 0;
        var at = 0;
        while (at < chunk.Length)
        {
            if (_rest > 0)
            {
                var take = Math.Min(_rest, chunk.Length - at);
                at += take;
                _rest -= take;
                if (_rest > 0 || !_endPending) continue;
                End(ExchangeEnd.Complete);
                break;
            }
            var left = chunk.Length - at;
            if (left < Packet.HeaderSize) break;
            var payload = Packet.PayloadLength(chunk[at..]);
            if (left < Packet.HeaderSize + Math.Min(payload, 1)) break;
            var full = payload == Packet.MaxPayload;
            if (_continuationPacket || !IsControl(payload == 0 ? (byte)0 : chunk[at + Packet.HeaderSize], payload))
            {
                if (!_continuationPacket && _at == At.First && !FollowColumnCount(chunk, at, payload))
                {
                    if (left < Packet.HeaderSize + payload) break;
                    EndInNonsense(chunk[..at]);
                    return;
                }
                else if (!_continuationPacket) FollowData(payload);
                _continuationPacket = full;
                _sequence = chunk[at + 3];
                at += Packet.HeaderSize;
                _rest = payload;
                continue;
            }
            if (payload > LargestControlPacket)
            {
                EndInNonsense(chunk[..at]);
                return;
            }
            if (left < Packet.HeaderSize + payload) break;
            _sequence = chunk[at + 3];
            var packet = chunk.Slice(at, Packet.HeaderSize + payload);
            var before = at;
            var kept = FollowControl(packet);
            if (kept < 0)
            {
                EndInNonsense(chunk[..before]);
                return;
            }
            if (_complete && _outcome.End == ExchangeEnd.FirstError)
            {
                Desynchronized = at + packet.Length < chunk.Length;
                return;
            }
            if (kept == packet.Length) at += kept;
            else
            {
                // Shorter than it was: close the gap so that one send carries all.
                at += packet.Length;
                var tail = chunk[at..];
                tail.CopyTo(chunk[(before + kept)..]);
                chunk = chunk[..(before + kept + tail.Length)];
                at = before + kept;
            }
            if (_complete) break;
        }
        if (at > unsent) Forward(chunk[unsent..at]);
        if (at < chunk.Length && _complete && _outcome.End == ExchangeEnd.Complete)
        {
            // More than was asked for: whatever it is, the next answer would not be its own. The client has what it should have.
            Desynchronized = true;
        }
        else if (at < chunk.Length && !_complete)
        {
            _carryLength = chunk.Length - at;
            _carry = _backend.Loop.Buffers.Rent(_carryLength);
            chunk[at..].CopyTo(_carry);
        }
    }

    /// <summary>Gets a copy of all that the client gets; null: nobody wants one.</summary>
    public AnswerCapture? Capture { get; set; }

    void Forward(ReadOnlySpan<byte> bytes)
    {
        _anythingSent = true;
        Capture?.Add(bytes);
        _client.Send(bytes);
    }

    /// <summary>Whether the packet closes or decides something, so that it must be seen whole.</summary>
    bool IsControl(byte first, int payload)
    {
        switch (_at)
        {
            case At.First:
                return _shape == ResponseShape.OnePacket || first is 0x00 or 0xFF or 0xFB || (first == 0xFE && payload < 9);
            case At.Definitions:
                return first == 0xFF || (_shape == ResponseShape.FieldList && first == 0xFE && payload < 0xFFFFFF);
            case At.DefinitionsEof:
                return true;
            default:
                return first == 0xFF || (first == 0xFE && payload < (_deprecateEof ? 0xFFFFFF : 9));
        }
    }

    bool FollowColumnCount(ReadOnlySpan<byte> chunk, int at, int payload)
    {
        if (chunk.Length < at + Packet.HeaderSize + payload || payload == 0) return false;
        var bytes = chunk.Slice(at + Packet.HeaderSize, payload);
        _definitionsLeft = bytes[0] switch
        {
            < 0xFB => bytes[0],
            0xFC when payload >= 3 => BinaryPrimitives.ReadUInt16LittleEndian(bytes[1..]),
            _ => 0,
        };
        if (_definitionsLeft == 0) return false;
        _resultSet = true;
        _firstSeen = true;
        _at = At.First; // becomes Definitions in FollowData
        return true;
    }

    void FollowData(int payload)
    {
        _ = payload;
        switch (_at)
        {
            case At.First:
                _at = At.Definitions;
                break;
            case At.Definitions:
                if (--_definitionsLeft > 0) break;
                if (_deprecateEof) AfterDefinitions();
                else _at = At.DefinitionsEof;
                break;
            case At.Rows:
                _rows++;
                break;
        }
    }

    void AfterDefinitions()
    {
        if (_shape == ResponseShape.Prepare)
        {
            if (_nextDefinitions > 0)
            {
                _definitionsLeft = _nextDefinitions;
                _nextDefinitions = 0;
                _at = At.Definitions;
            }
            else _endPending = true;
        }
        else _at = At.Rows;
    }

    /// <summary>What made sense goes to the client, so that it is certain what the client has seen.</summary>
    void EndInNonsense(ReadOnlySpan<byte> before)
    {
        if (!before.IsEmpty) Forward(before);
        End(ExchangeEnd.BackendLost);
    }

    /// <summary>Handles a packet that is there as a whole; returns how many bytes of it (header included) the client gets, or <see cref="Unusable"/>.</summary>
    int FollowControl(Span<byte> packet)
    {
        var payload = packet[Packet.HeaderSize..];
        var first = payload.IsEmpty ? (byte)0 : payload[0];
        if (_shape == ResponseShape.OnePacket && first != 0xFF)
        {
            End(ExchangeEnd.Complete);
            return packet.Length;
        }
        switch (first)
        {
            case 0xFF:
                return FollowError(packet, payload);
            case 0xFB when _at == At.First:
                _firstSeen = true;
                End(ExchangeEnd.WantsFile);
                return packet.Length;
            case 0x00 when _shape == ResponseShape.Prepare && _at == At.First && payload.Length >= 12:
                _firstSeen = true;
                FollowPrepared(payload);
                return packet.Length;
            case 0xFE when payload.Length < 9 && !(_deprecateEof && payload.Length >= 7):
                return FollowEof(packet, payload);
            default:
                return FollowOk(packet, payload);
        }
    }

    int FollowError(Span<byte> packet, ReadOnlySpan<byte> payload)
    {
        var code = payload.Length >= 3 ? BinaryPrimitives.ReadUInt16LittleEndian(payload[1..]) : (ushort)0;
        if (_holdErrors && !_firstSeen && !_anythingSent)
        {
            HeldError = _backend.Loop.Scratch.AsMemory(OffsetInScratch(packet), packet.Length);
            End(ExchangeEnd.FirstError, errorCode: code);
            return 0;
        }
        End(ExchangeEnd.Complete, errorCode: code);
        return packet.Length;
    }

    int OffsetInScratch(ReadOnlySpan<byte> packet) =>
        (int)Unsafe.ByteOffset(ref _backend.Loop.Scratch[0], ref Unsafe.AsRef(in packet[0]));

    void FollowPrepared(Span<byte> payload)
    {
        _statementId = BinaryPrimitives.ReadUInt32LittleEndian(payload[1..]);
        BinaryPrimitives.WriteUInt32LittleEndian(payload[1..], _clientStatementId);
        int columns = BinaryPrimitives.ReadUInt16LittleEndian(payload[5..]);
        _parameterCount = BinaryPrimitives.ReadUInt16LittleEndian(payload[7..]);
        _definitionsLeft = _parameterCount > 0 ? _parameterCount : columns;
        _nextDefinitions = _parameterCount > 0 ? columns : 0;
        if (_definitionsLeft == 0) End(ExchangeEnd.Complete);
        else _at = At.Definitions;
    }

    int FollowEof(Span<byte> packet, ReadOnlySpan<byte> payload)
    {
        var status = payload.Length >= 5 ? (ServerStatus)BinaryPrimitives.ReadUInt16LittleEndian(payload[3..]) : default;
        var warnings = payload.Length >= 3 ? BinaryPrimitives.ReadUInt16LittleEndian(payload[1..]) : (ushort)0;
        // An EOF has no place for session state: the flag comes from what only the gateway tracks.
        if ((status & ServerStatus.SessionStateChanged) != 0)
            BinaryPrimitives.WriteUInt16LittleEndian(packet[(Packet.HeaderSize + 3)..], (ushort)(status & ~ServerStatus.SessionStateChanged));
        if (_at == At.DefinitionsEof && (status & ServerStatus.CursorExists) == 0)
        {
            AfterDefinitions();
            if (_endPending) End(ExchangeEnd.Complete, status, 0, 0, warnings);
            return packet.Length;
        }
        AfterResult(status, warnings, 0, 0);
        return packet.Length;
    }

    int FollowOk(Span<byte> packet, Span<byte> payload)
    {
        var at = 1;
        if (!TryLengthEncoded(payload, ref at, out var affected) || !TryLengthEncoded(payload, ref at, out var insertId) || payload.Length < at + 4)
        {
            return Unusable;
        }
        var statusAt = at;
        var status = (ServerStatus)BinaryPrimitives.ReadUInt16LittleEndian(payload[at..]);
        var warnings = BinaryPrimitives.ReadUInt16LittleEndian(payload[(at + 2)..]);
        var length = packet.Length;
        if ((status & ServerStatus.SessionStateChanged) != 0)
        {
            length = Packet.HeaderSize + _tracking.ApplyAndFilter(payload, statusAt);
            if (_tracking.Commit is { } commit && _isLost(commit)) return Unusable;
        }
        if (length != packet.Length) Packet.WriteHeader(packet, length - Packet.HeaderSize, packet[3]);
        AfterResult(status, warnings, affected, insertId);
        return length;
    }

    void AfterResult(ServerStatus status, ushort warnings, ulong affected, ulong insertId)
    {
        _firstSeen = true;
        if ((status & ServerStatus.MoreResults) != 0 && _shape == ResponseShape.Result)
        {
            _at = At.First;
            return;
        }
        End(ExchangeEnd.Complete, status, affected, insertId, warnings);
    }

    void End(ExchangeEnd end, ServerStatus status = default, ulong affected = 0, ulong insertId = 0, ushort warnings = 0, ushort errorCode = 0)
    {
        var forwarded = !_anythingSent ? Forwarded.Nothing : _rest > 0 || _continuationPacket ? Forwarded.PartOfPacket : Forwarded.WholePackets;
        _outcome = new Outcome(end, forwarded, status, affected, insertId, warnings, errorCode, _statementId, _parameterCount, _rows, (byte)(_sequence + 1), _resultSet);
        _complete = true;
        ReleaseCarry();
    }

    void ReleaseCarry()
    {
        if (_carry is null) return;
        _backend.Loop.Buffers.Return(_carry);
        _carry = null;
        _carryLength = 0;
    }

    internal static bool TryLengthEncoded(ReadOnlySpan<byte> bytes, ref int at, out ulong value)
    {
        value = 0;
        if (at >= bytes.Length) return false;
        var first = bytes[at++];
        var size = first switch { < 0xFB => 0, 0xFC => 2, 0xFD => 3, 0xFE => 8, _ => -1 };
        if (size == 0)
        {
            value = first;
            return true;
        }
        if (size < 0 || bytes.Length < at + size) return false;
        for (var i = 0; i < size; i++) value |= (ulong)bytes[at + i] << (8 * i);
        at += size;
        return true;
    }

    sealed class ClientSide(Exchange exchange) : IEndpointOwner
    {
        public void OnReadable()
        {
            // Commands sent ahead stay in the socket; only a lost client matters here.
            if (!exchange._client.IsHungUp || exchange._complete) return;
            exchange.End(ExchangeEnd.ClientLost);
            exchange.Continue();
        }

        public void OnDrained()
        {
            if (exchange._complete || exchange._pumping || !exchange._backend.MaybeReadable) return;
            exchange.Pump();
            exchange.Continue();
        }
    }
}
