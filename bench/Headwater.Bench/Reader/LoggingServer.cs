using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Headwater.Bench.Lab;
using Headwater.Bench.Sql;
using Headwater.Core.Topology;
using Headwater.Servers;

namespace Headwater.Bench.Reader;

/// <summary>A MariaDB server alone, whose log is read: nothing of the product is between.</summary>
sealed class LoggingServer : IDisposable
{
    const string Reader = "reader", Password = "reads";
    readonly Guarded _process;

    LoggingServer(Guarded process, string directory, int port) => (_process, Directory, Port) = (process, directory, port);

    public string Directory { get; }
    public int Port { get; }
    public int Pid => _process.Pid;
    public string Index => Path.Combine(Directory, "data", "bin.index");
    string Socket => Path.Combine(Directory, "s");

    public static LoggingServer Start(string directory, params string[] options)
    {
        System.IO.Directory.CreateDirectory(directory);
        string[] user = Environment.IsPrivilegedProcess ? ["--user=root"] : [];
        var (code, output) = ChildProcess.Run("mariadb-install-db",
            ["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db", $"--datadir={directory}/data", $"--tmpdir={directory}", .. user], TimeSpan.FromMinutes(2));
        if (code != 0) throw new UsageException($"mariadb-install-db ended with {code}: {output}");
        var port = Cluster.FreePort();
        var process = Guarded.Start(
        [
            "mariadbd", "--no-defaults", $"--datadir={directory}/data", $"--tmpdir={directory}", $"--socket={directory}/s", "--bind-address=127.0.0.1", $"--port={port}", "--skip-name-resolve",
            "--server-id=1", "--log-bin=bin", "--binlog-format=ROW", "--binlog-row-metadata=FULL", "--gtid-strict-mode=1", "--max-allowed-packet=1G", "--max-binlog-size=1G", "--innodb-buffer-pool-size=256M",
            "--innodb-log-file-size=512M", "--innodb-flush-log-at-trx-commit=0", "--innodb-strict-mode=0", "--performance-schema=0", "--character-set-server=utf8mb4", .. user, .. options,
        ], Path.Combine(directory, "server.log"));
        var server = new LoggingServer(process, directory, port);
        for (var clock = Stopwatch.StartNew(); ; Thread.Sleep(20))
            try
            {
                using var root = server.AsRoot();
                root.Query("SET sql_log_bin=0");
                root.Query($"CREATE USER {Reader}@'%' IDENTIFIED BY '{Password}'");
                root.Query($"GRANT SELECT, REPLICATION SLAVE, BINLOG MONITOR ON *.* TO {Reader}@'%'");
                return server;
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                if (clock.Elapsed < TimeSpan.FromSeconds(60) && process.IsAlive) continue;
                server.Dispose();
                throw new UsageException($"mariadbd did not serve: {e.Message}\n{process.LogTail()}");
            }
    }

    public SqlClient AsRoot() => SqlClient.Unix(Socket, "root", "", null, TimeSpan.FromMinutes(30));

    /// <summary>A connection of the reader's. Without TLS, as the other reader has it: what is compared is reading.</summary>
    /// <param name="port">Of what stands before the server; null: its own.</param>
    public Task<ServerConnection> ConnectAsync(int? port = null) => ConnectAsync(port ?? Port, default);

    public static Task<ServerConnection> ConnectAsync(int port, CancellationToken ct) =>
        ServerConnection.ConnectAsync(new ServerAddress("127.0.0.1", port), new ServerLogin(Reader, Password, Tls: TlsMode.Off), ct);

    /// <summary>The other reader on the same log, over the protocol or from the files.</summary>
    public IReadOnlyList<string> Others(bool fromFiles, params string[] options)
    {
        var files = File.ReadAllLines(Index).Select(line => Path.Combine(Directory, "data", Path.GetFileName(line))).ToList();
        return fromFiles
            ? ["mariadb-binlog", "--no-defaults", .. options, .. files]
            : ["mariadb-binlog", "--no-defaults", .. options, "-R", "--host=127.0.0.1", string.Create(CultureInfo.InvariantCulture, $"--port={Port}"), $"--user={Reader}", $"--password={Password}", "--skip-ssl", "--to-last-log", Path.GetFileName(files[0])];
    }

    public void Dispose() => _process.Dispose();
}
