using System.Globalization;
using Headwater.Core;
using Headwater.Core.Positions;
using Headwater.Servers;

namespace Headwater.Control;

/// <summary>
/// Asks a primary for what proves that its logged positions are visible: see <see cref="VisibleProof"/>, and docs/decisions/0001-what-a-read-may-see.md.
///
/// The one weak place is a new log file: the snapshot's place starts in it although a group of the old file may still be committing. So a
/// new file proves nothing before it is some time old and no session waits for a semi-synchronous answer.
/// Road not taken: BINLOG_GTID_POS(file, position) reads the file from its start.
/// </summary>
sealed class VisibilityProof
{
    const string Questions =
        "SHOW MASTER STATUS; SHOW STATUS WHERE Variable_name IN ('Binlog_snapshot_file', 'Binlog_snapshot_position', 'Rpl_semi_sync_master_wait_sessions')";
    static readonly TimeSpan NewFileSettlesIn = TimeSpan.FromMilliseconds(100);
    readonly VisibleProof _proof = new();
    string _file = "";
    Instant _fileSeenAt;
    bool _fileSettled;

    /// <summary>Asks, after <paramref name="logged"/> was read, and returns what is proven visible by the answer.</summary>
    public async Task<Position> AskAsync(ServerConnection connection, Position logged, TimeProvider time, CancellationToken ct)
    {
        var results = await connection.QueryMultiAsync(Questions, ct);
        if (results[0].Rows.Count == 0) return logged; // no log, so nothing stands between writing and showing
        string? Status(string name) => results[1].Rows.FirstOrDefault(row => row[0] == name)?[1];
        return Judge(
            logged, PlaceOf(results[0].Rows[0][0], results[0].Rows[0][1]), PlaceOf(Status("Binlog_snapshot_file"), Status("Binlog_snapshot_position")),
            Status("Rpl_semi_sync_master_wait_sessions") is null or "0", time.Now());
    }

    internal Position Judge(Position logged, LogPlace end, LogPlace committed, bool nobodyWaits, Instant now)
    {
        if (committed.File != _file)
        {
            _file = committed.File;
            _fileSeenAt = now;
            _fileSettled = false;
        }
        if (!_fileSettled && now - _fileSeenAt >= NewFileSettlesIn && nobodyWaits) _fileSettled = true;
        // An unsettled file is taken as if nothing of it were committed yet.
        return _proof.Add(logged, end, _fileSettled ? committed : new LogPlace("", -1));
    }

    static LogPlace PlaceOf(string? file, string? offset) =>
        file is not null && long.TryParse(offset, NumberStyles.None, CultureInfo.InvariantCulture, out var at)
            ? new LogPlace(file, at)
            : throw new InvalidDataException($"the server's log place cannot be read: {file} {offset}");
}
