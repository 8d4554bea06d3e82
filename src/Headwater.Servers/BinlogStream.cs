using System.Runtime.CompilerServices;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Wire.MySql;
using Headwater.Wire.MySql.Binlog;

namespace Headwater.Servers;

/// <summary>How a log is read from its server.</summary>
public sealed record BinlogOptions
{
    /// <summary>Ends where the log ends when it gets there; else it is followed for ever.</summary>
    public bool StopAtEnd { get; init; }

    /// <summary>
    /// The server id that the reader calls itself by. It must be no other reader's or replica's: the server ends the older of two.
    /// 0 names nobody, which does for <see cref="StopAtEnd"/> only.
    /// </summary>
    public uint ReaderId { get; init; }

    /// <summary>How often an idle server says that it still stands; from 1 ms. After three times that without a word it is taken for dead.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a server may look for the position in its files, which it does without a word.</summary>
    public TimeSpan Search { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Completes what the log does not say of columns.</summary>
    public TableLookup? Lookup { get; init; }

    /// <summary>Instead of <see cref="Lookup"/>: goes along with the log.</summary>
    public SchemaHistory? History { get; init; }

    /// <summary>Gets every event as it came: a file that <see cref="BinlogFiles.OpenCopy"/> reads. One that goes on after a break may have half a transaction at the seam, which is dropped there.</summary>
    public Stream? Copy { get; init; }
}

/// <summary>
/// Reads a server's log over the replication protocol. The account needs REPLICATION SLAVE. Sources: https://mariadb.com/kb/en/com_binlog_dump/ ,
/// https://mariadb.com/kb/en/5-slave-registration/ .
///
/// A transaction that waits for a semi-synchronous acknowledgement is in the log and comes from here before its client knows of it.
/// </summary>
public static class BinlogStream
{
    const int ReadAhead = 256 << 10;
    const ushort FatalReadError = 1236;
    const ushort NonBlocking = 1, SendAnnotations = 2;

    // What a semi-synchronous reader gets before each event instead of nothing: 0xEF and whether the server waits for an acknowledgement.
    // This one does not declare itself such (@rpl_semi_sync_slave), so the event begins right behind the OK byte.
    const int EventOffset = 1;
    const int EventTypeOffset = 4;

    /// <summary>
    /// The transactions behind <paramref name="from"/>, in the log's order. The connection is this walk's alone and closed when it ends.
    /// To go on after a break, begin again from a position that has every transaction that was taken (<see cref="Position.With"/>).
    /// </summary>
    /// <exception cref="BinlogException">The log cannot be read from there, or not on.</exception>
    /// <exception cref="ServerUnreachableException">The connection broke or the server fell silent.</exception>
    public static async IAsyncEnumerable<Transaction> ReadAsync(ServerConnection connection, Position from, BinlogOptions options, [EnumeratorCancellation] CancellationToken ct)
    {
        if (options.ReaderId == 0 && !options.StopAtEnd) throw new ArgumentException("A log is followed under a server id of one's own.", nameof(options));
        await using var closing = connection;
        var hasChecksums = await PrepareAsync(connection, from, options, ct);
        await connection.SendAsync(writer => Request(writer, options), ReadAhead, ct);
        if (options.Copy is { Position: 0 } begun) await begun.WriteAsync(BinlogFile.Magic.ToArray(), ct);
        var decoder = new BinlogDecoder(options.History is { } history ? history.Columns : options.Lookup, hasChecksums);
        var assembler = new TransactionAssembler(from, history: options.History);
        for (var hasFound = false; ;)
        {
            var packet = await connection.ReceiveAsync(hasFound ? options.Heartbeat * 3 : options.Search, ct);
            if (options.Copy is { } copy && IsOfTheLog(packet.Span)) await copy.WriteAsync(packet[EventOffset..], ct);
            hasFound |= packet.Length > EventOffset + EventHeader.Length && (EventType)packet.Span[EventOffset + EventTypeOffset] is EventType.Gtid or EventType.Heartbeat;
            if (Take(packet, decoder, assembler, from, out var isEnd) is { } transaction) yield return transaction;
            if (isEnd) yield break;
        }
    }

