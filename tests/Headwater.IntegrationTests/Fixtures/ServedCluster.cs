using System.Diagnostics;

namespace Headwater.IntegrationTests.Fixtures;

/// <summary>
/// The whole product as a user starts it: <c>./headwater up</c> in a directory of its own, on ports of its own.
/// It serves when run.json is there; disposing it ends it as Ctrl-C would, by its own process id.
/// </summary>
internal sealed class ServedCluster : IAsyncDisposable
{
    readonly ChildProcess _process;

    public string Directory { get; }
    public RunFile Run { get; private set; }
    public TimeSpan StartedWithin { get; private init; }

    /// <summary>By TCP, as most clients come.</summary>
    public Reachable Gateway => new(Run.Gateway.Address, Run.Gateway.Port);
    public Reachable Primary => At(Run.Servers.Single(server => server.Role == "primary"));
    public IEnumerable<Reachable> Replicas => Run.Servers.Where(server => server.Role == "replica").Select(At);
    public Account Application => new(Run.Application.User, Run.Application.Password, Run.Application.Schema);
    public Account Administrator => new(Run.Administrator.User, Run.Administrator.Password);
    public int ProcessId => _process.Id;
    public string LogTail => _process.LogTail();

    ServedCluster(ChildProcess process, string directory, RunFile run)
    {
        _process = process;
        Directory = directory;
        Run = run;
    }

    public static async Task<ServedCluster> StartAsync(CancellationToken ct, params string[] more)
    {
        // short: the path of a Unix socket has 107 characters
        var folder = System.IO.Directory.CreateTempSubdirectory("hw-").FullName;
        return await StartInAsync(Path.Combine(folder, "s"), ct, more);
    }

    /// <summary>Starts in a given state directory, which may hold the data of an earlier run.</summary>
    public static async Task<ServedCluster> StartInAsync(string directory, CancellationToken ct, params string[] more)
    {
        var clock = Stopwatch.StartNew();
        string[] arguments = ["up", "--dir", directory, "--port", $"{FreePort.Next()}", "--http", $"{FreePort.Next()}", .. more];
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(directory)!);
        var process = ChildProcess.Start(Repository.PathOf("headwater"), arguments, directory + ".log");
        var file = Path.Combine(directory, "run.json");
        while (true)
        {
            if (File.Exists(file) && Read(file) is { } run) return new ServedCluster(process, directory, run) { StartedWithin = clock.Elapsed };
            var late = clock.Elapsed > TimeSpan.FromSeconds(60);
            if (process.HasExited || late)
            {
                var why = late ? "does not serve after 60 s" : $"ended with exit code {process.ExitCode}";
                var said = process.LogTail();
                await process.DisposeAsync();
                throw new InvalidOperationException($"headwater up {why}. It said:\n{said}");
            }
            await Task.Delay(20, ct);
        }
    }

    /// <summary>Reads run.json again: roles and process ids change when servers do.</summary>
    public void Refresh() => Run = Read(Path.Combine(Directory, "run.json")) ?? Run;

    /// <summary>
    /// Makes a schema on the primary that the application account owns, and waits until every replica has it: it is made beside the
    /// gateway, so no session's position speaks of it.
    /// </summary>
    public async Task<Account> FreshSchemaAsync(string schema, CancellationToken ct)
    {
        await using (var primary = await RawClient.ConnectAsync(Primary, Administrator, ct))
        {
            await primary.DoAsync($"DROP DATABASE IF EXISTS `{schema}`", ct);
            await primary.DoAsync($"CREATE DATABASE `{schema}`", ct);
            await primary.DoAsync($"GRANT ALL PRIVILEGES ON `{schema}`.* TO {Application.User}", ct);
        }
        await CaughtUpAsync(ct);
        return Application with { Schema = schema };
    }

    /// <summary>Returns when each replica has applied what the primary has now.</summary>
    public async Task CaughtUpAsync(CancellationToken ct)
    {
        string position;
        await using (var primary = await RawClient.ConnectAsync(Primary, Administrator, ct))
            position = await primary.ScalarAsync("SELECT @@gtid_binlog_pos", ct) ?? "";
        foreach (var replica in Replicas)
        {
            await using var connection = await RawClient.ConnectAsync(replica, Administrator, ct);
            var reached = await connection.ScalarAsync($"SELECT MASTER_GTID_WAIT('{position}', 30)", ct);
            if (reached != "0") throw new InvalidOperationException($"The replica at port {replica.Port} has not reached {position} within 30 s.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        try
        {
            System.IO.Directory.Delete(Path.GetDirectoryName(Directory)!, recursive: true);
        }
        catch (IOException)
        {
            // a killed server may still be letting go of a file
        }
    }

    static Reachable At(RunFile.ServerEntry server) => new(server.Address, server.Port, server.Socket);

    static RunFile? Read(string path)
    {
        try
        {
            return RunFile.Parse(File.ReadAllText(path));
        }
        catch (Exception error) when (error is System.Text.Json.JsonException or IOException)
        {
            return null;   // half written, or gone between the question and the reading
        }
    }
}
