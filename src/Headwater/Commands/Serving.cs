using System.Diagnostics;
using Headwater.Configuration;
using Headwater.Control.Handover;
using Headwater.Handover;
using Headwater.Http;
using Headwater.Logging;

namespace Headwater.Commands;

/// <summary>A gateway by a configuration file, from start to stop.</summary>
sealed class Serving(ConfigReading reading, HeadwaterConfig config, HeadwaterLog log)
{
    static readonly TimeSpan KnowsWithin = TimeSpan.FromSeconds(15);
    readonly ILogger _log = log.Factory.CreateLogger<Serving>();
    readonly Lock _reloading = new();
    ConfigReading _inForce = reading;
    Composition? _composition;

    /// <param name="takesOver">From the process that serves from the same state directory.</param>
    public async Task RunAsync(bool takesOver, CancellationToken ct)
    {
        using var signals = new Signals(onReload: () => Reload());
        using var systemd = new SystemdNotice();
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(ct, signals.Stopping);
        using var takeover = takesOver ? await Takeover.BeginAsync(config.StateDirectory, TimeProvider.System, ends.Token) : null;
        try
        {
            await RunAsync(takeover, systemd, ends.Token);
        }
        catch (OperationCanceledException) when (ends.IsCancellationRequested)
        {
            // Told to stop before it served anybody.
        }
        catch (CommandException trouble)
        {
            takeover?.GiveUp(trouble.Message);
            throw;
        }
    }

    async Task RunAsync(Takeover? takeover, SystemdNotice systemd, CancellationToken ct)
    {
        if (takeover is not null) await takeover.YieldAsync(ct);
        await using var composition = Compose(takeover?.Predecessor);
        if (takeover is not null) composition.Predecessor = () => takeover.State;
        var predecessor = Task.CompletedTask;
        try
        {
            if (takeover is null) await composition.StartAsync(ct);
            else predecessor = await TakeOverAsync(composition, takeover, ct);
        }
        catch (IOException busy)
        {
            // An address in use, a socket that cannot be made: for a person, not a stack trace.
            throw new CommandException(ExitCode.Failed, $"The gateway cannot start: {busy.Message.TrimEnd('.')}.");
        }
        _composition = composition;
        await using var succession = new Succession(config.StateDirectory, composition, config.Http?.ToString(), program => StartedProcess.Start(program, _inForce.File), systemd.GiveTo, TimeProvider.System, _log);
        succession.Begin();
        new RunningGateway(1, Environment.ProcessId, composition.Http?.ToString(), _inForce.File, DateTimeOffset.UtcNow).Write(config.StateDirectory);
        Log.Serving(_log, BuildVersion.Text, config.Watch.Cluster, config.Watch.Servers.Count, composition.Http?.ToString() ?? "off");
        systemd.Ready($"version {BuildVersion.Text} serves cluster {config.Watch.Cluster}", composition.Gateway.RespondsAsync);
        _ = Task.Run(OwnProgram.TakeIn, ct);
        await Task.WhenAny(succession.Succeeded, Task.Delay(Timeout.Infinite, ct));
        _composition = null;
        var lost = false;
        if (succession.Succeeded.IsCompleted) lost = await DrainAsync(composition, await succession.Succeeded, predecessor, ct);
        else
        {
            await succession.DisposeAsync();
            systemd.Stopping();
            Log.Stopping(_log, Notations.Show(_inForce.Config!.Drain));
            RunningGateway.Remove(config.StateDirectory);
        }
        takeover?.Stop();
        await composition.StopAsync();
        Log.Stopped(_log);
        // To a service manager that looks at this one still, the service has failed.
        if (lost) throw new CommandException(ExitCode.Failed, $"Process {(await succession.Succeeded).Pid}, which had taken over, is gone: nobody serves from {config.StateDirectory}.");
    }

    /// <summary>Comes as far as the predecessor is, before that one stops accepting.</summary>
    async Task<Task> TakeOverAsync(Composition composition, Takeover takeover, CancellationToken ct)
    {
        composition.Watch();
        for (var since = Stopwatch.StartNew(); !composition.KnowsTheCluster; await Task.Delay(10, ct))
            if (takeover.IsReady && since.Elapsed > KnowsWithin)
                throw new CommandException(ExitCode.Failed, $"Version {BuildVersion.Text} does not know the cluster after {KnowsWithin.TotalSeconds:0} s, where version {takeover.Version} serves: {composition.Readiness.Sentence}.");
            else if (!takeover.IsReady && since.Elapsed > KnowsWithin / 5) break;
        var (inheritance, http) = await takeover.AcceptAsync(config.Http?.ToString(), ct);
        await composition.ServeAsync(inheritance, http, ct);
        var ended = await takeover.ServingAsync(ct);
        composition.Settle();
        return ended.ContinueWith(_ => HandoverLog.PredecessorGone(_log, takeover.Pid), TaskScheduler.Default);
    }

    /// <summary>Until the last session has left, here and where this process has taken over itself.</summary>
    /// <returns>Whether the successor was lost meanwhile.</returns>
    async Task<bool> DrainAsync(Composition composition, Giving giving, Task predecessor, CancellationToken ct)
    {
        var (limit, since) = (_inForce.Config!.UpgradeDrain, Stopwatch.StartNew());
        for (; composition.Gateway.Statistics.SessionsOpen > 0 || !predecessor.IsCompleted; await Task.Delay(TimeSpan.FromMilliseconds(100), ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing))
            if (ct.IsCancellationRequested || giving.Stopped.IsCompleted) return false;
            else if (since.Elapsed >= limit)
            {
                HandoverLog.DrainedLong(_log, composition.Gateway.Statistics.SessionsOpen, Notations.Show(limit), Notations.Show(_inForce.Config.Drain));
                return giving.IsLost;
            }
        HandoverLog.Drained(_log, giving.Pid);
        return giving.IsLost;
    }

    Composition Compose(Predecessor? predecessor)
    {
        try
        {
            return new Composition(config, log, TimeProvider.System, Reload, _inForce.File, predecessor);
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
            if (_composition is not { } composition)
            {
                const string NotNow = "this process does not serve new sessions (it is starting, or another has taken over): nothing was changed";
                Log.ReloadRefused(_log, NotNow);
                return new OutcomeJson(false, [NotNow]);
            }
            var outcome = Reloading.Decide(_inForce, ConfigFile.Read(_inForce.File), out var next);
            if (next is not null)
                try
                {
                    composition.Apply(next.Config!);
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
