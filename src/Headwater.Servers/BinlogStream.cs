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

    /// <summary>Takes part in semi-synchronous replication: the server's commits wait for <see cref="BinlogDump.AcknowledgeAsync"/>.</summary>
    public bool Acknowledges { get; init; }

    /// <summary>Where the reader says that it can be reached (<c>SHOW SLAVE HOSTS</c>); for one that acknowledges.</summary>
    public string ReportHost { get; init; } = "";
    public ushort ReportPort { get; init; }

    /// <summary>Instead of <see cref="Lookup"/>: goes along with the log.</summary>
    public SchemaHistory? History { get; init; }

    /// <summary>Gets every event as it came: a file that <see cref="BinlogFiles.OpenCopy"/> reads. One that goes on after a break may have half a transaction at the seam, which is dropped there.</summary>
    public Stream? Copy { get; init; }
}

/// <summary>
/// Reads a server's log over the replication protocol as transactions: <see cref="BinlogDump"/>.
///
/// A transaction that waits for a semi-synchronous acknowledgement is in the log and comes from here before its client knows of it.
/// </summary>
public static class BinlogStream
{
    /// <summary>
    /// The transactions behind <paramref name="from"/>, in the log's order. The connection is this walk's alone and closed when it ends.
    /// To go on after a break, begin again from a position that has every transaction that was taken (<see cref="Position.With"/>).
    /// </summary>
    /// <exception cref="BinlogException">The log cannot be read from there, or not on.</exception>
    /// <exception cref="ServerUnreachableException">The connection broke or the server fell silent.</exception>
    public static async IAsyncEnumerable<Transaction> ReadAsync(ServerConnection connection, Position from, BinlogOptions options, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var closing = connection;
        await using var dump = await BinlogDump.OpenAsync(connection, from, options, ct);
        if (options.Copy is { Position: 0 } begun) await begun.WriteAsync(BinlogFile.Magic.ToArray(), ct);
        var decoder = new BinlogDecoder(options.History is { } history ? history.Columns : options.Lookup, dump.HasChecksums);
        var assembler = new TransactionAssembler(from, history: options.History);
        while (await dump.NextAsync(ct) is { IsEmpty: false } one)
        {
            if (options.Copy is { } copy && IsOfTheLog(one.Span)) await copy.WriteAsync(one, ct);
            if (Take(one, dump.IsOwned, decoder, assembler) is { } transaction) yield return transaction;
        }
    }

    // A rotation or a heartbeat was made for the reader and has no place in a file; that a file is encrypted is not true of what is sent.
    static bool IsOfTheLog(ReadOnlySpan<byte> one) => one.Length >= EventHeader.Length
        && (EventType)one[EventTypeOffset] is not (EventType.Rotate or EventType.Heartbeat or EventType.Stop or EventType.StartEncryption);

    const int EventTypeOffset = 4;

    static Transaction? Take(ReadOnlyMemory<byte> one, bool isOwned, BinlogDecoder decoder, TransactionAssembler assembler)
    {
        try
        {
            var header = EventHeader.Parse(one.Span);
            // The packet's buffer is the connection's: what is kept is copied, but for a large one, which has a buffer of its own.
            return assembler.Passes(header) ? null : assembler.Add(decoder.Decode(header.KeepsBytes && !isOwned ? one.ToArray() : one));
        }
        catch (MalformedPacketException e)
        {
            throw new BinlogException(BinlogTrouble.Damaged, $"The server's log cannot be read on after {assembler.Position} in {assembler.File}: {e.Message}", e);
        }
    }
}
