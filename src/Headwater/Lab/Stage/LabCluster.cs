using Headwater.Servers;
using Headwater.Up;

namespace Headwater.Lab.Stage;

/// <summary>Real servers with nobody over them: they are killed, frozen and started again by the scenario, and end by kill -9, since nothing of theirs is kept.</summary>
sealed class LabCluster(LabStage stage, LabClusterOptions options, string directory, EmbeddedServer[] servers) : IAsyncDisposable
{
    const int Freezes = 19, Thaws = 18;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    readonly HashSet<EmbeddedServer> _startedBefore = [];

    public IReadOnlyList<EmbeddedServer> Servers => servers;
    public EmbeddedServer Primary => servers[0];
    public IEnumerable<EmbeddedServer> Replicas => servers.Skip(1);
    public LabStage Stage => stage;
    public LabClusterOptions Options => options;

    public async Task StartAsync(ServerFolder first, CancellationToken ct)
    {
        foreach (var server in servers)
        {
            Directory.CreateDirectory(server.Folder.Temporary);
            FirstData.Clone(first, server.Folder);
        }
        await Task.WhenAll(servers.Select(server => LaunchAsync(server, ct)));
        if (options.IsApart) return;
        foreach (var replica in Replicas) await FollowAsync(replica, Primary, ct);
        foreach (var replica in Replicas)
            await UntilAsync(async () => (await ExecuteAsync(replica, "SHOW SLAVE STATUS", ct)) is { Rows.Count: 1 } status && status.Value(0, "Slave_IO_Running") == "Yes", $"{replica.Name} to follow {Primary.Name}", ct);
    }

    public async Task FollowAsync(EmbeddedServer replica, EmbeddedServer source, CancellationToken ct)
    {
        var account = stage.Accounts.Replication;
        await ExecuteAsync(replica, $"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={source.Record.Port}, MASTER_USER='{account.User}', MASTER_PASSWORD='{account.Password}', "
            + "MASTER_CONNECT_RETRY=1, MASTER_HEARTBEAT_PERIOD=0.5, MASTER_USE_GTID=slave_pos", ct);
        await ExecuteAsync(replica, "START SLAVE", ct);
    }

    /// <summary>A connection that may do anything, also on a server that is read_only.</summary>
    public Task<ServerConnection> AdminAsync(EmbeddedServer server, CancellationToken ct) => server.ConnectAsync(stage.Accounts.Recovery!, ct);

    /// <summary>A connection as an application has it that knows the servers' addresses.</summary>
    public Task<ServerConnection> ApplicationAsync(EmbeddedServer server, CancellationToken ct)
    {
        var account = stage.Accounts.Application;
        return ServerConnection.ConnectAsync(server.Address, new ServerLogin(account.User, account.Password, account.Schema, TlsMode.Off), ct);
    }

    public async Task<QueryResult> ExecuteAsync(EmbeddedServer server, string sql, CancellationToken ct)
    {
        await using var connection = await AdminAsync(server, ct);
        return await connection.QueryAsync(sql, ct);
    }

    /// <summary>Runs statements on the primary, in the application's schema, and waits until every replica has them.</summary>
    public async Task PrepareAsync(CancellationToken ct, params string[] statements)
    {
        await using (var connection = await AdminAsync(Primary, ct))
        {
            await connection.QueryAsync($"USE `{stage.Accounts.Application.Schema}`", ct);
            foreach (var sql in statements) await connection.QueryAsync(sql, ct);
        }
        await CaughtUpAsync(ct);
    }

    /// <summary>Returns when each replica shows what the primary has logged.</summary>
    public async Task CaughtUpAsync(CancellationToken ct)
    {
        var position = (await ExecuteAsync(Primary, "SELECT @@GLOBAL.gtid_binlog_pos", ct)).Scalar;
        foreach (var replica in Replicas.Where(static replica => replica.IsRunning))
            if ((await ExecuteAsync(replica, $"SELECT MASTER_GTID_WAIT('{position}', {Patience.TotalSeconds})", ct)).Scalar != "0")
                throw new LabException($"{replica.Name} did not reach {position} within {Patience.TotalSeconds:0} s.");
    }

    /// <summary>kill -9.</summary>
    public static async Task KillAsync(EmbeddedServer server, CancellationToken ct)
    {
        server.Identity?.Signal(ProcessIdentity.Kill);
        await server.ExitAsync(ct);
    }

    /// <summary>SIGSTOP: it is there and does nothing, as a machine whose disk or hypervisor holds its breath.</summary>
    public static void Freeze(EmbeddedServer server) => server.Identity?.Signal(Freezes);

    public static void Thaw(EmbeddedServer server) => server.Identity?.Signal(Thaws);

    public async Task LaunchAsync(EmbeddedServer server, CancellationToken ct)
    {
        // Under a controller, one that comes back may have lost the role that it had: it is told what it is.
        bool again;
        lock (_startedBefore) again = !_startedBefore.Add(server);
        var isPrimary = server == Primary && !(again && options.IsControlled);
        var settings = ServerSettings.Text(stage.Installation, server.Record, server.Folder, isPrimary, new EmbeddedClusterOptions { Directory = directory, Replicas = 0, Controlled = options.IsControlled });
        StateDirectory.WriteText(server.Folder.Settings, settings + options.Settings(Array.IndexOf(servers, server) + 1));
        StateDirectory.WriteText(server.Folder.InitFile, "");
        await server.LaunchAsync(stage.Launcher, stage.Installation);
        await server.ReadyAsync(stage.Accounts.Administrator, Patience, TimeProvider.System, ct);
    }

    /// <summary>Makes a replica a primary by hand, as somebody does who has no controller.</summary>
    public async Task PromoteByHandAsync(EmbeddedServer replica, CancellationToken ct)
    {
        await using var connection = await AdminAsync(replica, ct);
        await connection.QueryAsync("STOP SLAVE", ct);
        await connection.QueryAsync("RESET SLAVE ALL", ct);
        await connection.QueryAsync("SET GLOBAL read_only = OFF", ct);
    }

    public static async Task UntilAsync(Func<Task<bool>> reached, string what, CancellationToken ct)
    {
        for (var began = TimeProvider.System.GetTimestamp(); !await reached(); await Task.Delay(10, ct))
            if (TimeProvider.System.GetElapsedTime(began) > Patience) throw new LabException($"Waited {Patience.TotalSeconds:0} s for {what}.");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in servers.Where(static server => server.IsRunning)) await KillAsync(server, CancellationToken.None);
        if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
    }
}

/// <summary>A scenario could not be played to its end; the message says what was waited for.</summary>
sealed class LabException(string message) : Exception(message);
