using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Wire.MySql;
using Headwater.Wire.MySql.Binlog;

namespace Headwater.Tests.Wire.Binlog;

public class RecordedLogTests
{
    [Fact]
    public void The_recorded_log_reads_as_the_transactions_that_were_run()
    {
        var told = new StringBuilder();
        foreach (var transaction in RecordedLog.Read(RecordedLog.Events()))
        {
            told.Append(CultureInfo.InvariantCulture, $"{transaction.Gtid} at {transaction.Seconds}.{transaction.Microseconds?.ToString("D6", CultureInfo.InvariantCulture) ?? "?"}, {transaction.Flags}, ends in {transaction.End}, {transaction.Start.Offset} to {transaction.Next.Offset}, {transaction.Bytes} bytes, checksum {transaction.Checksum:x16}\n");
            if (transaction.Xa is { } xa) told.Append(CultureInfo.InvariantCulture, $"  xa {xa}\n");
            foreach (var change in transaction.Changes) Tell(told, change);
        }
        Transcript.Check(told.ToString(), "recorded");
    }

    static void Tell(StringBuilder told, LoggedChange change)
    {
        switch (change)
        {
            case LoggedRows rows:
                for (var i = 0; i < rows.Count; i++) told.Append("  ").Append(RowSql.Of(rows[i])).Append('\n');
                break;
            case LoggedStatement statement:
                foreach (var setting in statement.Settings) told.Append("  ").Append(setting).Append('\n');
                told.Append(CultureInfo.InvariantCulture, $"  {statement.Kind} in {statement.Schema}: {statement.ToString().ReplaceLineEndings(" ")}\n");
                break;
            default: told.Append("  ").Append(change).Append('\n'); break;
        }
    }

    [Fact]
    public void A_log_cut_anywhere_gives_the_transactions_before_the_cut_and_no_half_one()
    {
        var events = RecordedLog.Events();
        var whole = RecordedLog.Read(events);
        var given = 0;
        for (var count = 0; count <= events.Count; count++)
        {
            var read = RecordedLog.Read(events.Take(count));
            Assert.Equal(whole.Take(read.Count).Select(static t => (t.Gtid, t.Checksum)), read.Select(static t => (t.Gtid, t.Checksum)));
            Assert.InRange(read.Count, given, given + 1);
            given = read.Count;
        }
        Assert.Equal(whole.Count, given);
    }

    [Fact]
    public void A_reader_that_begins_again_anywhere_repeats_and_skips_nothing()
    {
        var events = RecordedLog.Events();
        var whole = RecordedLog.Read(events);
        for (var cut = 0; cut <= events.Count; cut++)
        {
            var before = RecordedLog.Read(events.Take(cut));
            var position = before.Aggregate(Position.Empty, static (position, t) => position.With(t.Gtid));
            var after = RecordedLog.Read(events, position);
            Assert.Equal(whole.Select(static t => t.Checksum), before.Concat(after).Select(static t => t.Checksum));
        }
    }

    [Fact]
    public void Another_transaction_where_the_position_stands_is_another_history()
    {
        Assert.True(Position.TryParse("0-9-4", out var elsewhere));
        Assert.Equal(BinlogTrouble.Diverged, Assert.Throws<BinlogException>(() => RecordedLog.Read(RecordedLog.Events(), elsewhere)).Trouble);
    }

    [Fact]
    public void Every_prefix_of_every_event_is_refused()
    {
        foreach (var decode in Decoders())
            foreach (var one in RecordedLog.Events().Where(static e => e[4] != (byte)EventType.Stop))
                for (var length = 0; length < one.Length; length++)
                {
                    var prefix = one[..length];
                    Refuses(decode, prefix, mustRefuse: true);
                    if (length < EventHeader.Length) continue;
                    // Also when header and checksum say that the prefix is all there is.
                    BinaryPrimitives.WriteUInt32LittleEndian(prefix.AsSpan(9), (uint)length);
                    Refuses(decode, Sealed(prefix), mustRefuse: false);
                }
    }

    [Fact]
    public void A_changed_byte_is_noticed_by_the_checksum_and_harmless_without_it()
    {
        foreach (var decode in Decoders())
            foreach (var one in RecordedLog.Events())
                for (var at = 0; at < one.Length; at++)
                {
                    var changed = (byte[])one.Clone();
                    changed[at] ^= 0x41;
                    if (one[4] != (byte)EventType.FormatDescription && at is not (4 or 17)) Refuses(decode, changed, mustRefuse: true);
                    foreach (byte value in (byte[])[0, 1, 2, 0x7F, 0x80, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE, 0xFF])
                    {
                        changed[at] = value;
                        if (at is < 9 or > 12) Refuses(decode, Sealed((byte[])changed.Clone()), mustRefuse: false);
                    }
                }
    }