    static async Task<bool> PrepareAsync(ServerConnection connection, Position from, BinlogOptions options, CancellationToken ct)
    {
        var checksum = (await connection.QueryAsync("SELECT @@global.binlog_checksum, @@global.log_bin", ct)).Rows[0];
        if (checksum[1] != "1") throw new BinlogException(BinlogTrouble.Unavailable, $"{connection} has no binary log (log_bin=OFF).");
        var heartbeat = Math.Max(1_000_000, options.Heartbeat.Ticks * 100);
        // Capability 4: the reader knows GTIDs, so nothing is dressed up for it. Strict: a position that the log has not is refused, not guessed at.
        await connection.QueryAsync(
            $"SET @master_binlog_checksum=@@global.binlog_checksum, @mariadb_slave_capability=4, @slave_connect_state='{from}', @slave_gtid_strict_mode=1, @slave_gtid_ignore_duplicates=0, @master_heartbeat_period={heartbeat}", ct);
        return checksum[0] == "CRC32";
    }

    static void Request(PacketWriter writer, BinlogOptions options)
    {
        writer.UInt8((byte)Command.BinlogDump);
        writer.UInt32(4); // with a GTID position the server finds file and offset itself
        writer.UInt16((ushort)(SendAnnotations | (options.StopAtEnd ? NonBlocking : 0)));
        writer.UInt32(options.ReaderId);
    }

    // A rotation or a heartbeat was made for the reader and has no place in a file; that a file is encrypted is not true of what is sent.
    static bool IsOfTheLog(ReadOnlySpan<byte> packet) => packet.Length >= EventOffset + EventHeader.Length && packet[0] == OkPacket.OkHeader
        && (EventType)packet[EventOffset + EventTypeOffset] is not (EventType.Rotate or EventType.Heartbeat or EventType.Stop or EventType.StartEncryption);

    static Transaction? Take(ReadOnlyMemory<byte> packet, BinlogDecoder decoder, TransactionAssembler assembler, Position from, out bool isEnd)
    {
        isEnd = false;
        try
        {
            if (ErrPacket.TryParse(packet.Span, out var error)) throw Refusal(Errors.Of(error), from);
            if (EofPacket.TryParse(packet.Span, out _))
            {
                isEnd = true;
                return null;
            }
            if (packet.IsEmpty || packet.Span[0] != OkPacket.OkHeader) throw MalformedPacketException.In("this is no event", packet.Span, 0);
            // The packet's buffer is the connection's: what is kept is copied, but for a large one, which has a buffer of its own.
            var isOwned = packet.Length >= Packet.MaxPayload;
            packet = packet[EventOffset..];
            var header = EventHeader.Parse(packet.Span);
            return assembler.Passes(header) ? null : assembler.Add(decoder.Decode(header.KeepsBytes && !isOwned ? packet.ToArray() : packet));
        }
        catch (MalformedPacketException e)
        {
            throw new BinlogException(BinlogTrouble.Damaged, $"The server's log cannot be read on after {assembler.Position} in {assembler.File}: {e.Message}", e);
        }
    }

    // One number for everything; the texts are those of sql/sql_repl.cc, in English whatever lc_messages is.
    static BinlogException Refusal(ServerException refused, Position from)
    {
        var says = refused.Message;
        var trouble = refused.Code != FatalReadError ? BinlogTrouble.Unavailable
            : says.Contains("Could not find GTID state requested by slave", StringComparison.Ordinal) || says.Contains("have been purged", StringComparison.Ordinal) ? BinlogTrouble.Purged
            : says.Contains("diverged", StringComparison.Ordinal) || says.Contains("alternate history", StringComparison.Ordinal) ? BinlogTrouble.Diverged
            : says.Contains("which is not in the master's binlog", StringComparison.Ordinal) ? BinlogTrouble.Behind
            : BinlogTrouble.Damaged;
        return new BinlogException(trouble, $"The server does not give its log from {(from.IsEmpty ? "its beginning" : from.ToString())}: {says}", refused);
    }
}
