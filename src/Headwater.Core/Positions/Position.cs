using System.Text;

namespace Headwater.Core.Positions;

/// <summary>
/// How much of a cluster's log something has applied: the last transaction of each domain.
/// A value, partially ordered: ask <see cref="Covers"/>; there is deliberately no <c>&lt;</c>.
/// The common cluster has one domain, which is kept inline so that following one allocates nothing.
/// </summary>
public readonly struct Position : IEquatable<Position>
{
    // Invariant: _first is meaningful when _count > 0; _others holds domains 2..n, sorted, distinct from _first,
    // all greater than _first.Domain. An array is never changed once it is in a Position.
    readonly Gtid _first;
    readonly Gtid[]? _others;
    readonly bool _any;

    public static readonly Position Empty;

    public Position(Gtid only)
    {
        _first = only;
        _any = true;
    }

    Position(Gtid first, Gtid[]? others)
    {
        _first = first;
        _others = others is { Length: > 0 } ? others : null;
        _any = true;
    }

    public bool IsEmpty => !_any;
    public int DomainCount => !_any ? 0 : 1 + (_others?.Length ?? 0);
    public Gtid this[int index] => index == 0 && _any ? _first : _others![index - 1];

    /// <summary>Sequence applied in <paramref name="domain"/>; 0 when the domain is unknown (MariaDB sequences start at 1).</summary>
    public ulong SequenceOf(uint domain)
    {
        if (!_any) return 0;
        if (_first.Domain == domain) return _first.Sequence;
        if (_others is not null)
            foreach (var gtid in _others)
                if (gtid.Domain == domain) return gtid.Sequence;
        return 0;
    }

    /// <summary>
    /// True when all that <paramref name="needed"/> names is applied here. Inside one domain MariaDB's strict mode
    /// lets sequences only grow, so the server part does not matter: see <see cref="Diverged"/> for when it does.
    /// </summary>
    public bool Covers(in Position needed)
    {
        if (!needed._any) return true;
        if (SequenceOf(needed._first.Domain) < needed._first.Sequence) return false;
        if (needed._others is not null)
            foreach (var gtid in needed._others)
                if (SequenceOf(gtid.Domain) < gtid.Sequence) return false;
        return true;
    }

    /// <summary>True when both name the same place in a domain and different transactions stand there: two histories.</summary>
    public bool Diverged(in Position other)
    {
        for (var i = 0; i < DomainCount; i++)
            for (var j = 0; j < other.DomainCount; j++)
                if (this[i].Domain == other[j].Domain && this[i].Sequence == other[j].Sequence && this[i].Server != other[j].Server)
                    return true;
        return false;
    }

    /// <summary>The least position that covers both.</summary>
    public Position Merge(in Position other)
    {
        if (!other._any) return this;
        if (!_any) return other;
        if (_others is null && other._others is null && _first.Domain == other._first.Domain)
            return _first.Sequence >= other._first.Sequence ? this : other;
        if (Covers(other)) return this;
        if (other.Covers(this)) return other;
        var merged = this;
        for (var i = 0; i < other.DomainCount; i++) merged = merged.With(other[i]);
        return merged;
    }

    /// <summary>This position moved forward to <paramref name="gtid"/> in its domain; never backwards.</summary>
    public Position With(Gtid gtid)
    {
        if (!_any) return new Position(gtid);
        if (_first.Domain == gtid.Domain && _others is null)
            return gtid.Sequence > _first.Sequence ? new Position(gtid) : this;
        if (SequenceOf(gtid.Domain) >= gtid.Sequence) return this;
        var all = new List<Gtid>(DomainCount + 1);
        for (var i = 0; i < DomainCount; i++)
            if (this[i].Domain != gtid.Domain) all.Add(this[i]);
        all.Add(gtid);
        all.Sort(static (a, b) => a.Domain.CompareTo(b.Domain));
        return new Position(all[0], [.. all.Skip(1)]);
    }

    /// <summary>Transactions by which <paramref name="ahead"/> is ahead of this position, summed over its domains.</summary>
    public ulong Behind(in Position ahead)
    {
        ulong behind = 0;
        for (var i = 0; i < ahead.DomainCount; i++)
        {
            var gtid = ahead[i];
            var here = SequenceOf(gtid.Domain);
            if (gtid.Sequence > here) behind += gtid.Sequence - here;
        }
        return behind;
    }

    /// <summary>Reads MariaDB's form, <c>0-1-42,1-3-7</c>; the empty text is the empty position.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out Position position)
    {
        position = Empty;
        while (!text.IsEmpty)
        {
            var comma = text.IndexOf((byte)',');
            var one = comma < 0 ? text : text[..comma];
            if (!Gtid.TryParse(one.Trim(" \n"u8), out var gtid)) return false;
            position = position.With(gtid);
            if (comma < 0) break;
            text = text[(comma + 1)..];
            if (text.IsEmpty) return false;
        }
        return true;
    }

    public static bool TryParse(string text, out Position position) => TryParse(Encoding.UTF8.GetBytes(text), out position);

    public bool Equals(Position other)
    {
        if (DomainCount != other.DomainCount) return false;
        for (var i = 0; i < DomainCount; i++)
            if (this[i] != other[i]) return false;
        return true;
    }

    public override bool Equals(object? obj) => obj is Position other && Equals(other);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        for (var i = 0; i < DomainCount; i++) hash.Add(this[i]);
        return hash.ToHashCode();
    }

    public static bool operator ==(in Position left, in Position right) => left.Equals(right);
    public static bool operator !=(in Position left, in Position right) => !left.Equals(right);

    public override string ToString()
    {
        if (!_any) return "";
        if (_others is null) return _first.ToString();
        var text = new StringBuilder(_first.ToString());
        foreach (var gtid in _others) text.Append(',').Append(gtid);
        return text.ToString();
    }
}
