using System.Runtime.InteropServices;

namespace Headwater.Commands;

/// <summary>
/// SIGTERM and SIGINT ask for a stop that drains; a second one ends the process at once, for whoever cannot wait.
/// SIGHUP asks for a reload.
/// </summary>
sealed class Signals : IDisposable
{
    readonly CancellationTokenSource _stopping = new();
    readonly PosixSignalRegistration[] _registrations;

    public Signals(Action onReload) => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, AskToStop),
        PosixSignalRegistration.Create(PosixSignal.SIGINT, AskToStop),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            onReload();
        }),
    ];

    /// <summary>Cancelled by the first signal to stop.</summary>
    public CancellationToken Stopping => _stopping.Token;

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
        _stopping.Dispose();
    }

    // Not cancelling the second one lets the system do what it does with a signal nobody handles: end the process.
    void AskToStop(PosixSignalContext signal)
    {
        if (_stopping.IsCancellationRequested) return;
        signal.Cancel = true;
        // On a thread of its own: what stops must not run on the one that takes signals, or the second would wait for it.
        _ = _stopping.CancelAsync();
    }
}
