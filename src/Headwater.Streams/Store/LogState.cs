using Headwater.Core.Positions;

namespace Headwater.Streams.Store;

/// <summary>The last transaction of each server in each domain, as <c>@@gtid_binlog_state</c> has it: the newest of a domain stands last. One owner.</summary>
sealed class LogState
{
    readonly List<Gtid> _last = [];

    public LogState(IEnumerable<Gtid> last)
    {
        foreach (var gtid in last) Add(gtid);
    }

    public IReadOnlyCollection<Gtid> Last => _last;

    public Position Position
    {
        get
        {
            // By order, not by number: a primary that lost transactions may have begun lower.
            var newest = new Dictionary<uint, Gtid>();
            foreach (var gtid in _last) newest[gtid.Domain] = gtid;
            var position = Position.Empty;
            foreach (var gtid in newest.Values) position = position.With(gtid);
            return position;
        }
    }

    public void Add(Gtid gtid)
    {
        // The common log has one writer: it stands last already.
        if (_last.Count > 0 && _last[^1].Domain == gtid.Domain && _last[^1].Server == gtid.Server)
        {
            _last[^1] = gtid;
            return;
        }
        _last.RemoveAll(one => one.Domain == gtid.Domain && one.Server == gtid.Server);
        _last.Add(gtid);
    }
}
