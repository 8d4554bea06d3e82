using System.CommandLine;
using System.Text.Json;
using Headwater.Configuration;

namespace Headwater.Commands;

static class ConfigCommand
{
    public static Command Build() => new("config", "Checks a configuration file, explains its keys.") { Check(), Explain(), Docs() };

    static Command Check()
    {
        var file = new Argument<string>("file") { Description = "The file to check", DefaultValueFactory = _ => "headwater.yaml" };
        var show = new Option<bool>("--show") { Description = "Also print every value in force, defaults included, secrets as ***" };
        var command = new Command("check", "Says everything that is wrong with a file: line, column, key, what was found, what is allowed.") { file, show };
        command.SetAction(parsed =>
        {
            var reading = ConfigFile.Read(parsed.GetRequiredValue(file));
            if (reading.Config is not { } config) return Problems.Report(reading, parsed.InvocationConfiguration.Error);
            var output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(show)) output.Write(ConfigInForce.Show(reading.Values));
            else output.WriteLine($"{reading.File} is good: cluster {config.Watch.Cluster}, {Count(config.Watch.Servers.Count, "server")}, {Count(config.Gateway.Listeners.Length, "listener")}, {Count(config.Gateway.Users.Length, "user rule")}.");
            return ExitCode.Ok;
        });
        return command;
    }

    static Command Explain()
    {
        var key = new Argument<string?>("key") { Description = "A key such as reads.wait, or a section such as reads; all keys without it", Arity = ArgumentArity.ZeroOrOne };
        var json = new Option<bool>("--json") { Description = "As JSON, for programs" };
        var command = new Command("explain", "Tells what a key means, what it allows, and its default.") { key, json };
        command.SetAction(parsed =>
        {
            var output = parsed.InvocationConfiguration.Output;
            IReadOnlyList<ConfigExplanation> explanations = [.. Asked(parsed.GetValue(key)).Select(ConfigExplanation.Of)];
            if (parsed.GetValue(json)) output.WriteLine(JsonSerializer.Serialize(explanations, ConfigJson.Default.IReadOnlyListConfigExplanation));
            else output.Write(string.Join('\n', explanations.Select(static explanation => explanation.ToText())));
            return ExitCode.Ok;
        });
        return command;
    }

    static IEnumerable<Key> Asked(string? path)
    {
        if (path is null) return Keys.All;
        if (Keys.Find(path) is { } found) return found is SectionKey ? [found, .. Keys.In(found.Path)] : [found];
        var near = NearestName.Of(path, Keys.All.Select(static key => key.PlainPath))
            ?? Keys.All.FirstOrDefault(key => key.Name == path)?.PlainPath;
        throw new CommandException(ExitCode.Usage, $"There is no key {path}{(near is null ? "" : $"; did you mean {near}?")} Without a key, config explain lists them all.");
    }

    static Command Docs()
    {
        var command = new Command("docs", "Prints docs/configuration.md, made from the table of keys.");
        command.SetAction(parsed =>
        {
            parsed.InvocationConfiguration.Output.Write(ConfigDocument.Write());
            return ExitCode.Ok;
        });
        return command;
    }

    static string Count(int number, string noun) => number == 1 ? $"1 {noun}" : $"{number} {noun}s";
}

static class Problems
{
    /// <summary>One line for each problem, as compilers write them, so that editors can jump there.</summary>
    public static int Report(ConfigReading reading, TextWriter error)
    {
        foreach (var problem in reading.Problems) error.WriteLine(problem);
        error.WriteLine($"headwater: {reading.File} has {(reading.Problems.Length == 1 ? "1 problem" : $"{reading.Problems.Length} problems")}; nothing was done.");
        return ExitCode.Usage;
    }
}
