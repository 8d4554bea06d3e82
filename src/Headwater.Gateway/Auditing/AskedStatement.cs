using System.Buffers.Binary;
using Headwater.Gateway.Backends;
using Headwater.Gateway.Sessions;
using Headwater.Wire.MySql;

namespace Headwater.Gateway.Auditing;

/// <summary>A client's statement with all that decides its answer, so that it can be asked once more when the client has gone on.</summary>
/// <param name="Profile">Who asked, and how it speaks.</param>
/// <param name="Request">COM_QUERY, or COM_STMT_EXECUTE with its types and a number that is yet to be filled in.</param>
/// <param name="Prepare">COM_STMT_PREPARE; null for a text.</param>
/// <param name="PreparedUnder">The settings by which its text is read.</param>
internal sealed record AskedStatement(BackendProfile Profile, SessionSettings Settings, byte[] Request, byte[]? Prepare, SessionSettings? PreparedUnder)
{
    /// <summary>Longer ones are not kept for a second time.</summary>
    const int Longest = 64 << 10;

    /// <summary>Of the statement in hand; null where it cannot be asked again as it was.</summary>
    public static AskedStatement? Of(ClientSession session)
    {
        if (session.Request.Length > Longest) return null;
        if (session.Statement is not { } statement) return new AskedStatement(session.Profile, session.Settings, session.Request.Bytes.ToArray(), null, null);
        var shared = statement.Shared;
        if (shared.Packet.Length > Longest || Execute(session.Request.Payload, statement) is not { } execute) return null;
        return new AskedStatement(session.Profile, session.Settings, execute, shared.Packet, shared.Settings);
    }

    static byte[]? Execute(ReadOnlySpan<byte> payload, ClientStatement statement)
    {
        const int Fixed = 10, Flags = 5;
        if ((Command)payload[0] != Command.StmtExecute || payload.Length < Fixed || payload[Flags] != 0) return null;
        if (statement.Shared.Parameters == 0) return WithHeader(payload[..Fixed]);
        if (!StatementValues.TryParameters(payload, statement, out var nulls, out var types, out var values)) return null;
        return WithHeader([.. payload[..Fixed], .. nulls, 1, .. types, .. values]);
    }

    static byte[] WithHeader(ReadOnlySpan<byte> payload)
    {
        var packet = new byte[Packet.HeaderSize + payload.Length];
        Packet.WriteHeader(packet, payload.Length, 0);
        payload.CopyTo(packet.AsSpan(Packet.HeaderSize));
        return packet;
    }

    /// <summary>The execution, by the number that the statement got where it was prepared.</summary>
    public byte[] Numbered(uint statementId)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(Request.AsSpan(Packet.HeaderSize + 1), statementId);
        return Request;
    }
}
