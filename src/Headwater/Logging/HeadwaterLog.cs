using Headwater.Configuration;
using Microsoft.Extensions.Logging.Console;

namespace Headwater.Logging;

/// <summary>The log on standard error: standard output belongs to what a command prints.</summary>
sealed class HeadwaterLog : IDisposable
{
    readonly ServiceProvider _container;
    LogLevel _level;

    public HeadwaterLog(LogConfig config, TimeProvider time)
    {
        _level = config.Level;
        // The framework's console logger (a queue and a thread of its own, so that no session waits for a terminal) can be had
        // from a container only; this one holds nothing else.
        var services = new ServiceCollection();
        services.AddSingleton<ConsoleFormatter>(new TextFormatter(time));
        services.AddSingleton<ConsoleFormatter>(new JsonFormatter(time));
        services.AddLogging(logging => logging
            .SetMinimumLevel(LogLevel.Trace)
            .AddFilter((category, level) => level >= (IsOurs(category) ? _level : Max(_level, LogLevel.Warning)))
            .AddConsole(console =>
            {
                console.LogToStandardErrorThreshold = LogLevel.Trace;
                console.FormatterName = config.Format == LogFormat.Json ? JsonFormatter.FormatterName : TextFormatter.FormatterName;
                // When standard error is blocked the log loses entries, not the sessions their pace.
                console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite;
            }));
        _container = services.BuildServiceProvider();
        Factory = _container.GetRequiredService<ILoggerFactory>();
    }

    public ILoggerFactory Factory { get; }

    public void Apply(LogConfig config) => _level = config.Level;

    public void Dispose() => _container.Dispose();

    // Kestrel logs each malformed request; that is for its own level only.
    static bool IsOurs(string? category) => category?.StartsWith("Headwater", StringComparison.Ordinal) == true;

    static LogLevel Max(LogLevel a, LogLevel b) => a > b ? a : b;
}
