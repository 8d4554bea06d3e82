using Headwater.Core.Positions;

namespace Headwater.Servers;

/// <summary>
/// A transaction that shows a server's rows as they were at one place in the log, without a lock: binlog_snapshot_file and _position are of the moment at which
/// the transaction began. Source: https://mariadb.com/kb/en/enhancements-for-start-transaction-with-consistent-snapshot/ .
/// </summary>
public static class SourceSnapshot
{
    public static async Task<Position> OpenAsync(ServerConnection source, CancellationToken ct)
    {
        await source.QueryAsync("ROLLBACK", ct);
        // Of a domain that does not stand in its log, a replica has what it had when its log was emptied, which does not change unless it is logged.
        var before = PositionOf((await source.QueryAsync("SELECT @@GLOBAL.gtid_slave_pos", ct)).Scalar);
        await source.QueryAsync("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", ct);
        await source.QueryAsync("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY", ct);
        var status = await source.QueryAsync("SHOW STATUS LIKE 'binlog_snapshot_%'", ct);
        var file = status.Rows.FirstOrDefault(static row => row[0]!.EndsWith("file", StringComparison.OrdinalIgnoreCase))?[1];
        var offset = status.Rows.FirstOrDefault(static row => row[0]!.EndsWith("position", StringComparison.OrdinalIgnoreCase))?[1];
        if (string.IsNullOrEmpty(file)) throw new InvalidOperationException("the source does not tell where its snapshot stands in its log (binlog_snapshot_file is empty)");
        var logged = PositionOf((await source.QueryAsync($"SELECT BINLOG_GTID_POS('{file}', {offset})", ct)).Scalar);
        for (var i = 0; i < before.DomainCount; i++)
            if (logged.SequenceOf(before[i].Domain) == 0) logged = logged.With(before[i]);
        return logged;
    }

    static Position PositionOf(string? text) => Position.TryParse(text ?? "", out var position) ? position : throw new InvalidDataException($"the source's position cannot be read: {text}");
}
