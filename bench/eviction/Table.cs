using Headwater.Core.Caching;

namespace Headwater.Bench.Eviction;

/// <summary>Rows as they come, and what they sum to.</summary>
sealed class Table(EvictionKind[] kinds, bool markdown)
{
    readonly List<double[]> _hits = [];
    readonly List<double[]> _bytes = [];
    readonly TimeSpan[] _took = new TimeSpan[kinds.Length];
    long _events;

    public void Head()
    {
        Line(["trace", "cache", .. kinds.Select(kind => kind.ToString()), "optimum"]);
        if (markdown) Line(["---", "---:", .. kinds.Select(_ => "---:"), "---:"]);
    }

    public void Row(Trace trace, double share, List<(Score Score, TimeSpan Took)> runs, Score optimum)
    {
        var hits = runs.Select(run => run.Score.Hits).ToArray();
        var bytes = runs.Select(run => run.Score.Bytes).ToArray();
        Line([trace.Name, $"{share:0.0 %}", .. Marked(hits), $"{(trace.Sizes is null ? "" : "~")}{optimum.Hits:F1}"]);
        if (trace.Sizes is not null) Line(["  of its bytes", "", .. Marked(bytes), $"~{optimum.Bytes:F1}"]);
        _hits.Add(hits);
        _bytes.Add(bytes);
        for (var k = 0; k < kinds.Length; k++) _took[k] += runs[k].Took;
        _events += trace.Events.Length;
    }

    public void Summary()
    {
        var lru = Array.IndexOf(kinds, EvictionKind.Lru);
        Line(["mean of all rows", "", .. Each(k => _hits.Average(row => row[k]), "F2"), ""]);
        Line(["mean, of bytes", "", .. Each(k => _bytes.Average(row => row[k]), "F2"), ""]);
        Line(["mean distance to the best", "", .. Each(k => _hits.Average(row => row.Max() - row[k]), "F2"), ""]);
        Line(["largest distance to the best", "", .. Each(k => _hits.Max(row => row.Max() - row[k]), "F1"), ""]);
        if (lru >= 0) Line(["most below LRU", "", .. Each(k => _hits.Max(row => row[lru] - row[k]), "F1"), ""]);
        Line(["ns per event", "", .. Each(k => _took[k].TotalNanoseconds / _events, "F0"), ""]);
        Line(["a hit needs the lock", "", .. kinds.Select(kind => EvictionPolicy.Create(kind, 1).HitNeedsOwner ? "yes" : "no"), ""]);
        Line(["own memory, % of 64 MiB", "", .. kinds.Select(kind => $"{100.0 * EvictionPolicy.Create(kind, 64 << 20).Overhead / (64 << 20):F2}"), ""]);
    }

    IEnumerable<string> Each(Func<int, double> figure, string format) => kinds.Select((_, k) => figure(k).ToString(format));

    static IEnumerable<string> Marked(double[] row) => row.Select(hits => $"{(hits >= row.Max() - 0.05 ? "*" : "")}{hits:F1}");

    void Line(string[] cells)
    {
        if (markdown) Console.WriteLine($"| {string.Join(" | ", cells)} |");
        else Console.WriteLine($"{cells[0],-30}{cells[1],7}{string.Concat(cells[2..].Select(cell => $"{cell,10}"))}");
    }
}
