using System.Runtime.InteropServices;

namespace Headwater.Commands;

/// <summary>
/// SIGTERM and SIGINT ask for a stop that drains; a second one ends the process at once, for whoever cannot wait.
/// SIGHUP asks for a reload.
/// </summary>
sealed class Signals : IDisposable
{
    readonly TaskCompletionSource _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
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

    /// <summary>Completes when the first signal to stop has come.</summary>
    public Task Stop => _stop.Task;

    public void Dispose()
    {
        foreach (var registration in _registrations) registration.Dispose();
    }

    // Not cancelling the second one lets the system do what it does with a signal nobody handles: end the process.
    void AskToStop(PosixSignalContext signal) => signal.Cancel = _stop.TrySetResult();
}
