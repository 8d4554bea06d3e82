using System.Collections.Immutable;
using Headwater.Core.Topology;

namespace Headwater.Core.Positions;

public enum LineageVerdict : byte
{
    /// <summary>The position stands in the cluster's history, or nothing is known that says otherwise.</summary>
    Ours,

    /// <summary>The history has not come that far yet: reads wait, and no server may ever get there.</summary>
    Ahead,

    /// <summary>The history has passed that place without it: it was lost with a former primary, or it is another cluster's.</summary>
    Lost,
}

/// <summary>
/// Whether a position belongs to a cluster's history. A MariaDB GTID names the server that wrote it, and <c>@@gtid_binlog_state</c> (with
/// <c>@@gtid_slave_pos</c>) says how far each server ever wrote in this history: <c>0-1-45</c> is lost when server 1 wrote only to 42 in
/// it and domain 0 has passed 45. So two gateways agree without having agreed on epochs before.
/// </summary>
public static class Lineage
{
    public static LineageVerdict Judge(ClusterView view, in Position position, out string sentence)
    {
        var verdict = LineageVerdict.Ours;
        sentence = "the position stands in this cluster's history";
        for (var i = 0; i < position.DomainCount; i++)
        {
            var gtid = position[i];
            switch (Judge(view, gtid, out var wroteTo))
            {
                case LineageVerdict.Lost:
                    sentence = wroteTo == 0
                        ? $"{gtid} is not in the history of cluster {view.Cluster}: server {gtid.Server} never wrote in domain {gtid.Domain} of it"
                        : $"{gtid} is not in the history of cluster {view.Cluster}: server {gtid.Server} wrote there only to {wroteTo}, and domain {gtid.Domain} went on without it";
                    return LineageVerdict.Lost;
                case LineageVerdict.Ahead:
                    sentence = $"{gtid} is ahead of what cluster {view.Cluster} has logged in domain {gtid.Domain}";
                    verdict = LineageVerdict.Ahead;
                    break;
                default:
                    break;
            }
        }
        return verdict;
    }

    /// <summary>
    /// True when a copy that stands at <paramref name="position"/> has a transaction that the primary has not and will not have: only the primary writes (in a ring,
    /// each member in its own domain), so what is ahead of it in one of its domains and not its own comes from elsewhere.
    /// </summary>
    public static bool IsForeign(ClusterView view, in Position position, out Gtid foreign)
    {
        for (var i = 0; i < position.DomainCount; i++)
        {
            foreign = position[i];
            var verdict = Judge(view, foreign, out _);
            if (verdict == LineageVerdict.Lost) return true;
            if (verdict == LineageVerdict.Ahead && !view.MayWrite(foreign) && KnowsDomain(view, foreign.Domain)) return true;
        }
        foreign = default;
        return false;
    }

    /// <summary>
    /// Whether a sample may be added to a server's timeline under this view. One that names a transaction that the view's primary has not written shows
    /// that the primary has changed: numbers of two branches must not be compared, so look at the cluster first and publish what is found.
    /// </summary>
    public static bool Accepts(ClusterView view, PositionSample sample)
    {
        return !IsForeign(view, sample.Logged, out _) && !IsForeign(view, sample.Position, out _);
    }

    /// <summary>How far the history goes that the view knows: at least as far as when its primary was appointed.</summary>
    public static Position HeadOf(ClusterView view)
    {
        var head = Position.Empty;
        foreach (var gtid in view.History) head = head.Merge(new Position(gtid));
        return head;
    }

    /// <summary>Whether a transaction is in the history that the view knows.</summary>
    public static bool Has(ClusterView view, Gtid gtid) => Judge(view, gtid, out _) == LineageVerdict.Ours;

    /// <summary>True when the history names every domain of <paramref name="position"/>.</summary>
    public static bool KnowsDomains(ClusterView view, in Position position)
    {
        for (var i = 0; i < position.DomainCount; i++)
            if (!KnowsDomain(view, position[i].Domain)) return false;
        return true;
    }

    static bool KnowsDomain(ClusterView view, uint domain)
    {
        foreach (var known in view.History)
            if (known.Domain == domain) return true;
        return false;
    }

    static LineageVerdict Judge(ClusterView view, Gtid gtid, out ulong wroteTo)
    {
        wroteTo = 0;
        if (gtid.Sequence == 0) return LineageVerdict.Ours;
        ulong passed = 0;
        foreach (var known in view.History)
        {
            if (known.Domain != gtid.Domain) continue;
            if (known.Sequence > passed) passed = known.Sequence;
            if (known.Server == gtid.Server && known.Sequence > wroteTo) wroteTo = known.Sequence;
        }
        if (passed == 0) return view.History.IsEmpty ? LineageVerdict.Ours : LineageVerdict.Ahead;
        if (wroteTo >= gtid.Sequence) return LineageVerdict.Ours;
        return gtid.Sequence <= passed ? LineageVerdict.Lost : LineageVerdict.Ahead;
    }
}
