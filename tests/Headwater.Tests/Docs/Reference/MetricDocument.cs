using System.Text;
using Headwater.Http;

namespace Headwater.Tests.Docs.Reference;

/// <summary>docs/metrics.md, from the table by which /metrics is written.</summary>
static class MetricDocument
{
    const string Opening = """
        # Metrics

        What `/metrics` says at `http.address`, in Prometheus' text format. This page is made from the table that it is written by (`docs/reference --renew`); do not edit it.

        ```sh
        curl -s http://127.0.0.1:4480/metrics
        ```

        Every series of a gauge is what is so now; counters begin with the process. A label's values are few: reasons and servers, never statements or positions. Rules and a dashboard that are made of them:
        [operations](operations.md#alerts).


        """;

    public static string Write()
    {
        var text = new StringBuilder(Opening);
        foreach (var group in MetricTable.Groups)
        {
            text.Append("## ").Append(group.Title).Append("\n\n").Append(group.Meaning).Append("\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n");
            foreach (var metric in group.Metrics)
                text.Append("| `").Append(metric.Name).Append("` | ").Append(metric.Type.ToString().ToLowerInvariant()).Append(" | ")
                    .AppendJoin(", ", metric.Labels.Select(static label => $"`{label}`")).Append(" | ").Append(metric.Help.Replace("|", "\\|", StringComparison.Ordinal)).Append(" |\n");
            text.Append('\n');
        }
        return text.ToString().TrimEnd('\n') + "\n";
    }
}
