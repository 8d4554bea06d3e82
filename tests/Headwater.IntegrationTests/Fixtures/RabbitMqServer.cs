using System.Net.Sockets;

namespace Headwater.IntegrationTests.Fixtures;

/// <summary>
/// A real RabbitMQ of one node, on loopback ports and in a directory of its own, with a port mapper of its own: Erlang would else start one for the whole machine,
/// which stays.
/// </summary>
internal sealed class RabbitMqServer : IAsyncDisposable
{
    readonly string _directory = Directory.CreateTempSubdirectory("hw-rabbit-").FullName;
    readonly int _port = FreePort.Next(), _mapperPort = FreePort.Next(), _distribution = FreePort.Next();
    ChildProcess? _mapper, _process;
    int _started;

    public Uri Url => new($"amqp://guest:guest@127.0.0.1:{_port}");

    public static async Task<RabbitMqServer> StartAsync(CancellationToken ct)
    {
        var broker = new RabbitMqServer();
        await File.WriteAllTextAsync(broker.In("rabbitmq.conf"), $"listeners.tcp.default = 127.0.0.1:{broker._port}\nlog.console = true\nlog.file = false\ndisk_free_limit.absolute = 50MB\n", ct);
        await File.WriteAllTextAsync(broker.In("plugins"), "[].\n", ct);
        broker._mapper = ChildProcess.Start("/usr/bin/env", ["ERL_EPMD_ADDRESS=127.0.0.1", "epmd", "-port", $"{broker._mapperPort}"], broker.In("epmd.log"));
        await broker.StartAgainAsync(ct);
        return broker;
    }

    string[] Environment =>
    [
        $"HOME={_directory}", "ERL_EPMD_ADDRESS=127.0.0.1", $"ERL_EPMD_PORT={_mapperPort}", $"RABBITMQ_DIST_PORT={_distribution}", "RABBITMQ_NODENAME=hw@localhost",
        $"RABBITMQ_MNESIA_BASE={In("mnesia")}", $"RABBITMQ_LOG_BASE={In("log")}", $"RABBITMQ_CONFIG_FILE={In("rabbitmq.conf")}", $"RABBITMQ_ENABLED_PLUGINS_FILE={In("plugins")}",
        $"RABBITMQ_PID_FILE={In("pid")}", "RABBITMQ_CONF_ENV_FILE=/dev/null", "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}",
        // So the script becomes the server, whose id is then the process's.
        "RUNNING_UNDER_SYSTEMD=1",
    ];

    public async Task StartAgainAsync(CancellationToken ct)
    {
        _process = ChildProcess.Start("/usr/bin/env", [.. Environment, "/usr/lib/rabbitmq/bin/rabbitmq-server"], In($"broker.{++_started}.log"));
        for (var since = System.Diagnostics.Stopwatch.StartNew(); ;)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync("127.0.0.1", _port, ct);
                return;
            }
            catch (SocketException)
            {
                // Minutes only where the disk has nothing of Erlang in its cache and others use it too.
                if (since.Elapsed > TimeSpan.FromSeconds(120) || _process.HasExited) throw new InvalidOperationException($"RabbitMQ does not start. It said:\n{_process.LogTail()}");
                await Task.Delay(20, ct);
            }
        }
    }

    /// <summary>
    /// Returns when the broker would know its queue again after a kill. RabbitMQ 3.10 confirms messages of a new quorum queue that are on the disk while the name under which
    /// they are is not (Ra keeps it in a table of dets, which is written late): killed then, it begins the queue anew, without them.
    /// </summary>
    public async Task KnowsForGoodAsync(string queue, CancellationToken ct)
    {
        var names = In("mnesia/hw@localhost/quorum/hw@localhost/names.dets");
        for (var since = System.Diagnostics.Stopwatch.StartNew(); !await IsInAsync(); await Task.Delay(20, ct))
            if (since.Elapsed > TimeSpan.FromSeconds(60)) throw new InvalidOperationException($"RabbitMQ does not write queue {queue} into {names}");

        async Task<bool> IsInAsync() => File.Exists(names) && System.Text.Encoding.Latin1.GetString(await File.ReadAllBytesAsync(names, ct)).Contains($"%2F_{queue}", StringComparison.Ordinal);
    }

    /// <summary>As the power cord does it; the data stays.</summary>
    public async Task KillAsync()
    {
        if (_process is null) return;
        _process.Kill();
        await _process.DisposeAsync();
        _process = null;
    }

    string In(string name) => Path.Combine(_directory, name);

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        if (_mapper is not null) await _mapper.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
