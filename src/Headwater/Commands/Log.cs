namespace Headwater.Commands;

static partial class Log
{
    [LoggerMessage(1000, LogLevel.Information, "headwater {Version} serves cluster {Cluster} of {Servers} servers; HTTP at {Http}")]
    public static partial void Serving(ILogger log, string version, string cluster, int servers, string http);

    [LoggerMessage(1001, LogLevel.Information, "stopping: no new sessions; running transactions have {Drain} to end")]
    public static partial void Stopping(ILogger log, string drain);

    [LoggerMessage(1002, LogLevel.Information, "configuration: {Sentence}")]
    public static partial void Reloaded(ILogger log, string sentence);

    [LoggerMessage(1003, LogLevel.Error, "configuration unchanged: {Sentence}")]
    public static partial void ReloadRefused(ILogger log, string sentence);

    [LoggerMessage(1004, LogLevel.Information, "stopped")]
    public static partial void Stopped(ILogger log);
}