    [Fact]
    public void Random_changes_do_no_harm_to_decoder_assembler_or_rendering()
    {
        var seed = ulong.Parse(Environment.GetEnvironmentVariable("HEADWATER_SEED") ?? "20261121", CultureInfo.InvariantCulture);
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        var chance = new Seeded(seed);
        var recorded = RecordedLog.Events();
        for (var round = 0; round < 1000; round++)
        {
            var events = recorded.Select(static one => (byte[])one.Clone()).ToList();
            for (var changes = 1 + chance.Below(4); changes > 0; changes--)
            {
                var which = 1 + chance.Below(events.Count - 1);
                var one = events[which];
                switch (chance.Below(5))
                {
                    case 0: events[which] = events[chance.Below(events.Count)]; continue;
                    case 1: events.RemoveAt(which); continue;
                    case 2: one = one[..(EventHeader.Length + chance.Below(one.Length - EventHeader.Length + 1))]; break;
                    case 3: one = [.. one, .. new byte[chance.Below(40)]]; break;
                    default: break;
                }
                for (var bytes = chance.Below(4); bytes >= 0 && one.Length > EventHeader.Length; bytes--)
                    one[EventHeader.Length + chance.Below(one.Length - EventHeader.Length)] = (byte)chance.Next();
                BinaryPrimitives.WriteUInt32LittleEndian(one.AsSpan(9), (uint)one.Length);
                events[which] = Sealed(one);
            }
            try
            {
                foreach (var transaction in RecordedLog.Read(events))
                    foreach (var change in transaction.Changes)
                        if (change is LoggedRows rows)
                            for (var i = 0; i < rows.Count; i++) Render(rows, i);
            }
            catch (Exception e) when (e is MalformedPacketException or BinlogException)
            {
                Assert.True(e.Message.Length < 600);
            }
        }
    }

    // What a value holds may be nothing that its type has; then it is refused, or written as something.
    static void Render(LoggedRows rows, int row)
    {
        foreach (var image in (RowImage[])[rows[row].Before, rows[row].After])
            foreach (var column in rows.Table.Columns)
            {
                if (!image.Has(column.Ordinal)) continue;
                try
                {
                    image[column.Ordinal].ToSqlLiteral();
                    image[column.Ordinal].ToText();
                }
                catch (InvalidOperationException)
                {
                    // a number that SQL does not have, or an ENUM's member
                }
            }
    }

    [Fact]
    public void What_the_log_does_not_say_is_taken_from_the_caller_or_refused()
    {
        // The optional part of the table's description is left away: binlog_row_metadata=NO_LOG.
        var events = RecordedLog.Events().Select(static one => one[4] == (byte)EventType.TableMap ? WithoutMetadata(one) : one).ToList();
        var bare = (LoggedRows)RecordedLog.Read(events)[2].Changes[0];
        Assert.False(bare.Table.HasNames);
        Assert.Equal("1", bare[0].After[0].ToSqlLiteral());
        Assert.Contains("does not say", Assert.Throws<InvalidOperationException>(() => bare[0].After[3].ToSqlLiteral()).Message, StringComparison.Ordinal);
        Assert.Contains("name", Assert.Throws<InvalidOperationException>(() => RowSql.Of(bare[0])).Message, StringComparison.Ordinal);

        var full = (LoggedRows)RecordedLog.Read(RecordedLog.Events())[2].Changes[0];
        var shapes = full.Table.Columns.Select(static c => new ColumnShape(c.Name!, c.IsUnsigned == true ? "int unsigned" : "int", c.Charset is "binary" ? null : c.Charset, c.InPrimaryKey)).ToArray();
        var completed = (LoggedRows)RecordedLog.Read(events, lookup: (schema, table) => (schema, table) == ("shop", "item") ? shapes : null)[2].Changes[0];
        Assert.Equal(RowSql.Of(full[0]), RowSql.Of(completed[0]));
        var altered = (LoggedRows)RecordedLog.Read(events, lookup: (_, _) => shapes[1..])[2].Changes[0];
        Assert.False(altered.Table.HasNames);
    }

    static byte[] WithoutMetadata(byte[] map)
    {
        var reader = new PayloadReader(map.AsSpan(EventHeader.Length, map.Length - EventHeader.Length - 4));
        reader.Skip(8);
        reader.Skip(reader.Byte() + 1);
        reader.Skip(reader.Byte() + 1);
        var columns = (int)reader.LengthEncodedInteger();
        reader.Skip(columns);
        reader.LengthEncodedBytes();
        reader.Skip((columns + 7) / 8);
        var bare = map[..(EventHeader.Length + reader.Offset + 4)];
        BinaryPrimitives.WriteUInt32LittleEndian(bare.AsSpan(9), (uint)bare.Length);
        return Sealed(bare);
    }

    // One decoder before each event that has seen what the event refers to; what is tried on it must not spoil it for long.
    static IEnumerable<Action<byte[]>> Decoders()
    {
        var decoder = new BinlogDecoder();
        foreach (var one in RecordedLog.Events()) decoder.Decode(one);
        yield return bytes =>
        {
            try
            {
                decoder.Decode(bytes);
            }
            finally
            {
                if (bytes.Length > 4 && bytes[4] is (byte)EventType.FormatDescription or (byte)EventType.TableMap)
                {
                    decoder = new BinlogDecoder();
                    foreach (var one in RecordedLog.Events()) decoder.Decode(one);
                }
            }
        };
    }

    static void Refuses(Action<byte[]> decode, byte[] bytes, bool mustRefuse)
    {
        try
        {
            decode(bytes);
        }
        catch (Exception e) when (e is MalformedPacketException or BinlogException)
        {
            return;
        }
        Assert.False(mustRefuse, $"[{Convert.ToHexString(bytes)}] was taken");
    }

    /// <summary>With a checksum that fits, so that what is behind the checksum is tried.</summary>
    static byte[] Sealed(byte[] one)
    {
        if (one.Length < EventHeader.Length + 4) return one;
        var content = one.AsSpan(0, one.Length - 4);
        if (one[4] == (byte)EventType.FormatDescription) one[17] &= 0xFE;
        BinaryPrimitives.WriteUInt32LittleEndian(one.AsSpan(one.Length - 4), Crc32.Of(content));
        return one;
    }
}
