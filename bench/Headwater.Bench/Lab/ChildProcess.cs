using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Headwater.Bench.Lab;

/// <summary>A program that we started, whose output goes to a file, and that is gone when this is disposed.</summary>
sealed partial class ChildProcess : IDisposable
{
    const int SigTerm = 15;
    static readonly ConcurrentDictionary<ChildProcess, bool> _running = new();
    readonly Process _process;
    readonly StreamWriter _log;
    readonly Lock _writing = new();

    ChildProcess(Process process, string name, string logFile)
    {
        _process = process;
        Name = name;
        LogFile = logFile;
        _running[this] = true;
        _log = new StreamWriter(logFile, append: true) { AutoFlush = true };
        process.OutputDataReceived += (_, line) => Note(line.Data);
        process.ErrorDataReceived += (_, line) => Note(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Name { get; }
    public string LogFile { get; }
    public int Id => _process.Id;
    public bool HasExited => _process.HasExited;

    public static ChildProcess Start(string name, string program, IEnumerable<string> arguments, string logFile)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        try
        {
            var process = Process.Start(start)!;
            process.StandardInput.Close();
            return new ChildProcess(process, name, logFile);
        }
        catch (Win32Exception e)
        {
            throw new UsageException($"{program} cannot be started: {e.Message}");
        }
    }

    /// <summary>Runs to the end and gives the exit code and all output; killed when it takes longer.</summary>
    public static (int ExitCode, string Output) Run(string program, IEnumerable<string> arguments, TimeSpan limit, string? input = null)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        try
        {
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEndAsync();
            var errors = process.StandardError.ReadToEndAsync();
            if (input is not null) process.StandardInput.Write(input);
            process.StandardInput.Close();
            if (!process.WaitForExit(limit))
            {
                process.Kill();
                return (-1, $"{program} was not done within {limit.TotalSeconds:0} s");
            }
            return (process.ExitCode, output.Result + errors.Result);
        }
        catch (Win32Exception e)
        {
            throw new UsageException($"{program} cannot be started: {e.Message}");
        }
    }

    public string LogTail()
    {
        lock (_writing) _log.Flush();
        return string.Join('\n', File.ReadLines(LogFile).TakeLast(15).Select(static line => "    " + line));
    }

    /// <summary>Asks it to stop and waits; a child that does not is killed. Returns how long it took.</summary>
    public TimeSpan Stop(TimeSpan patience)
    {
        var clock = Stopwatch.StartNew();
        if (!_process.HasExited)
        {
            Kill(_process.Id, SigTerm);
            if (!_process.WaitForExit(patience)) _process.Kill();
            _process.WaitForExit();
        }
        return clock.Elapsed;
    }

    /// <summary>For a program that is told to end in the middle: what it started must not outlive it.</summary>
    public static void StopAll() => Parallel.ForEach(_running.Keys, static child => child.Stop(TimeSpan.FromSeconds(20)));

    public void Dispose()
    {
        _running.TryRemove(this, out _);
        Stop(TimeSpan.FromSeconds(30));
        lock (_writing) _log.Dispose();
        _process.Dispose();
    }

    void Note(string? line)
    {
        lock (_writing)
            if (line is not null && _log.BaseStream is { CanWrite: true }) _log.WriteLine(line);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);

    public static void SendSignal(int pid, int signal) => _ = Kill(pid, signal);
}
