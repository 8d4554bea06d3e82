using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Headwater.Conflicts;
using Headwater.Control;
using Headwater.Core.Conflicts;
using Headwater.Core.Positions;
using Headwater.Verify;

namespace Headwater.Commands;

/// <summary><c>headwater conflicts</c>: rows that two servers changed at once.</summary>
static class ConflictsCommand
{
    public static Command Build()
    {
        var directory = new Option<string>("--dir") { Description = "State directory of headwater up, or of a serving gateway", DefaultValueFactory = _ => ".headwater", HelpName = "directory" };
        var config = new Option<string?>("--config") { Description = "Configuration file that names the servers, instead of --dir", HelpName = "file" };
        var from = new Option<string?>("--from") { Description = "Position (a list of GTIDs) behind which the logs are read; without it all that the servers still have", HelpName = "position" };
        var json = new Option<bool>("--json") { Description = "As JSON, for programs" };
        var command = new Command("conflicts", "Finds rows that two servers of a ring changed at once, with what each had. Changes nothing. Exit code 0: none; 1: some, or not all could be compared.") { directory, config, from, json };
        command.SetAction(async (parsed, ct) =>
        {
            using var signals = new Signals(onReload: static () => { });
            using var stopping = CancellationTokenSource.CreateLinkedTokenSource(ct, signals.Stopping);
            var begin = Position.Empty;
            if (parsed.GetValue(from) is { } written && !Position.TryParse(written, out begin))
                throw new CommandException(ExitCode.Usage, $"--from: found \"{written}\"; allowed: GTIDs with a comma between them, such as 1-1-4711,2-2-90 (SELECT @@gtid_binlog_pos tells a server's).");
            try
            {
                var doors = parsed.GetValue(config) is { } file
                    ? VerifyTargets.DoorsOfConfiguration(file, null).Doors
                    : (await VerifyTargets.DoorsOfDirectoryAsync(parsed.GetRequiredValue(directory), null, stopping.Token)).Doors;
                var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
                var search = new ConflictSearch(doors, begin, TimeProvider.System);
                var searching = search.RunAsync(stopping.Token);
                await new WorkScreen(error, TimeProvider.System).UntilAsync(searching, () => new ValueTask<WorkShown?>(WorkShown.Of(search.Now, TimeProvider.System.Now())));
                var report = await searching;
                if (parsed.GetValue(json)) await output.WriteLineAsync(JsonSerializer.Serialize(report, ConflictsJson.Default.ConflictReport));
                else Print(report, doors.Count, output);
                return report.Conflicts.IsEmpty && report.Troubles.IsEmpty ? ExitCode.Ok : ExitCode.Failed;
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                throw new CommandException(ExitCode.Failed, "Stopped before the end. Nothing was changed; nothing is known of what was not compared yet.");
            }
        });
        return command;
    }

    static void Print(ConflictReport report, int servers, TextWriter output)
    {
        foreach (var conflict in report.Conflicts)
        {
            output.WriteLine($"{conflict.Table} on {conflict.Server}: {Said(conflict)} ({conflict.Transaction} of {conflict.Writer}, {DateTimeOffset.FromUnixTimeSeconds(conflict.Seconds).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture)})");
            output.WriteLine($"  {conflict.Writer} had   {Or(conflict.There)}");
            output.WriteLine($"  {conflict.Server} {(conflict.Kind == "stopped" ? "has  " : "had  ")} {Or(conflict.Here)}");
            output.WriteLine($"  {(conflict.Kind == "stopped" ? "would become" : "became")} {Or(conflict.Became)}");
        }
        foreach (var trouble in report.Troubles) output.WriteLine(trouble);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{report.Compared:N0} transactions compared between {(servers == 1 ? "1 server" : $"{servers} servers")}: {(report.Conflicts.IsEmpty ? report.Troubles.IsEmpty ? "no conflict" : "no conflict found, but not all could be compared" : report.Conflicts.Length == 1 ? "1 conflict" : $"{report.Conflicts.Length:N0} conflicts")}."));
    }

    static string Said(RowConflict conflict) => conflict.Kind switch
    {
        "overwritten" => "a row that was another there was overwritten",
        "deleted" => "a row that was another there was deleted",
        "stopped" => "replication has stopped before a row that is another there",
        _ => "other rows were changed there, or none",
    };

    static string Or(string row) => row.Length == 0 ? "no such row" : row;
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ConflictReport))]
sealed partial class ConflictsJson : JsonSerializerContext;
