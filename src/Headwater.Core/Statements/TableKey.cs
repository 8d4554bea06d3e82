using System.Text;
using Headwater.Core.Log;

namespace Headwater.Core.Statements;

/// <summary>
/// A table's name as one number: XxHash64 (seed 0) of the UTF-8 of the schema's name in lower case, a zero byte, and the table's name in lower case.
/// Where a server tells <c>T</c> from <c>t</c>, both have the same key: a change of one is taken for a change of the other, which only costs.
/// </summary>
public static class TableKey
{
    public static ulong Of(string schema, string table)
    {
        var hash = new XxHash64();
        Span<byte> bytes = stackalloc byte[512];
        Append(hash, schema, bytes);
        hash.Append([0]);
        Append(hash, table, bytes);
        return hash.Finish();
    }

    static void Append(XxHash64 hash, string name, Span<byte> bytes)
    {
        var lower = name.ToLowerInvariant();
        if (Encoding.UTF8.TryGetBytes(lower, bytes, out var written)) hash.Append(bytes[..written]);
        else hash.Append(Encoding.UTF8.GetBytes(lower));
    }
}
