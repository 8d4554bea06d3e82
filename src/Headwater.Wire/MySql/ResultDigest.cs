using Headwater.Core.Log;

namespace Headwater.Wire.MySql;

/// <summary>
/// The rows of one result set as a number that does not depend on their order, taken from the packets as they come: equal rows in equal number give
/// equal digests, and others do but with the odds of a 64-bit hash. Column definitions and what ends the result have no part in it.
/// </summary>
/// <param name="deprecateEof">Whether CLIENT_DEPRECATE_EOF was agreed on.</param>
public sealed class ResultDigest(bool deprecateEof)
{
    enum At : byte
    {
        ColumnCount,
        Definitions,
        DefinitionsEnd,
        Rows,
        End,
    }

    readonly XxHash64 _hash = new();
    At _at;
    long _definitions;

    public long Rows { get; private set; }
    public ulong Sum { get; private set; }

    /// <summary>The result has been seen to its end.</summary>
    public bool IsComplete => _at == At.End && Error is null;

    /// <summary>Why there is no result to its end; null while all is well. Never the server's own words, which may hold values.</summary>
    public string? Error { get; private set; }

    /// <summary>Takes the next packet's payload. True when no more is wanted.</summary>
    public bool Add(ReadOnlySpan<byte> payload)
    {
        if (payload.IsEmpty) return Fail("an empty packet where a result was expected");
        if (payload[0] == ErrPacket.Header && _at != At.Definitions) return Fail(ErrPacket.TryParse(payload, out var error) ? $"error {error.Code}" : "an error");
        switch (_at)
        {
            case At.ColumnCount:
                var reader = new PayloadReader(payload);
                if (payload[0] is 0x00 or 0xFB or 0xFE || (_definitions = (long)reader.LengthEncodedInteger()) == 0) return Fail("no result set");
                _at = At.Definitions;
                break;
            case At.Definitions:
                if (--_definitions == 0) _at = deprecateEof ? At.Rows : At.DefinitionsEnd;
                break;
            case At.DefinitionsEnd:
                _at = At.Rows;
                break;
            case At.Rows when payload[0] == 0xFE && payload.Length < (deprecateEof ? 0xFFFFFF : 9):
                _at = At.End;
                return true;
            case At.Rows:
                _hash.Reset();
                _hash.Append(payload);
                Rows++;
                Sum = unchecked(Sum + _hash.Finish());
                break;
        }
        return _at == At.End;
    }

    /// <summary>Of an answer's packets, headers included; none of them as long as 16 MB. Null when they are not one whole result set.</summary>
    public static ResultDigest? Of(ReadOnlySpan<byte> packets, bool deprecateEof)
    {
        var digest = new ResultDigest(deprecateEof);
        try
        {
            while (packets.Length >= Packet.HeaderSize)
            {
                var length = Packet.PayloadLength(packets);
                if (length == Packet.MaxPayload || packets.Length < Packet.HeaderSize + length) return null;
                if (digest.Add(packets.Slice(Packet.HeaderSize, length))) return digest.IsComplete && packets.Length == Packet.HeaderSize + length ? digest : null;
                packets = packets[(Packet.HeaderSize + length)..];
            }
        }
        catch (MalformedPacketException)
        {
            // Not one whole result set.
        }
        return null;
    }

    public bool HasTheRowsOf(ResultDigest other) => Rows == other.Rows && Sum == other.Sum;

    bool Fail(string why)
    {
        Error = why;
        _at = At.End;
        return true;
    }
}
