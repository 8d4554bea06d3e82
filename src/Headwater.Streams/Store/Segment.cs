using System.Globalization;
using Headwater.Core.Positions;

namespace Headwater.Streams.Store;

/// <summary>
/// One file of a store: a binary log as a MariaDB server writes it, with checksums, so that every tool that reads those reads it too
/// (<c>mariadb-binlog log.000001</c>). It begins with what the log held before it and holds whole transactions.
/// </summary>
/// <param name="Number">From 1, without gaps.</param>
/// <param name="Path">Its file.</param>
/// <param name="Before">What the log held before it.</param>
/// <param name="Length">Bytes, once it is complete; null for the one that is written.</param>
public sealed record Segment(int Number, string Path, Position Before, long? Length)
{
    const string Prefix = "log.";

    public static string PathOf(string directory, int number) => System.IO.Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number:D6}"));

    /// <summary>The number in a segment's name; null for other files.</summary>
    public static int? NumberOf(string path)
    {
        var name = System.IO.Path.GetFileName(path.AsSpan());
        return name.StartsWith(Prefix, StringComparison.Ordinal) && int.TryParse(name[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    public string Name => System.IO.Path.GetFileName(Path);
}
