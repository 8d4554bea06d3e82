using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Headwater.IntegrationTests.Fixtures;

/// <summary>A process of ours: its output goes to a file, it is ended by its own id, and it does not outlive the tests.</summary>
internal sealed partial class ChildProcess : IAsyncDisposable
{
    const int SigInt = 2, SigKill = 9, SigTerm = 15;

    readonly Process _process;
    readonly StreamWriter _log;
    readonly Task _copied;
    readonly EventHandler _onExit;

    public string LogPath { get; }
    public int Id => _process.Id;
    public bool HasExited => _process.HasExited;
    public int ExitCode => _process.ExitCode;

    ChildProcess(Process process, string logPath)
    {
        _process = process;
        LogPath = logPath;
        _log = new StreamWriter(logPath) { AutoFlush = true };
        _copied = Task.WhenAll(CopyAsync(process.StandardOutput), CopyAsync(process.StandardError));
        _onExit = (_, _) => Signal(SigTerm);
        AppDomain.CurrentDomain.ProcessExit += _onExit;
    }

    public static ChildProcess Start(string program, IEnumerable<string> arguments, string logPath)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return new ChildProcess(process, logPath);
    }

    async Task CopyAsync(StreamReader from)
    {
        while (await from.ReadLineAsync() is { } line)
            lock (_log)
                _log.WriteLine(line);
    }

    public string LogTail(int lines = 40) => string.Join('\n', File.ReadLines(LogPath).TakeLast(lines));

    public void Interrupt() => Signal(SigInt);

    public void Kill() => Signal(SigKill);

    /// <summary>Asks it to end; false when it had to be killed after <paramref name="patience"/>.</summary>
    public async Task<bool> StopAsync(TimeSpan patience)
    {
        Signal(SigTerm);
        using var late = new CancellationTokenSource(patience);
        try
        {
            await _process.WaitForExitAsync(late.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
            return false;
        }
    }

    public async Task WaitForExitAsync(CancellationToken ct) => await _process.WaitForExitAsync(ct);

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= _onExit;
        await StopAsync(TimeSpan.FromSeconds(20));
        // A grandchild may hold the pipes open: the copying is not worth waiting for then.
        await Task.WhenAny(_copied, Task.Delay(TimeSpan.FromSeconds(1)));
        await _log.DisposeAsync();
        _process.Dispose();
    }

    // The runtime reaps children by itself, so the id could be another's only between the exit and the event of it.
    void Signal(int signal)
    {
        try
        {
            if (!_process.HasExited) _ = Kill(_process.Id, signal);
        }
        catch (InvalidOperationException)
        {
            // ended and disposed: nothing to tell it
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
