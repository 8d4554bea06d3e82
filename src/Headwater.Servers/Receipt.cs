using Headwater.Core.Positions;
using Headwater.Wire.MySql;

namespace Headwater.Servers;

/// <summary>
/// Tells a primary what a replica has received, in its stead. A semi-synchronous reader that asks for the log from a place on is taken by the primary to have all
/// before it, and commits that wait at or before that place are released; so the place must be the replica's own word (Master_Log_File, Read_Master_Log_Pos).
/// Source: sql/semisync_master.cc, Repl_semi_sync_master::dump_start.
///
/// Road not taken: to log something new, whose receipt would be acknowledged. At AFTER_SYNC nothing new gets into the log while a commit waits at its end.
/// </summary>
public static class Receipt
{
    const ushort NonBlocking = 1;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>The connection is used up and closed. The account needs REPLICATION SLAVE.</summary>
    /// <exception cref="ServerException">The server has no such place in its log.</exception>
    public static async Task ReportAsync(ServerConnection connection, LogPlace received, CancellationToken ct)
    {
        await using var closing = connection;
        // Without @slave_connect_state the server goes by file and offset, and looks for nothing.
        await connection.QueryAsync("SET @master_binlog_checksum = @@global.binlog_checksum, @mariadb_slave_capability = 4, @rpl_semi_sync_slave = 1", ct);
        await connection.SendAsync(writer =>
        {
            writer.UInt8((byte)Command.BinlogDump);
            writer.UInt32(checked((uint)received.Offset));
            writer.UInt16(NonBlocking);
            writer.UInt32(0); // nobody's id: no other reader is ended for it
            writer.Text(received.File);
        }, readAhead: 4096, ct);
        var first = await connection.ReceiveAsync(Patience, ct);
        if (ErrPacket.TryParse(first.Span, out var error)) throw Errors.Of(error);
    }
}
