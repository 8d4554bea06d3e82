using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Headwater.Core.Statements;

/// <summary>
/// Facts by normal text, for one owner thread. A hit is one scan of the text into a reused buffer, a hash, and an exact comparison; it allocates nothing.
/// Open addressing with linear probing; eviction by the clock (an entry used since the hand last came by is spared once) under a byte budget.
/// </summary>
public sealed class FactsCache(long budgetBytes)
{
    const int LongestKey = 16 * 1024, KeptBufferBytes = 1 << 20, EntryBytes = 400, ReadsBytes = 300, SmallestTable = 256;

    readonly NormalText _text = new();
    Entry?[] _table = new Entry?[SmallestTable];
    Catalogue? _catalogue;
    long _bytes;
    int _hand;

    public int Count { get; private set; }
    public long Bytes => _bytes;
    public long Hits { get; private set; }
    public long Misses { get; private set; }
    public long Evicted { get; private set; }

    public StatementFacts Get(ReadOnlySpan<byte> sql, SqlSyntax syntax, Catalogue catalogue)
    {
        _text.Read(sql, syntax);
        if (!ReferenceEquals(catalogue, _catalogue))
            Forget(catalogue);
        var key = _text.Span;
        if (_text.Broken || key.Length > LongestKey)
            return Classify(sql, syntax, catalogue);
        var hash = Hash(key, syntax);
        var table = _table;
        var mask = table.Length - 1;
        for (var at = (int)hash & mask; table[at] is { } entry; at = (at + 1) & mask)
        {
            if (entry.Hash == hash && entry.Syntax == syntax && key.SequenceEqual(entry.Key))
            {
                entry.Used = true;
                Hits++;
                return entry.Facts;
            }
        }
        return Miss(sql, syntax, catalogue, hash);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    StatementFacts Miss(ReadOnlySpan<byte> sql, SqlSyntax syntax, Catalogue catalogue, ulong hash)
    {
        var key = _text.Span.ToArray();
        var facts = Classify(sql, syntax, catalogue);
        if (!facts.Cacheable)
            return facts;
        var entry = new Entry(hash, syntax, key, facts);
        if (entry.Bytes > budgetBytes)
            return facts;
        while (_bytes + entry.Bytes > budgetBytes)
            EvictOne();
        if ((Count + 1) * 2 > _table.Length)
            Grow();
        Insert(_table, entry);
        _bytes += entry.Bytes;
        Count++;
        return facts;
    }

    StatementFacts Classify(ReadOnlySpan<byte> sql, SqlSyntax syntax, Catalogue catalogue)
    {
        Misses++;
        var facts = Classifier.Classify(_text, sql, syntax, catalogue);
        _text.Shrink(KeptBufferBytes);
        return facts;
    }

    void Forget(Catalogue catalogue)
    {
        _catalogue = catalogue;
        Array.Clear(_table);
        _bytes = 0;
        Count = 0;
    }

    void EvictOne()
    {
        var mask = _table.Length - 1;
        while (true)
        {
            _hand = (_hand + 1) & mask;
            if (_table[_hand] is not { } entry)
                continue;
            if (entry.Used)
            {
                entry.Used = false;
                continue;
            }
            _bytes -= entry.Bytes;
            Count--;
            Evicted++;
            RemoveAt(_hand);
            return;
        }
    }

    // Entries that had to step over the removed one move back, so that no probe ends too early.
    void RemoveAt(int hole)
    {
        var mask = _table.Length - 1;
        _table[hole] = null;
        for (var at = (hole + 1) & mask; _table[at] is { } entry; at = (at + 1) & mask)
        {
            var home = (int)entry.Hash & mask;
            if (((at - home) & mask) < ((at - hole) & mask))
                continue;
            _table[hole] = entry;
            _table[at] = null;
            hole = at;
        }
    }

    void Grow()
    {
        var larger = new Entry?[_table.Length * 2];
        foreach (var entry in _table)
        {
            if (entry is not null)
                Insert(larger, entry);
        }
        _table = larger;
        _hand = 0;
    }

    static void Insert(Entry?[] table, Entry entry)
    {
        var mask = table.Length - 1;
        var at = (int)entry.Hash & mask;
        while (table[at] is not null)
            at = (at + 1) & mask;
        table[at] = entry;
    }

    // Multiply-and-fold over eight bytes at a time: spreads well enough for a table whose hits are compared exactly.
    static ulong Hash(ReadOnlySpan<byte> key, SqlSyntax syntax)
    {
        const ulong a = 0x9E3779B97F4A7C15, b = 0xD6E8FEB86659FD93;
        var hash = a ^ ((ulong)key.Length << 8) ^ (byte)syntax;
        while (key.Length >= 8)
        {
            hash = Fold(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(key), b);
            key = key[8..];
        }
        ulong tail = 0;
        foreach (var last in key)
            tail = (tail << 8) | last;
        return Fold(hash ^ tail, a);
    }

    static ulong Fold(ulong x, ulong y)
    {
        var high = Math.BigMul(x, y, out var low);
        return high ^ low;
    }

    sealed class Entry(ulong hash, SqlSyntax syntax, byte[] key, StatementFacts facts)
    {
        public readonly ulong Hash = hash;
        public readonly SqlSyntax Syntax = syntax;
        public readonly byte[] Key = key;
        public readonly StatementFacts Facts = facts;
        public bool Used = true;

        // the key, the digest as UTF-16, names, and what objects cost
        public long Bytes => EntryBytes + Key.Length + 2L * Facts.Digest.Length + 48L * (Facts.Tables.Length + Facts.Names.Length + Facts.DroppedTables.Length)
            + (Facts.Reads is { } reads ? ReadsBytes + 40L * reads.Names.Length : 0);
    }
}
