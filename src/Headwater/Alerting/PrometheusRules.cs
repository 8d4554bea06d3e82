using System.Globalization;
using System.Text;
using Headwater.Core.Alerting;
using Headwater.Core.Failover;

namespace Headwater.Alerting;

/// <summary>An alert as Prometheus is told of it. Text in <paramref name="Summary"/> may have Prometheus' templates.</summary>
sealed record PrometheusRule(string Name, string Expression, TimeSpan For, Severity Severity, string Summary);

/// <summary>The same rules for a Prometheus that scrapes /metrics: https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/ .</summary>
static class PrometheusRules
{
    /// <summary>The configured rules that are on, and what Headwater itself tells by the controller's findings.</summary>
    public static IReadOnlyList<PrometheusRule> Of(IReadOnlyList<AlertRule> rules) =>
    [
        new("HeadwaterDown", "up{job=\"headwater\"} == 0", TimeSpan.FromSeconds(30), Severity.Critical, "{{ $labels.instance }} does not answer"),
        new("HeadwaterNoPrimary", "headwater_cluster_has_primary == 0", TimeSpan.FromSeconds(5), Severity.Critical, "cluster {{ $labels.cluster }} has no primary that may be written to"),
        new("HeadwaterServerDown", "headwater_server_up == 0", TimeSpan.FromSeconds(30), Severity.Warning, "{{ $labels.server }} gets no statements"),
        new("HeadwaterFinding", "headwater_control_findings{severity!=\"info\"} > 0", TimeSpan.FromSeconds(30), Severity.Warning, "the controller finds: {{ $labels.rule }} ({{ $labels.severity }}); headwater status says more"),
        .. rules.Where(static rule => rule.Limit is not null).Select(Of),
    ];

    static PrometheusRule Of(AlertRule rule)
    {
        var limit = rule.Limit!.Value.ToString(CultureInfo.InvariantCulture);
        var (expression, summary) = rule.Signal switch
        {
            AlertSignal.HostCpu => ($"headwater_host_cpu_percent > {limit}", "the machine of {{ $labels.instance }} uses {{ $value | printf \"%.0f\" }} % of its processors"),
            AlertSignal.StatementLatency => (
                $"histogram_quantile(0.99, sum by (instance, le) (rate(headwater_statement_seconds_bucket[1m]))) > {limit} and sum by (instance) (increase(headwater_statements_total[1m])) >= 100",
                "1 of 100 statements through {{ $labels.instance }} takes longer than {{ $value | humanizeDuration }}"),
            AlertSignal.SlowStatements => ($"increase(headwater_slow_statements_total[1m]) > {limit}", "{{ $value | printf \"%.0f\" }} slow statements a minute through {{ $labels.instance }}"),
            AlertSignal.Errors => (
                $"100 * increase(headwater_errors_total[1m]) / increase(headwater_statements_total[1m]) > {limit} and increase(headwater_errors_total[1m]) >= 10",
                "{{ $value | printf \"%.0f\" }} % of the statements through {{ $labels.instance }} get an error"),
            AlertSignal.Lag => (
                $"headwater_server_lag_seconds > {limit} unless on (instance, server) headwater_server_info{{tags=~\".*delayed.*\"}}",
                "{{ $labels.server }} is {{ $value | humanizeDuration }} behind"),
            AlertSignal.DiskFree => ($"headwater_disk_free_percent < {limit}", "the disk that holds {{ $labels.directory }} of {{ $labels.instance }} has {{ $value | printf \"%.0f\" }} % free"),
            AlertSignal.WrongReads => ($"increase(headwater_read_violations_total[10m]) > {limit}", "{{ $labels.instance }} has answered reads wrongly: SHOW HEADWATER AUDIT has them"),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        return new PrometheusRule("Headwater" + string.Concat(rule.Name.Split('-').Select(static word => char.ToUpperInvariant(word[0]) + word[1..])), expression, rule.For, rule.Severity, summary);
    }

    public static string Write(IReadOnlyList<AlertRule> rules)
    {
        var text = new StringBuilder("""
            # Alerts for Prometheus, made by `headwater alerts prometheus`. The job that scrapes Headwater is to be called headwater.
            groups:
              - name: headwater
                rules:

            """);
        foreach (var rule in Of(rules))
            text.Append(CultureInfo.InvariantCulture, $"""
                      - alert: {rule.Name}
                        expr: {Quoted(rule.Expression)}
                        for: {rule.For.TotalSeconds:0}s
                        labels: {"{"} severity: {rule.Severity.ToString().ToLowerInvariant()} {"}"}
                        annotations:
                          summary: {Quoted(rule.Summary)}

                """);
        return text.ToString();
    }

    static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
