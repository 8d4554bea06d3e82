using Headwater.Core.Positions;
using Headwater.Streams.Store;
using Headwater.Tests.Wire.Binlog;
using Headwater.Wire.MySql;
using Headwater.Wire.MySql.Binlog;

namespace Headwater.Tests.Streams.Store;

/// <summary>The store alone: what a crash leaves of it, who may read what of it, and that nothing halves a transaction.</summary>
public sealed class LogStoreTests : IDisposable
{
    readonly string _directory = Directory.CreateTempSubdirectory("headwater-store-").FullName;

    [Fact]
    public void Transactions_end_where_the_assembler_ends_them()
    {
        var (bounds, decoder, assembler) = (new TransactionBounds(), new BinlogDecoder(), new TransactionAssembler(Position.Empty));
        var ended = 0;
        foreach (var one in RecordedLog.Events())
        {
            var header = EventHeader.Parse(one);
            var place = bounds.Add(header, one.AsSpan(..^EventStamp.ChecksumBytes));
            var transaction = assembler.Add(decoder.Decode(one));
            Assert.Equal(transaction is not null, place == EventPlace.Ends);
            if (transaction is null) continue;
            Assert.Equal(transaction.Gtid, bounds.Gtid);
            ended++;
        }
        Assert.True(ended > 5);
    }

    [Fact]
    public void Cut_off_at_any_byte_it_ends_with_its_last_whole_transaction_and_can_be_gone_on_with()
    {
        Fill();
        var path = Segment.PathOf(_directory, 1);
        var whole = File.ReadAllBytes(path);
        var all = RecordedLog.Read(RecordedLog.Events()).Select(static t => t.Checksum).ToList();
        var before = 0;
        for (var length = 0; length <= whole.Length; length += length < whole.Length - 64 ? 7 : 1)
        {
            File.WriteAllBytes(path, whole[..length]);
            // A file system may have grown the file and not written what it had to hold.
            if (length % 2 == 0) File.AppendAllText(path, new string('\0', 100));
            using var store = Open();
            var read = store.IsEmpty ? [] : Read(store);
            Assert.Equal(all.Take(read.Count), read);
            Assert.True(read.Count >= before);
            before = read.Count;
        }
        Assert.Equal(all.Count, before);
        File.WriteAllBytes(path, whole[..(whole.Length / 2)]);
        using (var store = Open())
        {
            // Begun anew at its own position, the source sends the rest.
            var assembler = new TransactionAssembler(store.End.Position);
            var rest = false;
            var bounds = new TransactionBounds();
            foreach (var one in RecordedLog.Events())
            {
                var header = EventHeader.Parse(one);
                if (bounds.Add(header, one.AsSpan(..^EventStamp.ChecksumBytes)) == EventPlace.Begins) rest = store.End.Position.SequenceOf(bounds.Gtid.Domain) < bounds.Gtid.Sequence;
                if (rest || header.Type == EventType.FormatDescription) store.Add(header, one, hasChecksum: true);
            }
            store.Publish();
            Assert.Equal(all, Read(store));
        }
    }

    [Fact]
    public void A_byte_that_is_wrong_in_the_last_segment_ends_it_there()
    {
        Fill();
        var path = Segment.PathOf(_directory, 1);
        var whole = File.ReadAllBytes(path);
        var all = RecordedLog.Read(RecordedLog.Events()).Select(static t => t.Checksum).ToList();
        for (var at = 400; at < whole.Length; at += 13)
        {
            var wrong = whole.ToArray();
            wrong[at] ^= 0x20;
            File.WriteAllBytes(path, wrong);
            using var store = Open();
            var read = Read(store);
            Assert.True(read.Count < all.Count);
            Assert.Equal(all.Take(read.Count), read);
        }
    }

    [Fact]
    public void An_event_with_a_wrong_checksum_is_refused_and_leaves_nothing_of_its_transaction()
    {
        using var store = Open();
        var events = RecordedLog.Events();
        var broken = events.FindIndex(static one => (EventType)one[4] == EventType.TableMap);
        events[broken][^1] ^= 1;
        Assert.Throws<MalformedPacketException>(() => Add(store, events));
        store.Drop();
        store.Publish();
        var read = Read(store);
        Assert.Equal(RecordedLog.Read(RecordedLog.Events()).Take(read.Count).Select(static t => t.Checksum), read);
    }

