using System.Runtime.CompilerServices;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Wire.MySql;
using Headwater.Wire.MySql.Binlog;

namespace Headwater.Servers;

/// <summary>
/// Reads a log from its files, also when the server that wrote them cannot start. The last file may end anywhere: a crash, or a server that
/// is just writing. In memory is one transaction at a time.
/// </summary>
public sealed class BinlogFiles
{
    readonly string[] _files;
    readonly bool _isCopy;

    BinlogFiles(string[] files, bool isCopy = false) => (_files, _isCopy) = (files, isCopy);

    /// <summary>The log's files, oldest first.</summary>
    public IReadOnlyList<string> Files => _files;

    /// <summary>Opens a log by its index file, such as <c>/var/lib/mysql/binlog.index</c>. Files are looked for where the index says, else beside it.</summary>
    /// <exception cref="BinlogException">There is no such index, or it names no file.</exception>
    public static BinlogFiles Open(string index)
    {
        if (!File.Exists(index)) throw new BinlogException(BinlogTrouble.Unavailable, $"There is no log index {index}.");
        var folder = Path.GetDirectoryName(Path.GetFullPath(index))!;
        var files = new List<string>();
        foreach (var line in File.ReadLines(index))
        {
            if (line.Length == 0) continue;
            var named = Path.GetFullPath(Path.Combine(folder, line));
            files.Add(File.Exists(named) ? named : Path.Combine(folder, Path.GetFileName(line)));
        }
        // A file that is named and gone was being purged: MariaDB removes files first and their names later.
        while (files.Count > 0 && !File.Exists(files[0])) files.RemoveAt(0);
        if (files.Count == 0) throw new BinlogException(BinlogTrouble.Unavailable, $"{index} names no file that exists.");
        return new BinlogFiles([.. files]);
    }

    /// <summary>What was copied while a log was read (<see cref="BinlogOptions.Copy"/>). It is read from its beginning, wherever in the log that was.</summary>
    public static BinlogFiles OpenCopy(string file) => new([file], isCopy: true);

    /// <summary>The log of a data directory, by the one index file in it that is not a relay log's.</summary>
    /// <exception cref="BinlogException">There is none, or more than one.</exception>
    public static BinlogFiles OpenDirectory(string directory)
    {
        var indexes = new List<string>();
        foreach (var index in Directory.GetFiles(directory, "*.index"))
            if (!Path.GetFileName(index).Contains("relay", StringComparison.Ordinal)) indexes.Add(index);
        return indexes.Count == 1 ? Open(indexes[0]) : throw new BinlogException(BinlogTrouble.Unavailable, $"{directory} has {indexes.Count} log indexes; one is needed.");
    }

    /// <summary>
    /// The transactions behind <paramref name="from"/>, in the log's order, to the last whole one. A position that the log does not have is an
    /// error, as a server makes it.
    /// </summary>
    /// <exception cref="BinlogException">The log cannot be read from there, or not on.</exception>
    public IAsyncEnumerable<Transaction> ReadAsync(Position from, TableLookup? lookup, CancellationToken ct) => ReadAsync(from, lookup, null, ct);

    /// <inheritdoc cref="ReadAsync(Position, TableLookup?, CancellationToken)"/>
    /// <param name="history">Goes along with the log, and completes what the log does not say.</param>
    public IAsyncEnumerable<Transaction> ReadWithHistoryAsync(Position from, SchemaHistory history, CancellationToken ct) => ReadAsync(from, history.Columns, history, ct);

    async IAsyncEnumerable<Transaction> ReadAsync(Position from, TableLookup? lookup, SchemaHistory? history, [EnumeratorCancellation] CancellationToken ct)
    {
        var first = await FirstFileAsync(from, ct);
        var seen = new PositionSearch(from);
        var assembler = new TransactionAssembler(from, history: history);
        for (var i = first; i < _files.Length; i++)
        {
            await using var file = BinlogFile.Open(_files[i], isLast: i == _files.Length - 1);
            var decoder = new BinlogDecoder(lookup);
            assembler = new TransactionAssembler(assembler.Position, file.Name, history: history);
            while (await file.NextAsync(ct))
            {
                var transaction = file.Take(decoder, assembler, seen);
                if (transaction is not null) yield return transaction;
            }
        }
        seen.ThrowIfMissing();
    }

    // The newest file before which the log held nothing that is wanted.
    async Task<int> FirstFileAsync(Position from, CancellationToken ct)
    {
        if (_isCopy) return 0;
        for (var i = _files.Length - 1; i >= 0; i--)
        {
            await using var file = BinlogFile.Open(_files[i], isLast: i == _files.Length - 1);
            if (await file.HeldBeforeAsync(ct) is { } before && Holds(from, before)) return i;
        }
        throw new BinlogException(BinlogTrouble.Purged, $"The log begins with {Path.GetFileName(_files[0])}, behind {(from.IsEmpty ? "its beginning" : from.ToString())}: older files are gone.");
    }

    static bool Holds(Position from, IReadOnlyList<Gtid> before)
    {
        foreach (var gtid in before)
            if (from.SequenceOf(gtid.Domain) < gtid.Sequence) return false;
        return true;
    }
}
