using System.Diagnostics;
using Headwater.Core;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Core.Statements;
using Headwater.Tests;
using Headwater.Tests.Consumers;

namespace Headwater.Bench.CacheCheck;

/// <summary>One transaction of the log, and the statements whose answers it has changed.</summary>
sealed class Entry(Transaction transaction, int[] changed, long loggedAt)
{
    public Transaction Transaction => transaction;
    public int[] Changed => changed;
    public long LoggedAt => loggedAt;
    public bool IsAcknowledged;
    public long ShownAt;
}

/// <summary>
/// The primary: one log of all that was ever committed, and what it shows of it. A transaction is logged first; replicas and the feed have it from there on. It is
/// shown, in the log's order, when it is acknowledged, and only then is its client told.
/// </summary>
sealed class Database(Tables tables)
{
    public const uint Number = 1;
    readonly Lock _lock = new();
    readonly Entry[] _log = new Entry[1 << 22];
    public readonly Cell[] Cells = [.. tables.Statements.Select(_ => new Cell())];
    long _logged, _shown;
    int _definition;

    public static long Ticks => Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 10_000_000);
    public static Instant Now => new(Ticks);

    public long Logged => Volatile.Read(ref _logged);
    public long Shown => Volatile.Read(ref _shown);
    public bool IsFull => Logged >= _log.Length - 1000;

    /// <summary>Which of the dictionaries is true now.</summary>
    public int Definition => Volatile.Read(ref _definition);
    public Entry this[long sequence] => _log[sequence];
    public static Position At(long sequence) => sequence == 0 ? Position.Empty : new Position(new Gtid(0, Number, (ulong)sequence));

    /// <summary>Logs a change of some rows; it is not shown before <see cref="Acknowledge"/>.</summary>
    public long Commit(Seeded chance)
    {
        var table = chance.OneIn(200) ? Tables.Calm : chance.Below(2);
        var keys = new int[chance.OneIn(4) ? 2 : 1];
        for (var i = 0; i < keys.Length; i++) keys[i] = Key(chance);
        // What most servers write has all columns, or those that tell which row it is and what has changed.
        var isMinimal = chance.OneIn(2);
        var changes = Array.ConvertAll(keys, key => (LoggedChange)(chance.Below(4) switch
        {
            0 => MadeLog.Insert(tables.Logged[table], key, 1),
            1 => MadeLog.Delete(tables.Logged[table], key, isMinimal ? null : 1),
            _ => MadeLog.Update(tables.Logged[table], [key, isMinimal ? null : 1], [isMinimal ? null : key, 2]),
        }));
        lock (_lock)
        {
            var sequence = _logged + 1;
            var changed = new List<int>();
            foreach (var key in keys)
            {
                changed.AddRange([Tables.RowOf(table, key), Tables.WholeOf(table)]);
                if (table == Tables.T && _definition == 1) changed.AddRange([Tables.RowOf(Tables.U, key), Tables.WholeOf(Tables.U)]);
            }
            Log(sequence, [.. changed], changes);
            return sequence;
        }
    }

    /// <summary>Adds or drops the foreign key.</summary>
    public long Define()
    {
        lock (_lock)
        {
            Volatile.Write(ref _definition, 1 - _definition);
            var sequence = _logged + 1;
            Log(sequence, [], [MadeLog.Text("ALTER TABLE u …")]);
            return sequence;
        }
    }

    void Log(long sequence, int[] changed, LoggedChange[] changes)
    {
        foreach (var cell in changed) Cells[cell].Change(sequence);
        _log[sequence] = new Entry(MadeLog.Transaction(At(sequence)[0], changes), changed, Ticks);
        Volatile.Write(ref _logged, sequence);
    }

    public void Acknowledge(long sequence)
    {
        lock (_lock)
        {
            _log[sequence].IsAcknowledged = true;
            while (_shown < _logged && _log[_shown + 1].IsAcknowledged)
            {
                _log[_shown + 1].ShownAt = Ticks;
                Volatile.Write(ref _shown, _shown + 1);
            }
        }
    }

    /// <summary>What it showed at an instant.</summary>
    public long ShownAt(long ticks)
    {
        long low = 0, high = Shown;
        while (low < high)
        {
            var middle = low + (high - low + 1) / 2;
            if (_log[middle].ShownAt <= ticks) low = middle;
            else high = middle - 1;
        }
        return low;
    }

    /// <summary>Few keys are much in demand.</summary>
    public static int Key(Seeded chance)
    {
        var share = chance.Share();
        return (int)(Tables.Keys * share * share);
    }
}
