using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Headwater.Streams.Follow;

/// <summary>A server id for a reader that nobody has given one.</summary>
public static class ReaderId
{
    /// <summary>The same for the same machine and directory, and hardly anybody else's: 30 bits of a hash, above what people number their servers with.</summary>
    public static uint Of(string machine, string directory) =>
        BinaryPrimitives.ReadUInt32LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{machine}\n{Path.GetFullPath(directory)}"))) & 0x3FFFFFFF | 0x40000000;
}
