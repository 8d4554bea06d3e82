using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;

namespace Headwater.Logging;

/// <summary>What both formats take from a log entry.</summary>
static class Entry
{
    public static string LevelName(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "error",
        _ => "fatal",
    };

    /// <summary>Headwater.Gateway.Sessions.ClientSession → Gateway.ClientSession: the part and the type, not the folders.</summary>
    public static string ShortCategory(string category)
    {
        var names = category.Split('.');
        return names is ["Headwater", _, _, ..] ? $"{names[1]}.{names[^1]}" : names[^1];
    }

    /// <summary>The session's trace: logged with the entry as {TraceId} where the writer knows it, else that of the current activity.</summary>
    public static string? TraceOf<TState>(in LogEntry<TState> entry)
    {
        if (entry.State is IReadOnlyList<KeyValuePair<string, object?>> values)
            foreach (var (name, value) in values)
                if (name == "TraceId") return value?.ToString();
        return Activity.Current?.TraceId.ToString();
    }
}
