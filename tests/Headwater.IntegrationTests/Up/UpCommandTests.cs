using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Headwater.Core.Topology;
using Headwater.Servers;
using Headwater.Up;
using Xunit;

namespace Headwater.IntegrationTests.Up;

/// <summary>The program itself, as a process: what only shows when it is started, asked to stop, or killed.</summary>
public class UpCommandTests
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_signal_stops_the_gateway_and_every_server(string signal)
    {
        using var folder = new UpFolder();
        using var up = new Up(folder.Path);
        var run = await up.ServesAsync();
        var servers = Servers(run);
        Assert.Equal("1", (await ThroughGatewayAsync(run, "SELECT 1")).Scalar);
        // A session of their own: Ctrl-C at the terminal reaches headwater only.
        Assert.All(servers, server => Assert.Equal(server.Pid, SessionOf(server.Pid)));

        using (var kill = Process.Start("kill", ["-" + signal, up.Process.Id.ToString(CultureInfo.InvariantCulture)])) await kill.WaitForExitAsync(Ct);
        Assert.Equal(0, await up.ExitAsync());
        Assert.All(servers, server => Assert.False(server.IsAlive));
        Assert.False(File.Exists(up.RunFile));
    }

    [Fact]
    public async Task Killed_it_takes_its_servers_along_and_the_next_start_has_the_data()
    {
        using var folder = new UpFolder();
        ProcessIdentity[] servers;
        using (var up = new Up(folder.Path))
        {
            var run = await up.ServesAsync();
            servers = Servers(run);
            await ThroughGatewayAsync(run, "CREATE TABLE t AS SELECT 5 AS five");
            up.Process.Kill();
            await up.ExitAsync();
        }

        foreach (var server in servers) Assert.True(await server.GoneAsync(Patience, TimeProvider.System, Ct), $"process {server.Pid} still runs");
        using var again = new Up(folder.Path);
        Assert.Equal("5", (await ThroughGatewayAsync(await again.ServesAsync(), "SELECT five FROM t")).Scalar);
    }

    [Fact]
    public async Task A_second_up_in_the_same_directory_ends_with_a_sentence_that_names_the_first()
    {
        using var folder = new UpFolder();
        using var up = new Up(folder.Path, replicas: 0);
        await up.ServesAsync();
        using var second = new Up(folder.Path, replicas: 0);
        Assert.Equal(1, await second.ExitAsync());
        Assert.Contains($"process {up.Process.Id}", await second.SaidAsync(), StringComparison.Ordinal);
        Assert.False(up.Process.HasExited);
    }

    static async Task<QueryResult> ThroughGatewayAsync(JsonElement run, string sql)
    {
        var (gateway, application) = (run.GetProperty("gateway"), run.GetProperty("application"));
        var login = new ServerLogin(application.GetProperty("user").GetString()!, application.GetProperty("password").GetString()!, application.GetProperty("schema").GetString());
        await using var connection = await ServerConnection.ConnectAsync(new ServerAddress(gateway.GetProperty("address").GetString()!, gateway.GetProperty("port").GetInt32()), login, Ct);
        return await connection.QueryAsync(sql, Ct);
    }

    static ProcessIdentity[] Servers(JsonElement run) =>
        [.. run.GetProperty("servers").EnumerateArray().Select(server => ProcessIdentity.Of(server.GetProperty("pid").GetInt32())!.Value)];

    // /proc/PID/stat field 6
    static int SessionOf(int pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[3], CultureInfo.InvariantCulture);
    }

    sealed class Up : IDisposable
    {
        readonly Task<string> _output, _errors;
        readonly string _directory;

        public Up(string directory, int replicas = 1)
        {
            _directory = directory;
            var port = FreePorts.Take(directory + "gateway", []);
            Process = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "headwater"),
                ["up", "--dir", directory, "--replicas", replicas.ToString(CultureInfo.InvariantCulture), "--port", port.ToString(CultureInfo.InvariantCulture), "--http", "0"])
            { RedirectStandardOutput = true, RedirectStandardError = true })!;
            _output = Process.StandardOutput.ReadToEndAsync(Ct);
            _errors = Process.StandardError.ReadToEndAsync(Ct);
        }

        public Process Process { get; }
        public string RunFile => Path.Combine(_directory, "run.json");

        public async Task<JsonElement> ServesAsync()
        {
            var watch = Stopwatch.StartNew();
            while (true)
            {
                // A file left by a process that was killed is not this one's.
                if (File.Exists(RunFile) && JsonDocument.Parse(await File.ReadAllTextAsync(RunFile, Ct)).RootElement is var run && run.GetProperty("pid").GetInt32() == Process.Id) return run;
                if (Process.HasExited) Assert.Fail($"it ended with {Process.ExitCode}: {await SaidAsync()}");
                if (watch.Elapsed > Patience) Assert.Fail("it does not serve");
                await Task.Delay(20, Ct);
            }
        }

        public async Task<int> ExitAsync()
        {
            await Process.WaitForExitAsync(Ct).WaitAsync(Patience, Ct);
            return Process.ExitCode;
        }

        public async Task<string> SaidAsync() => await _output + await _errors;

        public void Dispose()
        {
            // As gently as a person would: killed, it would leave its folder in use for a moment.
            if (!Process.HasExited) ProcessIdentity.Of(Process.Id)?.Signal(ProcessIdentity.Terminate);
            if (!Process.WaitForExit(Patience)) Process.Kill();
            Process.Dispose();
        }
    }
}
