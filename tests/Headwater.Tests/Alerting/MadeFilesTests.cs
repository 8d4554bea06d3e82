using System.Text.Json;
using System.Text.RegularExpressions;
using Headwater.Alerting;
using Headwater.Core.Alerting;
using Xunit;
using YamlDotNet.Serialization;

namespace Headwater.Tests.Alerting;

public partial class MadeFilesTests
{
    [GeneratedRegex(@"headwater_[a-z0-9_]+")]
    private static partial Regex MetricNames();

    static readonly Lazy<string> _sources = new(static () => string.Concat(Directory.EnumerateFiles(Path.Combine(RepositoryFiles.Root, "src", "Headwater"), "*Metrics.cs", SearchOption.AllDirectories).Select(File.ReadAllText)));

    [Fact]
    public void Rules_for_Prometheus_are_YAML_that_has_each_rule_once()
    {
        var file = new DeserializerBuilder().Build().Deserialize<Dictionary<string, List<Dictionary<string, object>>>>(PrometheusRules.Write(AlertRules.Default));
        var rules = ((List<object>)file["groups"].Single()["rules"]).Cast<Dictionary<object, object>>().ToList();
        Assert.Equal(PrometheusRules.Of(AlertRules.Default).Select(static rule => rule.Name), rules.Select(static rule => (string)rule["alert"]));
        Assert.All(AlertRules.Default, rule => Assert.Contains(rules, made => ((string)made["alert"]).Equals("Headwater" + rule.Name.Replace("-", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase)));
        Assert.Contains("headwater_server_lag_seconds > 10 unless on (instance, server) headwater_server_info{tags=~\".*delayed.*\"}", rules.Select(static rule => (string)rule["expr"]));
    }

    [Fact]
    public void A_rule_that_is_off_is_not_made() =>
        Assert.DoesNotContain("HostCpu", PrometheusRules.Write([.. AlertRules.Default.Select(static rule => rule.Signal == AlertSignal.HostCpu ? rule with { Limit = null } : rule)]), StringComparison.Ordinal);

    [Fact]
    public void The_dashboard_has_the_limits_in_it()
    {
        using var dashboard = JsonDocument.Parse(GrafanaDashboard.Write([.. AlertRules.Default.Select(static rule => rule.Signal == AlertSignal.Lag ? rule with { Limit = 4711 } : rule)]));
        var lag = dashboard.RootElement.GetProperty("panels").EnumerateArray().Single(static panel => panel.GetProperty("title").GetString() == "Replicas behind");
        Assert.Equal(4711, lag.GetProperty("fieldConfig").GetProperty("defaults").GetProperty("thresholds").GetProperty("steps")[1].GetProperty("value").GetDouble());
    }

    [Fact]
    public void Each_metric_that_they_name_is_one_that_is_written()
    {
        var named = PrometheusRules.Of(AlertRules.Default).Select(static rule => rule.Expression).Concat(GrafanaDashboard.Expressions)
            .SelectMany(static expression => MetricNames().Matches(expression)).Select(static match => match.Value.Replace("_bucket", "", StringComparison.Ordinal)).Distinct().ToList();
        Assert.True(named.Count > 15);
        Assert.All(named, name => Assert.Contains($"\"{name}\"", _sources.Value, StringComparison.Ordinal));
    }
}
