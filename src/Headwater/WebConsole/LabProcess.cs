using System.Text.Json;
using Headwater.Lab;
using Headwater.Up;

namespace Headwater.WebConsole;

/// <summary>How a run of the lab ended: with a report, or why without one.</summary>
sealed record LabEnd(LabReport? Report, string Trouble);

/// <summary>
/// Plays a scenario as <c>headwater lab run</c> in a process of its own, behind all others in the queue for a processor. The kernel ends it when this process dies, and its servers when it dies:
/// nothing of the lab outlives the gateway that showed it.
/// </summary>
/// <param name="program">The executable, with what comes before its arguments.</param>
/// <param name="directory">Where the servers have a folder while they run.</param>
sealed class LabProcess(IReadOnlyList<string> program, string directory, TimeProvider time)
{
    const int Niceness = 10, MostSaid = 4;
    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200), Patience = TimeSpan.FromSeconds(10);

    /// <param name="stopping">Ends the run, and then its end is told as any other.</param>
    public async Task<LabEnd> RunAsync(string scenario, Action<LabStep> step, CancellationToken stopping)
    {
        Directory.CreateDirectory(directory);
        // A process before this one, after an upgrade, may have one of its own.
        var output = Path.Combine(directory, $"output-{Environment.ProcessId}");
        File.Delete(output);
        using var launcher = new ChildLauncher(niceness: Niceness);
        using var process = await launcher.StartAsync(output, program[0], [.. program.Skip(1), "lab", "run", scenario, "--lines", "--dir", directory]);
        var identity = ProcessIdentity.Of(process.Id);
        var (read, report, said) = (0L, (LabReport?)null, new List<string>());
        var exit = process.WaitForExitAsync(CancellationToken.None);
        while (!exit.IsCompleted && !stopping.IsCancellationRequested)
        {
            await Task.WhenAny(exit, Task.Delay(Look, time, stopping));
            Read();
        }
        if (!exit.IsCompleted && identity is { } child)
        {
            child.Signal(ProcessIdentity.Terminate);
            if (!await child.GoneAsync(Patience, time, CancellationToken.None)) child.Signal(ProcessIdentity.Kill);
        }
        await exit;
        Read();
        File.Delete(output);
        RemoveLeftovers(directory);
        return new LabEnd(report, report is not null ? "" : stopping.IsCancellationRequested ? "It was stopped." : said.Count > 0 ? string.Join(' ', said) : $"It ended with exit code {process.ExitCode} and said nothing.");

        void Read()
        {
            foreach (var line in LinesAfter(output, ref read))
                if (Parse(line) is not { } told)
                {
                    // The cause comes first.
                    if (said.Count < MostSaid) said.Add(line.Trim());
                }
                else if (told.Report is { } whole) report = whole;
                else if (told.Step is { } begun) step(begun);
        }
    }

    /// <summary>Whole lines only; the rest is read when it is written.</summary>
    static List<string> LinesAfter(string file, ref long read)
    {
        var lines = new List<string>();
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            stream.Position = read;
            using var reader = new StreamReader(stream);
            var text = reader.ReadToEnd();
            var end = text.LastIndexOf('\n') + 1;
            read += System.Text.Encoding.UTF8.GetByteCount(text.AsSpan(0, end));
            lines.AddRange(text[..end].Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }
        catch (FileNotFoundException)
        {
            // It has not begun to say anything.
        }
        return lines;
    }

    static LabLine? Parse(string line)
    {
        try
        {
            return line.StartsWith('{') ? JsonSerializer.Deserialize(line, LabLineJson.Default.LabLine) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Folders of runs that were killed; the name says by which process they were made.</summary>
    public static void RemoveLeftovers(string directory)
    {
        if (!Directory.Exists(directory)) return;
        foreach (var folder in Directory.GetDirectories(directory, "lab-*"))
            if (int.TryParse(Path.GetFileName(folder)["lab-".Length..], out var pid) && ProcessIdentity.Of(pid) is null)
                try
                {
                    Directory.Delete(folder, recursive: true);
                }
                catch (Exception kept) when (kept is IOException or UnauthorizedAccessException)
                {
                    // A server that was just killed still lets go of its files, and the next run removes it; or another user's run made it.
                }
    }
}
