using System.Text;
using Headwater.Core.Consumers;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Core.Routing;
using Headwater.Core.Statements;

namespace Headwater.Tests.Consumers;

/// <summary>A log of the tables <c>d.t</c> and <c>d.u</c>, both by <c>id</c>, folded as it comes; and what statements over them read.</summary>
sealed class FoldedLog
{
    public static readonly Catalogue Tables = Catalogue.Build([], [], [], tables: new DictionaryRows
    {
        Tables = [new("d", "t", "BASE TABLE", "InnoDB"), new("d", "u", "BASE TABLE", "InnoDB")],
        Columns = [new("d", "t", "id", 1, "int(11)", ""), new("d", "u", "id", 1, "int(11)", "")],
        Keys = [new("d", "t", "id"), new("d", "u", "id")],
    });

    readonly LoggedTable _t = MadeLog.Table("t");
    public readonly LastChanges Changes = new(1 << 10, 1 << 12, 256);

    public FoldedLog(in Position begin) => Begin(in begin);

    public void Begin(in Position begin)
    {
        Changes.Begin(in begin);
        Changes.Offer(Tables.Dictionary, in begin, in begin);
    }

    public void Take(in Gtid gtid, params long[] idsOfT) => TakeChanges(in gtid, [.. idsOfT.Select(id => MadeLog.Update(_t, [id, 1], [id, 2]))]);

    public void TakeChanges(in Gtid gtid, params LoggedChange[] changes)
    {
        Changes.Apply(MadeLog.Transaction(gtid, changes));
        Changes.Publish();
    }

    public static StatementFacts Facts(string sql) => Classifier.Classify(Encoding.UTF8.GetBytes(sql), SqlSyntax.Standard, Tables);

    public static (Footprint Reads, long? Key) Reads(string sql)
    {
        var reads = Facts(sql).FootprintIn("d");
        return (reads, reads.Key is { } lookup && lookup.TryKey(Encoding.UTF8.GetBytes(sql), SqlSyntax.Standard, out var key) ? key : null);
    }

    public ReadScope Scope(string sql) => new(Changes, Facts(sql), "d", Encoding.UTF8.GetBytes(sql), SqlSyntax.Standard);
}
