using Headwater.Core.Positions;
using Headwater.Wire.MySql;
using Headwater.Wire.MySql.Binlog;

namespace Headwater.Servers;

/// <summary>
/// A server's log as it comes over the replication protocol, event by event, undecoded. The account needs REPLICATION SLAVE. Sources:
/// https://mariadb.com/kb/en/com_binlog_dump/ , https://mariadb.com/kb/en/5-slave-registration/ , https://mariadb.com/kb/en/semisynchronous-replication/ .
/// One owner.
/// </summary>
public sealed class BinlogDump : IAsyncDisposable
{
    const int ReadAhead = 256 << 10;
    const ushort FatalReadError = 1236;
    const ushort NonBlocking = 1, SendAnnotations = 2;
    const byte SemiSync = 0xEF;

    readonly ServerConnection _connection;
    readonly BinlogOptions _options;
    readonly Position _from;
    readonly PacketWriter _acknowledgement = new(64);
    bool _hasFound;

    BinlogDump(ServerConnection connection, Position from, BinlogOptions options, bool hasChecksums) =>
        (_connection, _from, _options, HasChecksums) = (connection, from, options, hasChecksums);

    /// <summary>Events end with a CRC-32.</summary>
    public bool HasChecksums { get; }

    /// <summary>The server waits for an acknowledgement of the event in hand: <see cref="AcknowledgeAsync"/>.</summary>
    public bool IsWaitedFor { get; private set; }

    /// <summary>The event in hand is so long that its buffer is its own: it stays valid.</summary>
    public bool IsOwned { get; private set; }

    /// <exception cref="BinlogException">The server has no log.</exception>
    /// <exception cref="ServerUnreachableException">The connection broke or the server fell silent.</exception>
    public static async Task<BinlogDump> OpenAsync(ServerConnection connection, Position from, BinlogOptions options, CancellationToken ct)
    {
        if (options.ReaderId == 0 && !options.StopAtEnd) throw new ArgumentException("A log is followed under a server id of one's own.", nameof(options));
        var hasChecksums = await PrepareAsync(connection, from, options, ct);
        if (options.Acknowledges) await RegisterAsync(connection, options, ct);
        await connection.SendAsync(writer => Request(writer, options), ReadAhead, ct);
        return new BinlogDump(connection, from, options, hasChecksums);
    }

    /// <summary>The next event, valid until the one after it is asked for; empty at the end of a log that is not followed. Completes at once where the event is here already.</summary>
    /// <exception cref="BinlogException">The server does not give its log from there.</exception>
    /// <exception cref="ServerUnreachableException">The connection broke or the server fell silent.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> NextAsync(CancellationToken ct)
    {
        var packet = await _connection.ReceiveAsync(_hasFound ? _options.Heartbeat * 3 : _options.Search, ct);
        if (ErrPacket.TryParse(packet.Span, out var error)) throw Refusal(Errors.Of(error));
        if (EofPacket.TryParse(packet.Span, out _)) return default;
        if (packet.IsEmpty || packet.Span[0] != OkPacket.OkHeader) throw new BinlogException(BinlogTrouble.Damaged, "The server's answer is no event of a log.");
        IsOwned = packet.Length >= Packet.MaxPayload;
        // A semi-synchronous reader gets two bytes more before each event: what they are, and whether the server waits.
        var offset = _options.Acknowledges && packet.Length > 2 && packet.Span[1] == SemiSync ? 3 : 1;
        IsWaitedFor = offset == 3 && packet.Span[2] == 1;
        // The acknowledgement is packet 0 of an exchange of its own, so the server counts on from 1: Repl_semi_sync_master::flush_net in sql/semisync_master.cc.
        if (IsWaitedFor) _connection.Expect(1);
        packet = packet[offset..];
        _hasFound |= packet.Length > EventHeader.Length && (EventType)packet.Span[4] is EventType.Gtid or EventType.Heartbeat;
        return packet;
    }

    /// <summary>Tells the server that the event, and all before it, is safe.</summary>
    /// <param name="file">The server's log file.</param>
    /// <param name="offset">The event's end in it, as its header has it.</param>
    public Task AcknowledgeAsync(string file, ulong offset, CancellationToken ct)
    {
        _acknowledgement.Reset();
        _acknowledgement.Begin(0);
        _acknowledgement.UInt8(SemiSync);
        _acknowledgement.UInt64(offset);
        _acknowledgement.Text(file);
        _acknowledgement.End();
        return _connection.SendBesideAsync(_acknowledgement.WrittenMemory, ct);
    }

    static async Task<bool> PrepareAsync(ServerConnection connection, Position from, BinlogOptions options, CancellationToken ct)
    {
        var checksum = (await connection.QueryAsync("SELECT @@global.binlog_checksum, @@global.log_bin", ct)).Rows[0];
        if (checksum[1] != "1") throw new BinlogException(BinlogTrouble.Unavailable, $"{connection} has no binary log (log_bin=OFF).");
        var heartbeat = Math.Max(1_000_000, options.Heartbeat.Ticks * 100);
        // Capability 4: the reader knows GTIDs, so nothing is dressed up for it. Strict: a position that the log has not is refused, not guessed at.
        await connection.QueryAsync(
            $"SET @master_binlog_checksum=@@global.binlog_checksum, @mariadb_slave_capability=4, @slave_connect_state='{from}', @slave_gtid_strict_mode=1, @slave_gtid_ignore_duplicates=0, @master_heartbeat_period={heartbeat}{(options.Acknowledges ? ", @rpl_semi_sync_slave=1" : "")}", ct);
        return checksum[0] == "CRC32";
    }

    // So that it is seen among the server's replicas: SHOW SLAVE HOSTS.
    static Task RegisterAsync(ServerConnection connection, BinlogOptions options, CancellationToken ct) => connection.CommandAsync(writer =>
    {
        writer.UInt8((byte)Command.RegisterSlave);
        writer.UInt32(options.ReaderId);
        foreach (var text in new[] { options.ReportHost, "", "" })
        {
            writer.UInt8((byte)text.Length);
            writer.Text(text);
        }
        writer.UInt16(options.ReportPort);
        writer.UInt32(0);
        writer.UInt32(0);
    }, ct);

    static void Request(PacketWriter writer, BinlogOptions options)
    {
        writer.UInt8((byte)Command.BinlogDump);
        writer.UInt32(4); // with a GTID position the server finds file and offset itself
        writer.UInt16((ushort)(SendAnnotations | (options.StopAtEnd ? NonBlocking : 0)));
        writer.UInt32(options.ReaderId);
    }

    // One number for everything; the texts are those of sql/sql_repl.cc, in English whatever lc_messages is.
    BinlogException Refusal(ServerException refused)
    {
        var says = refused.Message;
        var trouble = refused.Code != FatalReadError ? BinlogTrouble.Unavailable
            : says.Contains("Could not find GTID state requested by slave", StringComparison.Ordinal) || says.Contains("have been purged", StringComparison.Ordinal) ? BinlogTrouble.Purged
            : says.Contains("diverged", StringComparison.Ordinal) || says.Contains("alternate history", StringComparison.Ordinal) ? BinlogTrouble.Diverged
            : says.Contains("which is not in the master's binlog", StringComparison.Ordinal) ? BinlogTrouble.Behind
            : BinlogTrouble.Damaged;
        return new BinlogException(trouble, $"The server does not give its log from {(_from.IsEmpty ? "its beginning" : _from.ToString())}: {says}", refused);
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