    [Fact]
    public void Nobody_sees_a_transaction_before_it_is_published_and_whole()
    {
        using var store = Open();
        var events = RecordedLog.Events();
        Add(store, events.Take(4));
        using var cursor = StoreCursor.Open(store, store.End.Position);
        var seen = 0;
        foreach (var one in events.Skip(4))
        {
            store.Add(EventHeader.Parse(one), one, hasChecksum: true);
            var end = store.Publish();
            while (cursor.TryNext()) seen++;
            Assert.True(cursor.Offset <= end.Offset);
        }
        Assert.True(seen > 20);
    }

    [Fact]
    public void Large_transactions_come_in_pieces_that_make_the_whole()
    {
        var (decoder, assembler) = (new BinlogDecoder(), new TransactionAssembler(Position.Empty, "", pieceBytes: 1));
        var pieces = RecordedLog.Events().Select(one => assembler.Add(decoder.Decode(one))).Where(static t => t is not null).Select(static t => t!).ToList();
        var wholes = RecordedLog.Read(RecordedLog.Events());
        Assert.True(pieces.Count > wholes.Count);
        Assert.Equal(wholes.Select(static t => t.Checksum), pieces.Where(static t => t.IsLast).Select(static t => t.Checksum));
        foreach (var whole in wholes)
        {
            var its = pieces.Where(piece => piece.Gtid == whole.Gtid).ToList();
            Assert.Equal(whole.Changes.Count, its.Sum(static piece => piece.Changes.Count));
            Assert.Equal(whole.Bytes, its.Sum(static piece => piece.Bytes));
            Assert.Equal(its.Select(static piece => piece.FirstChange), its.Select((_, i) => its.Take(i).Sum(static piece => piece.Changes.Count)));
        }
    }

    [Fact]
    public void Positions_outside_of_it_are_told_apart()
    {
        Fill();
        using var store = Open();
        Assert.Equal(BinlogTrouble.Behind, Trouble(store, new Position(new Gtid(0, 1, 1_000_000))));
        var known = store.End.Position[0];
        Assert.Equal(BinlogTrouble.Diverged, Trouble(store, new Position(known with { Server = 99 })));
    }

    [Fact]
    public void A_store_has_one_owner()
    {
        using var store = Open();
        Assert.Contains(_directory, Assert.Throws<StoreException>(Open).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Old_segments_go_when_there_are_too_many_bytes_and_readers_are_told()
    {
        using var store = LogStore.Open(new LogStoreOptions { Directory = _directory, SegmentBytes = 1500, RetainBytes = 2000 }, TimeProvider.System);
        using var slow = StoreCursor.Open(store, Position.Empty);
        Add(store, RecordedLog.Events().Take(8));
        store.Publish();
        Assert.True(slow.TryNext());
        Add(store, RecordedLog.Events().Skip(8));
        store.Publish();
        Assert.True(store.Segments[0].Number > 1);
        Assert.Equal(BinlogTrouble.Purged, Trouble(store, Position.Empty));
        Assert.Equal(BinlogTrouble.Purged, Assert.Throws<BinlogException>(() => { while (slow.TryNext()) { } }).Trouble);
        Assert.Equal(store.Segments.Length, Directory.GetFiles(_directory, "log.*").Length);
    }

    static BinlogTrouble Trouble(LogStore store, Position from) => Assert.Throws<BinlogException>(() => StoreCursor.Open(store, from).Dispose()).Trouble;

    LogStore Open() => LogStore.Open(new LogStoreOptions { Directory = _directory }, TimeProvider.System);

    void Fill()
    {
        using var store = Open();
        Add(store, RecordedLog.Events());
    }

    static void Add(LogStore store, IEnumerable<byte[]> events)
    {
        foreach (var one in events) store.Add(EventHeader.Parse(one), one, hasChecksum: true);
    }

    static List<ulong> Read(LogStore store)
    {
        using var reader = new StoreReader(store, store.Begin!.Value);
        return [.. reader.ToEnd().Select(static t => t.Checksum)];
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
