using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Headwater.Logging;

/// <summary>One line for people: time, level, part, message. An exception follows on lines of its own.</summary>
sealed class TextFormatter(TimeProvider time) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "headwater-text";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var message = logEntry.Formatter(logEntry.State, logEntry.Exception);
        textWriter.Write(time.GetUtcNow().ToString("yyyy-MM-dd HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
        textWriter.Write(' ');
        textWriter.Write(Entry.LevelName(logEntry.LogLevel).PadRight(5));
        textWriter.Write(' ');
        textWriter.Write(Entry.ShortCategory(logEntry.Category));
        textWriter.Write(": ");
        // What came from outside (a client's text, a server's message) may not begin a line of its own.
        textWriter.Write(message.ReplaceLineEndings("\\n"));
        if (Entry.TraceOf(logEntry) is { } trace && !message.Contains(trace, StringComparison.Ordinal))
        {
            textWriter.Write(" trace=");
            textWriter.Write(trace);
        }
        textWriter.Write('\n');
        if (logEntry.Exception is not { } exception) return;
        textWriter.Write("    ");
        textWriter.Write(exception.ToString().ReplaceLineEndings("\n    "));
        textWriter.Write('\n');
    }
}
