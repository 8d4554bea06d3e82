using System.Diagnostics;
using System.Globalization;

namespace Headwater.Bench.Lab;

/// <summary>
/// A process that is killed with us, however we end: a shell stands between, and kills it when its own standard input closes. Its output goes to a file.
/// </summary>
sealed class Guarded : IDisposable
{
    public const int Kill = 9, Stop = 19, Continue = 18;
    const string Watch = "log=$1; shift; \"$@\" >>\"$log\" 2>&1 </dev/null & p=$!; echo $p; read _; kill -9 $p 2>/dev/null; wait $p";
    readonly Process _shell;

    Guarded(Process shell, int pid, string logFile) => (_shell, Pid, LogFile) = (shell, pid, logFile);

    public int Pid { get; }
    public string LogFile { get; }

    public static Guarded Start(IEnumerable<string> command, string logFile)
    {
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["-c", Watch, "sh", logFile, .. command]) start.ArgumentList.Add(argument);
        var shell = Process.Start(start)!;
        shell.ErrorDataReceived += static (_, _) => { }; // what the shell says of the end of its child
        shell.BeginErrorReadLine();
        return new Guarded(shell, int.Parse(shell.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture), logFile);
    }

    /// <summary>proc(5): the state stands behind the name. One that has ended stays a zombie until the shell, too, ends; so the id is never another's.</summary>
    public bool IsAlive
    {
        get
        {
            try
            {
                var stat = File.ReadAllText($"/proc/{Pid}/stat");
                return stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');
            }
            catch (IOException)
            {
                return false;
            }
        }
    }

    public void Signal(int signal)
    {
        if (IsAlive) ChildProcess.SendSignal(Pid, signal);
    }

    public string LogTail() => File.Exists(LogFile) ? string.Join('\n', File.ReadLines(LogFile).TakeLast(15).Select(static line => "    " + line)) : "";

    public void Dispose()
    {
        _shell.StandardInput.Close();
        _shell.WaitForExit();
        _shell.Dispose();
    }
}
