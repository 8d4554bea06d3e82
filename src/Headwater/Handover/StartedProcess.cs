using System.ComponentModel;
using System.Diagnostics;

namespace Headwater.Handover;

/// <summary>A successor that this process has started. It outlives it.</summary>
sealed class StartedProcess
{
    readonly Process? _process;

    StartedProcess(string program, Process? process, string? failure) => (Program, _process, Pid, Failure) = (program, process, process?.Id ?? 0, failure);

    public string Program { get; }
    public int Pid { get; }

    /// <summary>Why it could not be started; null: it runs.</summary>
    public string? Failure { get; }

    /// <summary>Its exit code, when it has ended.</summary>
    public Task<int> Ended { get; private init; } = Task.FromResult(-1);

    /// <summary>Starts <c>serve --take-over</c>, by the same configuration.</summary>
    /// <param name="program">Null: what lies where this process's own program lay when it was started.</param>
    public static StartedProcess Start(string? program, string configuration)
    {
        IReadOnlyList<string> words = program is null ? OwnProgram.Words : [Path.GetFullPath(program)];
        program = words[0];
        var start = new ProcessStartInfo(program) { UseShellExecute = false };
        foreach (var word in (string[])[.. words.Skip(1), "serve", "--config", configuration, "--take-over"]) start.ArgumentList.Add(word);
        try
        {
            var process = Process.Start(start)!;
            return new StartedProcess(program, process, null) { Ended = EndedAsync(process) };
        }
        catch (Exception trouble) when (trouble is Win32Exception or InvalidOperationException or IOException)
        {
            return new StartedProcess(program, null, $"{program} cannot be started: {trouble.Message}");
        }
    }

    /// <summary>What does not answer any more is ended, so that it holds nothing.</summary>
    public void Kill() => _process?.Kill();

    static async Task<int> EndedAsync(Process process)
    {
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
