using System.Globalization;

namespace Headwater.Core.Positions;

/// <summary>A place in a binary log: file and offset. Files of one server are ordered by the number at their end.</summary>
public readonly record struct LogPlace(string File, long Offset)
{
    /// <summary>True when this place is at or after <paramref name="other"/> in the same server's log.</summary>
    public bool Reaches(in LogPlace other)
    {
        if (File == other.File) return Offset >= other.Offset;
        return Number(File) is { } mine && Number(other.File) is { } its && mine > its;
    }

    static long? Number(string file)
    {
        var dot = file.LastIndexOf('.');
        return long.TryParse(file.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }
}

/// <summary>
/// Proves what a primary shows. A transaction stands in its log before the engine has committed it, under AFTER_SYNC for as long as the
/// acknowledgement takes, so <c>@@gtid_binlog_pos</c> is no proof. The status variables <c>Binlog_snapshot_file/position</c> are: outside of
/// a consistent snapshot they name the place up to which the engine has committed. Each look asks, in this order, for the logged position, the end of
/// the log (SHOW MASTER STATUS) and the snapshot's place; a logged position is visible as soon as a snapshot reaches an end read after it.
/// A new log file is not trusted at once: a commit that hangs over the rotation leaves the new file's name with the old file's offset there. The first
/// place that equals the end of the log says that everything is committed, and from then on the file's places are its own.
/// Measured on MariaDB 10.11: docs/decisions/0001-what-a-read-may-see.md. One owner.
/// </summary>
public sealed class VisibleProof
{
    readonly Queue<(Position Logged, LogPlace End)> _open = new();
    string _trustedFile = "";

    public Position Visible { get; private set; } = Position.Empty;

    /// <summary>Adds a look whose three values were read in this order, and returns what is proven visible now.</summary>
    public Position Add(in Position logged, in LogPlace end, in LogPlace snapshot)
    {
        _open.Enqueue((logged, end));
        if (snapshot == end) _trustedFile = snapshot.File;
        while (_trustedFile == snapshot.File && _open.TryPeek(out var oldest) && snapshot.Reaches(oldest.End))
        {
            Visible = Visible.Merge(oldest.Logged);
            _open.Dequeue();
        }
        // A commit that hangs for long would pile up looks: the first open one is proven first, the last says most; between them few matter.
        if (_open.Count > 1024) _open.Dequeue();
        return Visible;
    }
}
