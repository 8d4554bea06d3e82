using System.Globalization;

namespace Headwater.Wire.MySql;

/// <summary>
/// A packet that breaks the protocol. The message quotes the packet's first bytes only: enough to recognize it, and before any place
/// where a login packet carries a secret.
/// </summary>
public sealed class MalformedPacketException(string message) : Exception(message)
{
    const int Quoted = 12;

    public static MalformedPacketException In(string what, ReadOnlySpan<byte> payload, int offset) =>
        new(string.Create(CultureInfo.InvariantCulture,
            $"{what} at offset {offset} of a {payload.Length}-byte packet that starts with [{Convert.ToHexString(payload[..Math.Min(Quoted, payload.Length)])}]"));
}
