using Microsoft.Extensions.Logging;

namespace Headwater.Up;

/// <summary>
/// Servers that a headwater which died left behind. One is ours only if its id, its start time and its --datadir all are
/// what was written down when it was started; nothing else is ever signalled.
/// </summary>
internal static class Leftovers
{
    public static async Task StopAsync(StateDirectory state, TimeSpan patience, TimeProvider time, ILogger log, CancellationToken ct)
    {
        var written = state.Read(state.ProcessesFile, UpJson.Default.ListProcessRecord);
        if (written is not null)
            await Task.WhenAll(written.Select(record => StopAsync(record, patience, time, log, ct)));
        File.Delete(state.RunFile);
        File.Delete(state.ProcessesFile);
    }

    static async Task StopAsync(ProcessRecord record, TimeSpan patience, TimeProvider time, ILogger log, CancellationToken ct)
    {
        var identity = new ProcessIdentity(record.Pid, record.StartTicks);
        if (!identity.IsAlive || !identity.HasArgument("--datadir=" + record.DataDirectory)) return;
        UpLog.LeftoverFound(log, record.Server, record.Pid);
        identity.Signal(ProcessIdentity.Terminate);
        if (await identity.GoneAsync(patience, time, ct)) return;
        UpLog.Killed(log, record.Server, patience.TotalSeconds);
        identity.Signal(ProcessIdentity.Kill);
        if (!await identity.GoneAsync(patience, time, ct))
            throw new UpException($"{record.Server} is still run by process {record.Pid}, left from a headwater that died, and it cannot be killed.");
    }
}
