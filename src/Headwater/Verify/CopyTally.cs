using System.Collections.Immutable;
using Headwater.Core.Verify;

namespace Headwater.Verify;

/// <summary>What is found out about one table on one replica, while it is.</summary>
sealed class CopyTally(VerifiedServer replica)
{
    readonly List<RowReport> _rows = [];
    readonly List<string> _unproven = [];
    long _missing, _extra, _changed;

    public VerifiedServer Replica => replica;
    public ImmutableArray<string> Schema { get; set; } = [];

    /// <summary>Ranges that were not the same when they were first read.</summary>
    public List<KeyRange> Suspicious { get; } = [];
    public long Mended { get; set; }
    public int Named => _rows.Count;

    public void Count(RowDifferenceKind kind)
    {
        switch (kind)
        {
            case RowDifferenceKind.Missing: _missing++; break;
            case RowDifferenceKind.Extra: _extra++; break;
            default: _changed++; break;
        }
    }

    public void Name(RowReport row) => _rows.Add(row);

    public void Unproven(string sentence) => _unproven.Add(sentence);

    public CopyReport Report() => new(replica.Name, Schema, _missing, _extra, _changed, Mended, [.. _rows], [.. _unproven]);
}
