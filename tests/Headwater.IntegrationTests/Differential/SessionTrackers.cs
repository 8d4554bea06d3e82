using Headwater.Wire.MySql;

namespace Headwater.IntegrationTests.Differential;

/// <summary>
/// The server lists changed variables in the order of a hash, which differs between two of its own connections. Sorted, they compare.
/// </summary>
internal static class SessionTrackers
{
    public static byte[] InOrder(byte[] payload, Capabilities capabilities)
    {
        if ((capabilities & Capabilities.SessionTrack) == 0 || payload.Length < 8) return payload;
        if (payload[0] != 0x00 && !(payload[0] == 0xFE && (capabilities & Capabilities.DeprecateEof) != 0)) return payload;
        try
        {
            var reader = new PayloadReader(payload);
            reader.Skip(1);
            reader.LengthEncodedInteger();
            reader.LengthEncodedInteger();
            if (((ServerStatus)reader.UInt16() & ServerStatus.SessionStateChanged) == 0) return payload;
            reader.Skip(2);
            if (reader.AtEnd) return payload;
            reader.LengthEncodedBytes();
            var start = reader.Offset;
            var state = new PayloadReader(reader.LengthEncodedBytes());
            if (!reader.AtEnd) return payload;
            var entries = new List<byte[]>();
            while (!state.AtEnd)
            {
                var kind = state.Byte();
                var body = state.LengthEncodedBytes().ToArray();
                entries.Add([kind, .. BitConverter.GetBytes(body.Length), .. body]);
            }
            return [.. payload.AsSpan(0, start), .. entries.OrderBy(Convert.ToHexString, StringComparer.Ordinal).SelectMany(entry => entry)];
        }
        catch (MalformedPacketException)
        {
            return payload;   // a row, or something broken: compared as it is
        }
    }
}
