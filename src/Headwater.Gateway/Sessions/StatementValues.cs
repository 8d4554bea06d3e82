using Headwater.Core.Statements;
using Headwater.Wire.MySql;

namespace Headwater.Gateway.Sessions;

/// <summary>The values that the statement in hand names, in its text or bound to it.</summary>
internal static class StatementValues
{
    /// <summary>The schema that its names mean: those of a prepared statement mean what they meant when it was prepared.</summary>
    public static string Schema(ClientSession session) => (session.Statement?.Shared.Settings ?? session.Settings).Schema ?? "";

    /// <summary>The value of the key that the statement looks up, where it is one and names it as an integer.</summary>
    public static long? Key(ClientSession session, Footprint reads)
    {
        if (reads.Key is not { } lookup) return null;
        long literal;
        if (session.Statement is not { } statement) return lookup.TryKey(session.Request.Payload[1..], session.Tracking.Syntax, out literal) ? literal : null;
        var shared = statement.Shared;
        // As it was sent: a header and the command's byte before the text.
        var text = shared.Packet.AsSpan(Packet.HeaderSize + 1);
        if (lookup.Parameter(text, shared.Syntax) is >= 0 and var index)
            return TryParameters(session.Request.Payload, statement, out var nulls, out var types, out var values) && BoundInteger.TryRead(types, nulls, values, index, out var bound) ? bound : null;
        return lookup.TryKey(text, shared.Syntax, out literal) ? literal : null;
    }

    // COM_STMT_EXECUTE: command, id (4), flags, iterations (4), then, with parameters, the bitmap of nulls, whether types follow, types, values.
    public static bool TryParameters(ReadOnlySpan<byte> payload, ClientStatement statement, out ReadOnlySpan<byte> nulls, out ReadOnlySpan<byte> types, out ReadOnlySpan<byte> values)
    {
        const int Bitmap = 10;
        nulls = types = values = default;
        int parameters = statement.Shared.Parameters, behind = Bitmap + (parameters + 7) / 8;
        if (payload.Length < behind + 1) return false;
        nulls = payload[Bitmap..behind];
        values = payload[(behind + 1)..];
        types = statement.Types;
        if (payload[behind] == 1)
        {
            if (values.Length < 2 * parameters) return false;
            types = values[..(2 * parameters)];
            values = values[types.Length..];
        }
        return types.Length == 2 * parameters;
    }
}
