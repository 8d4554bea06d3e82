using Headwater.Bench.Lab;

namespace Headwater.Bench.Audit;

/// <summary>
/// What the gateways' own auditors came to. The rows that tell where a read ran differ from server to server and are in no log: a planted fault, which they
/// have to find, and the only one that they may.
/// </summary>
sealed record LookedAgain(long Agrees, long Moved, long Unchecked, long Planted, IReadOnlyList<string> Wrong)
{
    public const int ReadsPerSecond = 200;

    public static LookedAgain Of(Cluster cluster, SecondGateway second)
    {
        var metrics = new[] { cluster.Metrics(), Cluster.Metrics(second.HttpPort) };
        long Sum(string verdict) => (long)metrics.Sum(page => page.Of("headwater_audited_reads_total", "verdict", verdict));
        var found = new[] { "up.log", "serve.log" }.SelectMany(file => Lines(Path.Combine(cluster.Directory, file))).Where(static line => line.Contains("was answered WRONGLY", StringComparison.Ordinal)).ToList();
        var wrong = found.Where(static line => !line.Contains("audit_where", StringComparison.Ordinal)).ToList();
        // Each is in the log: a figure that says otherwise is a fault of its own.
        if (found.Count != Sum("violated")) wrong.Add($"the logs tell of {found.Count} wrong answers, the metrics of {Sum("violated")}");
        return new LookedAgain(Sum("agrees"), Sum("moved"), Sum("unchecked"), found.Count - wrong.Count, wrong);
    }

    static IEnumerable<string> Lines(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        while (reader.ReadLine() is { } line) yield return line;
    }
}
