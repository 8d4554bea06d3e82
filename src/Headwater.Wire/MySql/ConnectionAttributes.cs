namespace Headwater.Wire.MySql;

/// <summary>
/// Names and values that a client tells about itself. Their total length comes first, so a reader can check that they fill it.
/// Source: https://mariadb.com/kb/en/connection/#client-handshake-response .
/// </summary>
static class ConnectionAttributes
{
    const int MaxCount = 256;

    public static IReadOnlyList<KeyValuePair<string, string>> Read(ref PayloadReader reader)
    {
        var all = new PayloadReader(reader.LengthEncodedBytes());
        var attributes = new List<KeyValuePair<string, string>>();
        while (!all.AtEnd)
        {
            if (attributes.Count == MaxCount) throw all.Malformed($"more than {MaxCount} connection attributes");
            var name = all.LengthEncodedText();
            attributes.Add(new(name, all.LengthEncodedText()));
        }
        return attributes;
    }

    public static void Write(PacketWriter writer, IReadOnlyList<KeyValuePair<string, string>> attributes)
    {
        var inner = new PacketWriter();
        foreach (var (name, value) in attributes)
        {
            inner.LengthEncodedText(name);
            inner.LengthEncodedText(value);
        }
        writer.LengthEncodedBytes(inner.Written);
    }
}
