using System.Globalization;
using System.Runtime.InteropServices;

namespace Headwater.Bench.Lab;

/// <summary>Where a figure comes from: without this it is worth nothing.</summary>
static class Machine
{
    public static void Print(TextWriter to, params (string Program, string Arguments)[] versions)
    {
        var cpu = File.ReadLines("/proc/cpuinfo").FirstOrDefault(static line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "unknown processor";
        var memory = File.ReadLines("/proc/meminfo").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        var load = File.ReadAllText("/proc/loadavg").Split(' ');
        to.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"machine    {Environment.ProcessorCount} processors ({cpu}), {long.Parse(memory, CultureInfo.InvariantCulture) / 1024 / 1024.0:0.0} GiB, {RuntimeInformation.OSDescription}"));
        to.WriteLine($"           load average before: {load[0]} {load[1]} {load[2]}; at {DateTimeOffset.UtcNow:yyyy-MM-dd HH:mm} UTC");
        var found = versions.Select(static v => FirstLine(v.Program, v.Arguments)).Append($".NET {Environment.Version}");
        to.WriteLine($"software   {string.Join("; ", found)}");
    }

    static string FirstLine(string program, string arguments)
    {
        try
        {
            var (_, output) = ChildProcess.Run(program, arguments.Split(' '), TimeSpan.FromSeconds(10));
            return output.Split('\n')[0].Trim();
        }
        catch (UsageException)
        {
            return $"{program}: not found";
        }
    }
}
