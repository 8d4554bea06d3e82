using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Headwater.Alerting;
using Headwater.Configuration;
using Headwater.Core.Alerting;
using Headwater.Http;

namespace Headwater.Commands;

static class AlertsCommand
{
    public static Command Build()
    {
        var where = new Target();
        var json = new Option<bool>("--json") { Description = "As JSON, for programs" };
        var command = new Command("alerts", "Shows what is amiss at a running gateway, and the rules by which that is found.") { where.Directory, where.Http, json };
        command.SetAction(async (parsed, ct) =>
        {
            var (status, body) = await ApiClient.SendAsync(HttpMethod.Get, where.HttpOf(parsed), "/api/alerts", ct);
            if (status != 200) throw new CommandException(ExitCode.Failed, $"The gateway answered with HTTP {status}: {body.Split('\n')[0]}");
            var output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json)) await output.WriteLineAsync(body);
            else Print(JsonSerializer.Deserialize(body, ApiJson.Default.AlertsJson)!, output);
            return ExitCode.Ok;
        });
        command.Add(Made("prometheus", "Prints the rules as a file for Prometheus (rule_files).", PrometheusRules.Write));
        command.Add(Made("grafana", "Prints a dashboard for Grafana (Dashboards, New, Import) with the rules' limits in it.", GrafanaDashboard.Write));
        return command;
    }

    static Command Made(string name, string description, Func<IReadOnlyList<AlertRule>, string> write)
    {
        var config = new Option<string?>("--config") { Description = "The configuration whose limits hold; without it, those that hold without one", HelpName = "file" };
        var command = new Command(name, description) { config };
        command.SetAction(parsed =>
        {
            var rules = AlertRules.Default;
            if (parsed.GetValue(config) is { } file)
            {
                var reading = ConfigFile.Read(file);
                if (reading.Config is not { } read) return Problems.Report(reading, parsed.InvocationConfiguration.Error);
                rules = read.Alerts.Rules;
            }
            parsed.InvocationConfiguration.Output.Write(write(rules));
            return ExitCode.Ok;
        });
        return command;
    }

    static void Print(AlertsJson alerts, TextWriter output)
    {
        output.WriteLine(alerts.Firing.Count == 0 ? "Nothing is amiss by these rules." : "Amiss:");
        foreach (var alert in alerts.Firing) output.WriteLine($"  ! {alert.Sentence}; {alert.Severity}, for {Duration(alert.ForSeconds)}");
        output.WriteLine();
        output.WriteLine($"{"rule",-18} {"severity",-9} {"amiss",-18} {"for",6} {"now",10}");
        foreach (var rule in alerts.Rules)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{rule.Rule,-18} {rule.Severity,-9} {(rule.Limit is { } limit ? $"{rule.Amiss} {limit:0.###}" : "off"),-18} {Duration(rule.ForSeconds),6} {(rule.Worst is { } worst ? worst.ToString("0.###", CultureInfo.InvariantCulture) : "unknown"),10}"));
    }

    static string Duration(double seconds) => seconds < 120 ? string.Create(CultureInfo.InvariantCulture, $"{seconds:0} s") : string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:0} min");
}
