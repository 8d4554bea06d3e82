using System.Diagnostics;
using System.Net.Sockets;
using Headwater.Core.Topology;
using Headwater.Servers;

namespace Headwater.Up;

/// <summary>One server of the embedded cluster: its place on disk and, while it runs, its process.</summary>
internal sealed class EmbeddedServer(ServerRecord record, ServerFolder folder)
{
    // A log is carried on by the next start until it has this size.
    const long LogKeptBytes = 16 << 20;

    Process? _process;
    long _logStart;

    public string Name => Record.Name;
    public ServerRecord Record { get; } = record;
    public ServerFolder Folder { get; } = folder;
    public ServerId Id => new(Record.Name);
    public ServerAddress Address => new("127.0.0.1", Record.Port, Folder.Socket);
    public ServerRole Role { get; init; }
    public ProcessIdentity? Identity { get; private set; }
    public int Pid => Identity?.Pid ?? 0;

    /// <summary>True from a stop that was asked for: the end of the process is then no accident.</summary>
    public bool Stopping { get; private set; }

    public bool IsRunning => _process is { HasExited: false };

    /// <summary>Completes with the exit code when the running process ends.</summary>
    public async Task<int> ExitAsync(CancellationToken ct)
    {
        var process = _process ?? throw new InvalidOperationException($"{Name} was not started");
        await process.WaitForExitAsync(ct);
        return process.ExitCode;
    }

    public async Task LaunchAsync(ChildLauncher launcher, MariaDbInstallation installation)
    {
        Stopping = false;
        await ClearSocketAsync();
        var log = new FileInfo(Folder.Log);
        if (log is { Exists: true, Length: > LogKeptBytes }) File.Move(Folder.Log, Folder.Log + ".old", overwrite: true);
        _logStart = log is { Exists: true, Length: <= LogKeptBytes } ? log.Length : 0;
        _process = await launcher.StartAsync(Folder.Log, installation.Server,
            ["--defaults-file=" + Folder.Settings, "--datadir=" + Folder.Data, "--init-file=" + Folder.InitFile, .. FirstData.RunAs]);
        Identity = ProcessIdentity.Of(_process.Id);
    }

    /// <summary>
    /// Waits until the server lets the administrator in. It listens early and greets when it is ready, init file included,
    /// so the first connection that is not refused waits for the rest by itself.
    /// </summary>
    public async Task ReadyAsync(AccountRecord administrator, TimeSpan patience, TimeProvider time, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(patience);
        var exit = ExitAsync(limit.Token);
        var login = LoginAsync(administrator, time, limit.Token);
        var first = await Task.WhenAny(exit, login);
        if (first == login && login.IsCompletedSuccessfully) return;
        if (login.Exception?.InnerException is ServerException refused)
            throw new UpException($"{Name} runs, but does not let in {administrator.User} with the password of accounts.json: {refused.Message}");
        ct.ThrowIfCancellationRequested();
        if (exit.IsCompletedSuccessfully)
            throw new UpException($"{Name} ended with {await exit} instead of serving. {Hint()}The end of {Folder.Log}:\n{LogTail()}");
        throw new UpException($"{Name} did not serve within {patience.TotalSeconds:0} s. The end of {Folder.Log}:\n{LogTail()}");
    }

    public Task<ServerConnection> ConnectAsync(AccountRecord account, CancellationToken ct) =>
        ServerConnection.ConnectAsync(Address, new ServerLogin(account.User, account.Password, Tls: TlsMode.Off), ct);

    /// <summary>Asks the server to stop, and kills it when it does not. True when it stopped by itself.</summary>
    public async Task<bool> StopAsync(TimeSpan patience, TimeProvider time, CancellationToken ct)
    {
        Stopping = true;
        if (_process is null || Identity is not { } identity || _process.HasExited) return true;
        identity.Signal(ProcessIdentity.Terminate);
        if (await identity.GoneAsync(patience, time, ct)) return true;
        identity.Signal(ProcessIdentity.Kill);
        await identity.GoneAsync(patience, time, ct);
        return false;
    }

    async Task LoginAsync(AccountRecord administrator, TimeProvider time, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                await using var connection = await ConnectAsync(administrator, ct);
                return;
            }
            catch (ServerUnreachableException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(4), time, ct);
            }
        }
    }

    /// <summary>A socket that a killed server left is removed; one that answers belongs to somebody, who must not be mistaken for our server.</summary>
    async Task ClearSocketAsync()
    {
        if (!File.Exists(Folder.Socket)) return;
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Folder.Socket));
        }
        catch (SocketException)
        {
            File.Delete(Folder.Socket);
            return;
        }

        throw new UpException($"{Name}: {AnotherServer}");
    }

    string AnotherServer => $"Another server, which this headwater did not start, runs on {Folder.Data}: stop it first.";

    public string LogTail(int lines = 10) => Folder.LogTail(_logStart, lines);

    string Hint()
    {
        var tail = LogTail(200);
        if (tail.Contains("Can't start server: Bind on TCP/IP port", StringComparison.Ordinal)) return $"Port {Record.Port} is taken by another program. ";
        if (tail.Contains("Unable to lock ./ibdata1", StringComparison.Ordinal) || tail.Contains("aria_log_control", StringComparison.Ordinal) && tail.Contains("Could not get an exclusive lock", StringComparison.Ordinal))
            return AnotherServer + " ";
        if (tail.Contains("No space left on device", StringComparison.Ordinal)) return "The disk is full. ";
        if (tail.Contains("created by MySQL", StringComparison.Ordinal) || tail.Contains("Upgrade after a crash is not supported", StringComparison.Ordinal) || tail.Contains("Unsupported redo log format", StringComparison.Ordinal))
            return "Its data was written by another version of the server. ";
        return "";
    }
}
