using System.Globalization;
using Headwater.Core;
using Headwater.Core.Positions;
using Headwater.Servers;

namespace Headwater.Control;

/// <summary>
/// Proves that what a primary has logged is visible on it. <c>@@gtid_binlog_pos</c> moves when a transaction is written to the log, before the
/// engine commits it (with AFTER_SYNC a replica's answer is waited for in between). <c>Binlog_snapshot_file</c> and <c>_position</c>
/// outside of a snapshot are the end of the last transaction whose engine commit is done, kept in log order under LOCK_commit_ordered
/// (https://mariadb.com/kb/en/enhancements-for-start-transaction-with-consistent-snapshot/). So: read the GTID position, <i>then</i>
/// the end of the log, which lies behind it; once the snapshot position has come there, the GTID position is visible.
///
/// The one weak place is a new log file: the snapshot position starts in it although a group of the old file may still be committing. So a
/// new file proves nothing before it is some time old and no session waits for a semi-synchronous answer.
/// Road not taken: BINLOG_GTID_POS(file, position) reads the file from its start.
/// </summary>
sealed class VisibilityProof
{
    const string Questions =
        "SHOW MASTER STATUS; SHOW STATUS WHERE Variable_name IN ('Binlog_snapshot_file', 'Binlog_snapshot_position', 'Rpl_semi_sync_master_wait_sessions')";
    const int Most = 64;
    static readonly TimeSpan NewFileSettlesIn = TimeSpan.FromMilliseconds(100);
    readonly Queue<(Position Logged, LogPlace End)> _pending = new();
    long _file = -1;
    Instant _fileSeenAt;
    bool _fileSettled;

    /// <summary>Asks, and returns the newest position that is proven visible by the answer; null when none is yet.</summary>
    public async Task<Position?> AskAsync(ServerConnection connection, Position logged, TimeProvider time, CancellationToken ct)
    {
        var results = await connection.QueryMultiAsync(Questions, ct);
        if (results[0].Rows.Count == 0) return logged; // no log, so nothing stands between writing and showing
        var end = LogPlace.Of(results[0].Rows[0][0], results[0].Rows[0][1]);
        string? Status(string name) => results[1].Rows.FirstOrDefault(row => row[0] == name)?[1];
        var committed = LogPlace.Of(Status("Binlog_snapshot_file"), Status("Binlog_snapshot_position"));
        return Judge(logged, end, committed, Status("Rpl_semi_sync_master_wait_sessions") is null or "0", time.Now());
    }

    internal Position? Judge(Position logged, LogPlace end, LogPlace committed, bool nobodyWaits, Instant now)
    {
        if (_pending.Count == Most) _pending.Dequeue();
        _pending.Enqueue((logged, end));
        if (committed.File != _file)
        {
            // What was seen as this process began has been the file for long, as far as anybody knows; it settles like any other.
            _file = committed.File;
            _fileSeenAt = now;
            _fileSettled = false;
        }
        if (!_fileSettled && now - _fileSeenAt >= NewFileSettlesIn && nobodyWaits) _fileSettled = true;
        if (!_fileSettled) return null;
        Position? proven = null;
        while (_pending.TryPeek(out var oldest) && oldest.End <= committed)
        {
            proven = oldest.Logged;
            _pending.Dequeue();
        }
        return proven;
    }
}

/// <summary>A place in a server's log: the number of the file, and the offset in it.</summary>
readonly record struct LogPlace(long File, long Offset)
{
    public static LogPlace Of(string? file, string? offset)
    {
        var dot = file?.LastIndexOf('.') ?? -1;
        return dot >= 0 && long.TryParse(file.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && long.TryParse(offset, NumberStyles.None, CultureInfo.InvariantCulture, out var at)
            ? new LogPlace(number, at)
            : throw new InvalidDataException($"the server's log place cannot be read: {file} {offset}");
    }

    public static bool operator <=(LogPlace a, LogPlace b) => a.File < b.File || a.File == b.File && a.Offset <= b.Offset;
    public static bool operator >=(LogPlace a, LogPlace b) => b <= a;
}
