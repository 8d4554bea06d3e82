using Headwater.Core.Positions;
using Headwater.Wire.MySql.Binlog;

namespace Headwater.Servers;

/// <summary>Whether a log has the very transactions that a position names, as a server in strict mode asks before it gives its log.</summary>
sealed class PositionSearch
{
    readonly Position _from;
    readonly bool[] _found, _any;

    public PositionSearch(Position from)
    {
        _from = from;
        _found = new bool[from.DomainCount];
        _any = new bool[from.DomainCount];
    }

    /// <param name="gtid">What the log has, in its order.</param>
    /// <param name="isBefore">It stands before the files that are read: later ones of its domain may follow.</param>
    public void See(Gtid gtid, bool isBefore)
    {
        for (var i = 0; i < _found.Length; i++)
        {
            var wanted = _from[i];
            if (_found[i] || wanted.Domain != gtid.Domain) continue;
            // The log of a server that was made from a backup begins right behind the backup's position.
            var isSuccessor = !_any[i] && gtid.Sequence == wanted.Sequence + 1;
            _any[i] = true;
            if (isSuccessor || gtid.Sequence == wanted.Sequence && gtid.Server == wanted.Server) _found[i] = true;
            else if (gtid.Sequence == wanted.Sequence || gtid.Sequence > wanted.Sequence && !isBefore)
                throw new BinlogException(BinlogTrouble.Diverged, $"The log has {gtid} and never had {wanted}: the two have different histories.");
        }
    }

    public void ThrowIfMissing()
    {
        for (var i = 0; i < _found.Length; i++)
            if (!_found[i]) throw new BinlogException(BinlogTrouble.Behind, $"The log ends before {_from[i]}.");
    }
}
