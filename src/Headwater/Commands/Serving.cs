using Headwater.Configuration;
using Headwater.Http;
using Headwater.Logging;

namespace Headwater.Commands;

/// <summary>A gateway by a configuration file, from start to stop.</summary>
sealed class Serving(ConfigReading reading, HeadwaterConfig config, HeadwaterLog log)
{
    readonly ILogger _log = log.Factory.CreateLogger<Serving>();
    readonly Lock _reloading = new();
    ConfigReading _inForce = reading;
    Composition? _composition;

    public async Task RunAsync(CancellationToken ct)
    {
        using var signals = new Signals(onReload: () => Reload());
        using var systemd = new SystemdNotice();
        using var starting = CancellationTokenSource.CreateLinkedTokenSource(ct, signals.Stopping);
        await using var composition = Compose();
        _composition = composition;
        try
        {
            await composition.StartAsync(starting.Token);
        }
        catch (OperationCanceledException) when (starting.IsCancellationRequested)
        {
            // Told to stop before it served anybody.
            return;
        }
        catch (IOException busy)
        {
            // An address in use, a socket that cannot be made: for a person, not a stack trace.
            throw new CommandException(ExitCode.Failed, $"The gateway cannot start: {busy.Message.TrimEnd('.')}.");
        }
        new RunningGateway(1, Environment.ProcessId, composition.Http?.ToString(), _inForce.File, DateTimeOffset.UtcNow).Write(config.StateDirectory);
        Log.Serving(_log, BuildVersion.Text, config.Watch.Cluster, config.Watch.Servers.Count, composition.Http?.ToString() ?? "off");
        systemd.Ready($"version {BuildVersion.Text} serves cluster {config.Watch.Cluster}", composition.Gateway.RespondsAsync);
        await Task.Delay(Timeout.Infinite, starting.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        systemd.Stopping();
        Log.Stopping(_log, Notations.Show(_inForce.Config!.Drain));
        RunningGateway.Remove(config.StateDirectory);
        await composition.StopAsync();
        Log.Stopped(_log);
    }

    Composition Compose()
    {
        try
        {
            return new Composition(config, log, TimeProvider.System, Reload, _inForce.File);
        }
        catch (Headwater.Streams.Store.StoreException trouble)
        {
            throw new CommandException(ExitCode.Failed, $"The log cannot be kept: {trouble.Message}");
        }
        catch (Exception trouble) when (trouble is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
        {
            throw new CommandException(ExitCode.Failed, $"The state directory {config.StateDirectory} cannot be used: {trouble.Message.TrimEnd('.')}.");
        }
    }

    /// <summary>Reads the file again and applies it whole, or keeps the old one whole; says which and why.</summary>
    OutcomeJson Reload()
    {
        lock (_reloading)
        {
            var outcome = Reloading.Decide(_inForce, ConfigFile.Read(_inForce.File), out var next);
            if (next is not null)
                try
                {
                    _composition!.Apply(next.Config!);
                    _inForce = next;
                }
                catch (Exception trouble) when (trouble is IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException)
                {
                    outcome = new OutcomeJson(false, [$"{_inForce.File} could not be applied: {trouble.Message}"]);
                }
            foreach (var sentence in outcome.Sentences)
                if (outcome.Applied) Log.Reloaded(_log, sentence);
                else Log.ReloadRefused(_log, sentence);
            return outcome;
        }
    }
}
