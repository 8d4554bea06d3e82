using System.Diagnostics;

namespace Headwater.IntegrationTests.Fixtures;

/// <summary>One plain MariaDB server without Headwater: what a test needs to show that its expectations are the server's own.</summary>
internal sealed class ScratchServer : IAsyncDisposable
{
    readonly string _directory;
    readonly ChildProcess _process;

    public Reachable Address { get; }
    public Account Administrator { get; } = new("root", "");

    ScratchServer(string directory, ChildProcess process, Reachable address)
    {
        _directory = directory;
        _process = process;
        Address = address;
    }

    public static async Task<ScratchServer> StartAsync(CancellationToken ct, params string[] settings)
    {
        var directory = Directory.CreateTempSubdirectory("hw-").FullName;
        var data = Path.Combine(directory, "data");
        var socket = Path.Combine(directory, "s");
        var port = FreePort.Next();
        await using (var install = ChildProcess.Start("mariadb-install-db",
            ["--no-defaults", $"--user={Environment.UserName}", $"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-test-db"], Path.Combine(directory, "install.log")))
        {
            await install.WaitForExitAsync(ct);
            if (install.ExitCode != 0) throw new InvalidOperationException($"mariadb-install-db failed:\n{install.LogTail()}");
        }
        var server = File.Exists("/usr/sbin/mariadbd") ? "/usr/sbin/mariadbd" : "mariadbd";
        var process = ChildProcess.Start(server,
            ["--no-defaults", $"--user={Environment.UserName}", $"--datadir={data}", $"--socket={socket}", $"--port={port}", "--bind-address=127.0.0.1",
             $"--pid-file={directory}/pid", "--server-id=1", "--log-bin=bin", "--binlog-format=ROW", "--gtid-strict-mode=1", "--innodb-buffer-pool-size=64M",
             "--max-allowed-packet=1G", "--character-set-server=utf8mb4", "--innodb-flush-log-at-trx-commit=2", .. settings], Path.Combine(directory, "server.log"));
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                var address = new Reachable("127.0.0.1", port, socket);
                await using var connection = await RawClient.ConnectAsync(address, new("root", ""), ct);
                return new ScratchServer(directory, process, address);
            }
            catch (System.Net.Sockets.SocketException) when (!process.HasExited && clock.Elapsed < TimeSpan.FromSeconds(30))
            {
                await Task.Delay(20, ct);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
