using System.Runtime.CompilerServices;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Core.Recovery;
using Headwater.Servers;
using Headwater.Wire.MySql.Binlog;

namespace Headwater.Control.Recovery;

/// <summary>
/// The transactions of one log that another history lacks, as often as they are asked for: from the server that has it, or from the files of one
/// that cannot start. One transaction at a time is in memory.
/// </summary>
sealed class TailSource
{
    const int MostBreaks = 20;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    readonly Func<CancellationToken, Task<ServerConnection>>? _connect;
    readonly BinlogFiles? _files;
    readonly IReadOnlyList<Gtid> _history;
    readonly TableLookup _lookup;

    TailSource(Func<CancellationToken, Task<ServerConnection>>? connect, BinlogFiles? files, IReadOnlyList<Gtid> history, TableLookup lookup) =>
        (_connect, _files, _history, _lookup) = (connect, files, history, lookup);

    /// <summary>Where the tail begins; empty when all of the log has to be looked through.</summary>
    public Position From { get; private set; }

    /// <summary>How many transactions the tail may have, by their numbers; null when nobody knows.</summary>
    public long? Expected { get; private init; }

    /// <summary>After a reading: the last transaction of each domain that both histories have.</summary>
    public Position CommonEnd { get; private set; }

    /// <summary>After a reading. False when the tail is not an end of the log: what is behind it in the log is common again.</summary>
    public bool IsAnEnd { get; private set; } = true;

    public static TailSource OfServer(Func<CancellationToken, Task<ServerConnection>> connect, IReadOnlyList<Gtid> own, IReadOnlyList<Gtid> history, TableLookup lookup)
    {
        var common = Tail.CommonEnd(own, history);
        return new TailSource(connect, null, history, lookup)
        {
            From = common ?? Position.Empty,
            IsAnEnd = common is not null,
            Expected = common is { } end ? (long)end.Behind(own.Aggregate(Position.Empty, static (all, gtid) => all.Merge(new Position(gtid)))) : null,
        };
    }

    /// <param name="appointedAt">What the new primary had when it was appointed: where the old one's log leaves its history, if that was the last change of primary.</param>
    public static TailSource OfFiles(BinlogFiles files, Position appointedAt, IReadOnlyList<Gtid> history, TableLookup lookup) => new(null, files, history, lookup) { From = appointedAt };

    /// <param name="copy">What <see cref="ReadAsync"/> has copied.</param>
    /// <param name="history">As it was when the copy was made: numbers that are no one's any more can come again.</param>
    public static TailSource OfCopy(string copy, IReadOnlyList<Gtid> history, TableLookup lookup) => new(null, BinlogFiles.OpenCopy(copy), history, lookup);

    /// <param name="copy">Gets the log as it is read from a server.</param>
    public async IAsyncEnumerable<Transaction> ReadAsync([EnumeratorCancellation] CancellationToken ct, Stream? copy = null)
    {
        var at = From;
        var left = new HashSet<uint>();
        CommonEnd = From;
        for (var breaks = 0; ;)
        {
            var walk = Open(at, copy, ct).GetAsyncEnumerator(ct);
            var isBroken = false;
            await using (walk)
                while (true)
                {
                    try
                    {
                        if (!await walk.MoveNextAsync()) yield break;
                    }
                    catch (ServerUnreachableException) when (++breaks <= MostBreaks)
                    {
                        // A server ends a reader that takes its time (net_write_timeout): it goes on behind what it has taken.
                        isBroken = true;
                        break;
                    }
                    catch (BinlogException e) when (e.Trouble is BinlogTrouble.Behind or BinlogTrouble.Diverged or BinlogTrouble.Purged && !at.IsEmpty && at == From)
                    {
                        // The log does not know the place, having been reset or left earlier than that. From its beginning it can be read, if it has one.
                        at = From = CommonEnd = Position.Empty;
                        isBroken = true;
                        break;
                    }
                    var transaction = walk.Current;
                    at = at.With(transaction.Gtid);
                    if (!Tail.Has(_history, transaction.Gtid))
                    {
                        left.Add(transaction.Gtid.Domain);
                        yield return transaction;
                    }
                    else if (left.Contains(transaction.Gtid.Domain)) IsAnEnd = false;
                    else CommonEnd = CommonEnd.With(transaction.Gtid);
                }
            if (!isBroken) yield break;
        }
    }

    async IAsyncEnumerable<Transaction> Open(Position at, Stream? copy, [EnumeratorCancellation] CancellationToken ct)
    {
        if (_files is not null)
        {
            await foreach (var transaction in _files.ReadAsync(at, _lookup, ct)) yield return transaction;
            yield break;
        }
        var connection = await _connect!(ct);
        var options = new BinlogOptions { StopAtEnd = true, Lookup = _lookup, Heartbeat = Patience / 3, Copy = copy };
        await foreach (var transaction in BinlogStream.ReadAsync(connection, at, options, ct)) yield return transaction;
    }
}
