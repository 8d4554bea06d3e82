using System.Collections.Immutable;
using Headwater.Core.Positions;
using Headwater.Wire.MySql;
using Headwater.Wire.MySql.Binlog;

namespace Headwater.Streams.Store;

/// <summary>What a store's files hold, found by going over them.</summary>
static class StoreRecovery
{
    /// <param name="Segments">Oldest first.</param>
    /// <param name="State">After the last whole transaction.</param>
    /// <param name="Length">Of the last segment, up to there.</param>
    /// <param name="Description">The last segment's first event.</param>
    public sealed record Found(ImmutableArray<Segment> Segments, LogState State, long Length, byte[] Description);

    /// <param name="Offset">Where the transaction begins.</param>
    /// <param name="Before">What stands before it.</param>
    /// <param name="After">How many transactions there are from it on, in its segment.</param>
    /// <param name="Description">The segment's first event.</param>
    public sealed record Cut(long Offset, LogState Before, int After, byte[] Description);

    // More than a description and what the log held before: a transaction was written there.
    const long LongestBeginning = 1 << 20;

    public static Found Find(string directory)
    {
        var paths = Directory.GetFiles(directory).Where(static path => Segment.NumberOf(path) is not null).OrderBy(static path => Segment.NumberOf(path)).ToList();
        var segments = new List<Segment>();
        // The newest file may have been begun when the crash came, before it could say what it follows: there is nothing in it then.
        Walk? last = null;
        while (paths.Count > 0 && (last = Walk.Begin(paths[^1])) is null)
        {
            if (new FileInfo(paths[^1]).Length > LongestBeginning) throw new StoreException($"{paths[^1]} is damaged at its beginning. Set it aside to go on without it.");
            File.Delete(paths[^1]);
            paths.RemoveAt(paths.Count - 1);
        }
        for (var i = 0; i < paths.Count; i++)
        {
            var number = Segment.NumberOf(paths[i])!.Value;
            if (i > 0 && number != segments[^1].Number + 1) throw new StoreException($"{directory} lacks the segment between {segments[^1].Name} and {Path.GetFileName(paths[i])}.");
            using var walk = i == paths.Count - 1 ? last! : Walk.Begin(paths[i]) ?? throw new StoreException($"{paths[i]} is no segment of a store, or its beginning is damaged.");
            segments.Add(new Segment(number, paths[i], walk.State.Position, i == paths.Count - 1 ? null : walk.Length));
            if (i < paths.Count - 1) continue;
            while (walk.NextTransaction(walk.Length, verify: true))
            {
            }
            return new Found([.. segments], walk.State, walk.WholeOffset, walk.Description);
        }
        return new Found([], new LogState([]), 0, []);
    }

    /// <summary>The first transaction of a segment that <paramref name="wanted"/> is true for; null when there is none.</summary>
    public static Cut? FirstOf(Segment segment, long end, Func<Gtid, bool> wanted)
    {
        using var walk = Walk.Begin(segment.Path) ?? throw new StoreException($"{segment.Path} is damaged at its beginning.");
        var (offset, before) = (walk.WholeOffset, new LogState(walk.State.Last));
        while (walk.NextTransaction(end, verify: false))
        {
            if (wanted(walk.Gtid))
            {
                var after = 1;
                while (walk.NextTransaction(end, verify: false)) after++;
                return new Cut(offset, before, after, walk.Description);
            }
            (offset, before) = (walk.WholeOffset, new LogState(walk.State.Last));
        }
        return null;
    }

    public static int Count(Segment segment, long end)
    {
        using var walk = Walk.Begin(segment.Path) ?? throw new StoreException($"{segment.Path} is damaged at its beginning.");
        var count = 0;
        while (walk.NextTransaction(end, verify: false)) count++;
        return count;
    }

    /// <summary>Goes over one segment transaction by transaction.</summary>
    sealed class Walk(SegmentFile file, byte[] description, LogState state) : IDisposable
    {
        readonly TransactionBounds _bounds = new();

        public byte[] Description => description;
        public LogState State => state;
        public long Length { get; } = file.Length;
        public long WholeOffset { get; private set; } = file.Offset;
        public Gtid Gtid => _bounds.Gtid;

        /// <summary>Null when the file does not begin as a segment does.</summary>
        public static Walk? Begin(string path)
        {
            var file = new SegmentFile(path);
            try
            {
                var length = file.Length;
                if (file.HasMagic() && file.Next(length) && file.Header.Type == EventType.FormatDescription)
                {
                    var description = file.Event.ToArray();
                    if (file.Next(length) && new BinlogDecoder(null, hasChecksums: true).Decode(file.Event) is GtidListEvent list) return new Walk(file, description, new LogState(list.Last));
                }
            }
            catch (MalformedPacketException)
            {
                // As if it ended before.
            }
            file.Dispose();
            return null;
        }

        /// <summary>False at the end, and where whole transactions end before it.</summary>
        public bool NextTransaction(long end, bool verify)
        {
            try
            {
                while (file.Next(end))
                {
                    if (verify && !EventStamp.IsRight(file.Event.Span)) return false;
                    if (_bounds.Add(file.Header, file.Event.Span[..^EventStamp.ChecksumBytes]) != EventPlace.Ends) continue;
                    state.Add(_bounds.Gtid);
                    WholeOffset = file.Offset;
                    return true;
                }
            }
            catch (MalformedPacketException) when (verify)
            {
                // What a crash left there: zeros, or half of an event.
            }
            return false;
        }

        public void Dispose() => file.Dispose();
    }
}
