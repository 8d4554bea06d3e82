namespace Headwater.Up;

internal static partial class UpLog
{
    [LoggerMessage(1100, LogLevel.Information, "{Server}: data directory made in {Milliseconds} ms")]
    public static partial void DataMade(ILogger log, string server, long milliseconds);

    [LoggerMessage(1101, LogLevel.Information, "{Server}: {Role} on port {Port}, process {Pid}")]
    public static partial void ServerStarted(ILogger log, string server, string role, int port, int pid);

    [LoggerMessage(1102, LogLevel.Information, "cluster serves after {Milliseconds} ms: primary {Primary}, {Replicas} replicas connected")]
    public static partial void Serves(ILogger log, long milliseconds, string primary, int replicas);

    [LoggerMessage(1103, LogLevel.Warning, "{Server}: process {Pid} is left from a headwater that died; stopping it")]
    public static partial void LeftoverFound(ILogger log, string server, int pid);

    [LoggerMessage(1104, LogLevel.Warning, "{Server}: port {Port} is taken by somebody else; using {NewPort}")]
    public static partial void PortMoved(ILogger log, string server, int port, int newPort);

    [LoggerMessage(1105, LogLevel.Error, "{Server}: process {Pid} ended unasked with {ExitCode}; starting it again in {Seconds} s")]
    public static partial void ServerDied(ILogger log, string server, int pid, int exitCode, double seconds);

    [LoggerMessage(1106, LogLevel.Error, "{Server}: cannot be started again: {Reason}")]
    public static partial void RestartFailed(ILogger log, string server, string reason);

    [LoggerMessage(1107, LogLevel.Warning, "{Server}: cannot replicate ({Reason}); its data is put aside in {Aside} and copied anew from the primary")]
    public static partial void Rebuilding(ILogger log, string server, string reason, string aside);

    [LoggerMessage(1108, LogLevel.Warning, "{Server}: did not stop within {Seconds} s; killed")]
    public static partial void Killed(ILogger log, string server, double seconds);

    [LoggerMessage(1109, LogLevel.Information, "{Server}: stopped")]
    public static partial void Stopped(ILogger log, string server);
}
