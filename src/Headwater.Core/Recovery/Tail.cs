using Headwater.Core.Positions;

namespace Headwater.Core.Recovery;

/// <summary>
/// Where one history leaves another. A history is told by <c>@@gtid_binlog_state</c> with <c>@@gtid_slave_pos</c>: how far each server ever wrote in it.
/// </summary>
public static class Tail
{
    /// <summary>Whether a transaction is in a history.</summary>
    public static bool Has(IReadOnlyList<Gtid> history, in Gtid gtid)
    {
        foreach (var known in history)
            if (known.Domain == gtid.Domain && known.Server == gtid.Server && known.Sequence >= gtid.Sequence) return true;
        return false;
    }

    /// <summary>
    /// The last transaction of each domain that both have: the tail of <paramref name="old"/> stands behind it. Null when what it wrote by itself
    /// stands in between, so that its tail is no end of its log: whoever reads it has to read all of it.
    /// </summary>
    public static Position? CommonEnd(IReadOnlyList<Gtid> old, IReadOnlyList<Gtid> history)
    {
        var common = Position.Empty;
        foreach (var wrote in old)
            foreach (var known in history)
                if (known.Domain == wrote.Domain && known.Server == wrote.Server)
                    common = common.With(wrote with { Sequence = Math.Min(wrote.Sequence, known.Sequence) });
        foreach (var wrote in old)
            if (!Has(history, wrote) && wrote.Sequence <= common.SequenceOf(wrote.Domain)) return null;
        return common;
    }

    /// <summary>
    /// What <c>@@gtid_binlog_state</c> must say of a server that has only what both have: how far each server ever wrote in it, the last of each domain at the end.
    /// A server whose log begins anew without it would, as a primary, take all that came before for foreign to its history.
    /// </summary>
    public static IReadOnlyList<Gtid> CommonState(IReadOnlyList<Gtid> old, IReadOnlyList<Gtid> history)
    {
        var state = new Dictionary<(uint Domain, uint Server), Gtid>();
        foreach (var wrote in old)
            foreach (var known in history)
                if (known.Domain == wrote.Domain && known.Server == wrote.Server && (!state.TryGetValue((wrote.Domain, wrote.Server), out var before) || before.Sequence < Math.Min(wrote.Sequence, known.Sequence)))
                    state[(wrote.Domain, wrote.Server)] = wrote with { Sequence = Math.Min(wrote.Sequence, known.Sequence) };
        return [.. state.Values.OrderBy(static gtid => gtid.Domain).ThenBy(static gtid => gtid.Sequence)];
    }
}
