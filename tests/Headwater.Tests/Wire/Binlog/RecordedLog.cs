using System.Buffers.Binary;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Wire.MySql.Binlog;

namespace Headwater.Tests.Wire.Binlog;

/// <summary>A real server's log: recorded.sql says how it was made.</summary>
static class RecordedLog
{
    const int Magic = 4;

    public static byte[] Bytes { get; } = File.ReadAllBytes(Path.Combine(RepositoryFiles.Root, "tests/Headwater.Tests/Wire/Binlog/recorded.bin"));

    /// <summary>The log's events, each a buffer of its own.</summary>
    public static List<byte[]> Events()
    {
        var events = new List<byte[]>();
        for (var at = Magic; at < Bytes.Length;)
        {
            var size = (int)BinaryPrimitives.ReadUInt32LittleEndian(Bytes.AsSpan(at + 9));
            events.Add(Bytes[at..(at + size)]);
            at += size;
        }
        return events;
    }

    public static List<Transaction> Read(IEnumerable<byte[]> events, Position from = default, TableLookup? lookup = null)
    {
        var decoder = new BinlogDecoder(lookup);
        var assembler = new TransactionAssembler(from, "recorded.bin");
        var transactions = new List<Transaction>();
        foreach (var one in events)
            if (!assembler.Passes(EventHeader.Parse(one)) && assembler.Add(decoder.Decode(one)) is { } transaction) transactions.Add(transaction);
        return transactions;
    }
}
