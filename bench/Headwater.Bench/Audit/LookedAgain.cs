using System.Text.Json;
using Headwater.Bench.Lab;

namespace Headwater.Bench.Audit;

/// <summary>
/// What the gateways' own auditors came to. The rows that tell where a read ran differ from server to server and are in no log: a planted fault, which they
/// have to find, and the only one that they may.
/// </summary>
/// <param name="Wrong">What was found beside what is planted, each with its statement.</param>
sealed record LookedAgain(long Agrees, long Moved, long Unchecked, long Planted, IReadOnlyList<string> Wrong)
{
    public const int ReadsPerSecond = 200;

    public static LookedAgain Of(Cluster cluster, SecondGateway second)
    {
        var (sums, wrong, planted) = (new Dictionary<string, long>(), new List<string>(), 0L);
        foreach (var port in new[] { cluster.HttpPort, second.HttpPort })
        {
            using var page = JsonDocument.Parse(Cluster.Get(port, "/api/read_audit"));
            foreach (var verdict in page.RootElement.GetProperty("reads").EnumerateObject()) sums[verdict.Name] = sums.GetValueOrDefault(verdict.Name) + verdict.Value.GetInt64();
            foreach (var finding in page.RootElement.GetProperty("findings").EnumerateArray())
            {
                if (finding.GetProperty("verdict").GetString() != "violated") continue;
                var (digest, times) = (finding.GetProperty("digest").GetString()!, finding.GetProperty("times").GetInt64());
                if (digest.Contains("audit_where", StringComparison.Ordinal)) planted += times;
                else wrong.Add($"{times} \u00d7 {finding.GetProperty("sentence").GetString()}: {digest} at {finding.GetProperty("level").GetString()}, {finding.GetProperty("route").GetString()}");
            }
        }
        return new LookedAgain(sums["agrees"], sums["moved"], sums["unchecked"], planted, wrong);
    }
}
