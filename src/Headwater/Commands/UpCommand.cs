using System.CommandLine;
using Headwater.Configuration;

namespace Headwater.Commands;

/// <summary>What <c>headwater up</c> was asked for on the command line.</summary>
sealed record UpOptions
{
    public required string Directory { get; init; }
    public int Replicas { get; init; }
    public int Port { get; init; }

    /// <summary>0 is off.</summary>
    public int HttpPort { get; init; }

    /// <summary>Null: in the state directory.</summary>
    public string? Socket { get; init; }
    public bool Demo { get; init; }

    /// <summary>Without, nobody replaces a dead primary, and nobody undoes what you do to the servers.</summary>
    public bool Controlled { get; init; } = true;

    /// <summary>Results of repeatable reads are kept.</summary>
    public bool Caches { get; init; }

    /// <summary>Reads that are looked at again each second.</summary>
    public double AuditedReadsPerSecond { get; init; } = 1;

    /// <summary>A witness beside the servers.</summary>
    public bool HasWitness { get; init; }

    /// <summary>Lines instead of a live table, also where there is a terminal.</summary>
    public bool Plain { get; init; }

    /// <summary>Stops the demo after this long; null runs until Ctrl-C.</summary>
    public TimeSpan? For { get; init; }
}

static class UpCommand
{
    public static Command Build()
    {
        var directory = new Option<string>("--dir") { Description = "State directory: data, sockets, logs, run.json", DefaultValueFactory = _ => ".headwater", HelpName = "directory" };
        var replicas = new Option<int>("--replicas") { Description = "Replicas beside the primary, 0 to 16", DefaultValueFactory = _ => 2, HelpName = "number" };
        var port = new Option<int>("--port") { Description = "TCP port of the SQL address, on 127.0.0.1", DefaultValueFactory = _ => 4406, HelpName = "port" };
        var http = new Option<int>("--http") { Description = "TCP port of metrics and API, on 127.0.0.1; 0 is off", DefaultValueFactory = _ => 4480, HelpName = "port" };
        var socket = new Option<string?>("--socket") { Description = "Unix socket of the SQL address [default: gateway.sock in the state directory]", HelpName = "path" };
        var demo = new Option<bool>("--demo") { Description = "Load the data set of a fan community and run a live workload on it" };
        var plain = new Option<bool>("--plain") { Description = "Print lines instead of a live table" };
        var runFor = new Option<string?>("--for") { Description = "Stop by itself after this time, such as 30s", HelpName = "duration" };
        var control = new Option<ControlMode>("--control") { Description = "act: a primary that dies is replaced, and the others are kept following; off: nothing is changed on the servers", DefaultValueFactory = _ => ControlMode.Act, HelpName = "act|off" };
        var audit = new Option<double>("--audit")
        {
            Description = "How many reads a second are looked at again at the primary: audit.reads_per_second",
            DefaultValueFactory = static _ => 1,
            HelpName = "number",
        };
        var cache = new Option<bool>("--cache") { Description = "Keep results of repeatable reads until the log touches what they depend on" };
        var witness = new Option<bool>("--witness") { Description = "Run a witness beside the servers: it has the log and no data, and acknowledges commits" };
        audit.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<double>() is not (>= 0 and <= 1000)) result.AddError($"--audit must be from 0 to 1000; found {result.Tokens[0].Value}");
        });
        Between(replicas, 0, 16);
        Between(port, 1, 65535);
        Between(http, 0, 65535);
        var command = new Command("up", "Starts a real MariaDB primary with replicas in a directory, and the gateway before them, until Ctrl-C.")
            { directory, replicas, port, http, socket, demo, plain, runFor, control, cache, witness, audit };
        command.SetAction((parsed, ct) => RunAsync(new UpOptions
        {
            Directory = parsed.GetRequiredValue(directory),
            Replicas = parsed.GetValue(replicas),
            Port = parsed.GetValue(port),
            HttpPort = parsed.GetValue(http),
            Socket = parsed.GetValue(socket),
            Demo = parsed.GetValue(demo),
            Controlled = parsed.GetValue(control) == ControlMode.Act,
            Caches = parsed.GetValue(cache),
            AuditedReadsPerSecond = parsed.GetValue(audit),
            HasWitness = parsed.GetValue(witness),
            Plain = parsed.GetValue(plain),
            For = parsed.GetValue(runFor) is { } text ? DurationOf(text) : null,
        }, parsed.InvocationConfiguration.Output, ct));
        return command;
    }

    static async Task<int> RunAsync(UpOptions options, TextWriter output, CancellationToken ct)
    {
        try
        {
            await new UpRun(options, output).RunAsync(ct);
            return ExitCode.Ok;
        }
        catch (Up.UpException cannot)
        {
            throw new CommandException(ExitCode.Failed, cannot.Message);
        }
    }

    static TimeSpan DurationOf(string text)
    {
        var notation = Configuration.Notations.Duration(TimeSpan.FromSeconds(1), TimeSpan.FromHours(24));
        return notation.Read(text, out var span) ? span : throw new CommandException(ExitCode.Usage, $"--for: found \"{text}\"; allowed: {notation.Allowed}.");
    }

    static void Between(Option<int> option, int least, int most) => option.Validators.Add(result =>
    {
        if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var value) && (value < least || value > most))
            result.AddError($"{option.Name}: found {value}; allowed: {least} to {most}");
    });
}
