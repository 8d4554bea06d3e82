using System.Text.Json;
using System.Text.Json.Nodes;
using Headwater.Core.Alerting;

namespace Headwater.Alerting;

/// <summary>A dashboard of the same metrics, with the rules' limits as lines: https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/ .</summary>
static class GrafanaDashboard
{
    sealed record Panel(string Title, string Unit, AlertSignal? Limit, params (string Expression, string Legend)[] Lines);

    static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };

    static readonly Panel[] _panels =
    [
        new("Statements per second", "ops", null, ("sum(rate(headwater_statements_total[1m]))", "all"), ("sum(rate(headwater_writes_total[1m]))", "writes"), ("sum(rate(headwater_errors_total[1m]))", "errors")),
        new("Reads per second by who answered", "ops", null, ("sum by (answered_by) (rate(headwater_reads_total[1m]))", "{{answered_by}}")),
        new("99 of 100 statements stay within", "s", AlertSignal.StatementLatency, ("histogram_quantile(0.99, sum by (kind, le) (rate(headwater_statement_seconds_bucket[1m])))", "{{kind}}")),
        new("Replicas behind", "s", AlertSignal.Lag, ("headwater_server_lag_seconds", "{{server}}")),
        new("Why statements went where they went, per second", "ops", null, ("sum by (reason) (rate(headwater_routes_total[1m]))", "{{reason}}")),
        new("Reads that waited, per second", "ops", null, ("sum(rate(headwater_position_waits_total[1m]))", "for a copy"), ("sum(rate(headwater_log_waits_total[1m]))", "for the log"), ("sum(rate(headwater_write_holds_total[1m]))", "for a primary")),
        new("Sessions", "short", null, ("sum(headwater_sessions)", "open"), ("sum(headwater_sessions_holding)", "holding a backend")),
        new("Statements that run on each server", "short", null, ("sum by (server) (headwater_server_busy)", "{{server}}")),
        new("Slow statements a minute", "short", AlertSignal.SlowStatements, ("sum(increase(headwater_slow_statements_total[1m]))", "slow")),
        new("Kept results: hits per second", "ops", null, ("sum(rate(headwater_cache_hits_total[1m]))", "hits"), ("sum(rate(headwater_cache_lookups_total[1m]))", "lookups")),
        new("Processors of the machine", "percent", AlertSignal.HostCpu, ("headwater_host_cpu_percent", "{{instance}}")),
        new("Disk free", "percent", AlertSignal.DiskFree, ("headwater_disk_free_percent", "{{directory}}")),
        new("Reads looked at again, by verdict", "short", null, ("sum by (verdict) (increase(headwater_audited_reads_total[5m]))", "{{verdict}}")),
        new("What the controller finds", "short", null, ("sum by (rule) (headwater_control_findings)", "{{rule}}")),
    ];

    /// <summary>The expressions of all panels.</summary>
    public static IEnumerable<string> Expressions => _panels.SelectMany(static panel => panel.Lines).Select(static line => line.Expression);

    public static string Write(IReadOnlyList<AlertRule> rules) => new JsonObject
    {
        ["title"] = "Headwater",
        ["uid"] = "headwater",
        ["schemaVersion"] = 39,
        ["refresh"] = "5s",
        ["time"] = new JsonObject { ["from"] = "now-30m", ["to"] = "now" },
        ["templating"] = new JsonObject { ["list"] = new JsonArray(new JsonObject { ["name"] = "source", ["type"] = "datasource", ["query"] = "prometheus", ["label"] = "Prometheus" }) },
        ["panels"] = new JsonArray([.. _panels.Select((panel, i) => Of(panel, i, rules))]),
    }.ToJsonString(_indented) + "\n";

    static JsonObject Of(Panel panel, int index, IReadOnlyList<AlertRule> rules)
    {
        const int Width = 12, Height = 8;
        var source = new JsonObject { ["type"] = "prometheus", ["uid"] = "${source}" };
        var defaults = new JsonObject { ["unit"] = panel.Unit, ["min"] = 0, ["custom"] = new JsonObject { ["fillOpacity"] = 10, ["showPoints"] = "never" } };
        if (rules.FirstOrDefault(rule => rule.Signal == panel.Limit) is { Limit: { } limit } rule)
        {
            defaults["custom"]!["thresholdsStyle"] = new JsonObject { ["mode"] = "line" };
            defaults["thresholds"] = new JsonObject
            {
                ["mode"] = "absolute",
                ["steps"] = new JsonArray(
                    new JsonObject { ["color"] = rule.Above ? "transparent" : "red", ["value"] = null },
                    new JsonObject { ["color"] = rule.Above ? "red" : "transparent", ["value"] = limit }),
            };
        }
        return new JsonObject
        {
            ["id"] = index + 1,
            ["type"] = "timeseries",
            ["title"] = panel.Title,
            ["datasource"] = source,
            ["gridPos"] = new JsonObject { ["x"] = index % 2 * Width, ["y"] = index / 2 * Height, ["w"] = Width, ["h"] = Height },
            ["fieldConfig"] = new JsonObject { ["defaults"] = defaults, ["overrides"] = new JsonArray() },
            ["targets"] = new JsonArray([.. panel.Lines.Select((line, i) => new JsonObject { ["refId"] = ((char)('A' + i)).ToString(), ["expr"] = line.Expression, ["legendFormat"] = line.Legend })]),
        };
    }
}
