using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Headwater.Logging;

/// <summary>One JSON object a line: time, level, machine, part, event, message, trace, and the message's values by name.</summary>
sealed class JsonFormatter(TimeProvider time) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "headwater-json";

    // Names that the object has already; a message's value of that name gets an underscore.
    static readonly string[] OwnNames = ["time", "level", "machine", "part", "event", "message", "trace", "error"];

    readonly string _machine = MachineId.Read();

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("time"u8, time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture));
            json.WriteString("level"u8, Entry.LevelName(logEntry.LogLevel));
            json.WriteString("machine"u8, _machine);
            json.WriteString("part"u8, Entry.ShortCategory(logEntry.Category));
            if (logEntry.EventId.Id != 0) json.WriteNumber("event"u8, logEntry.EventId.Id);
            json.WriteString("message"u8, logEntry.Formatter(logEntry.State, logEntry.Exception));
            if (Entry.TraceOf(logEntry) is { } trace) json.WriteString("trace"u8, trace);
            if (logEntry.State is IReadOnlyList<KeyValuePair<string, object?>> values)
                foreach (var (name, value) in values)
                    if (name is not ("{OriginalFormat}" or "TraceId")) WriteValue(json, Named(name), value);
            if (logEntry.Exception is { } exception) json.WriteString("error"u8, exception.ToString());
            json.WriteEndObject();
        }
        textWriter.Write(Encoding.UTF8.GetString(buffer.WrittenSpan));
        textWriter.Write('\n');
    }

    static string Named(string name)
    {
        var camel = JsonNamingPolicy.CamelCase.ConvertName(name);
        return OwnNames.Contains(camel) ? camel + "_" : camel;
    }

    static void WriteValue(Utf8JsonWriter json, string name, object? value)
    {
        switch (value)
        {
            case null: json.WriteNull(name); break;
            case bool flag: json.WriteBoolean(name, flag); break;
            case int number: json.WriteNumber(name, number); break;
            case long number: json.WriteNumber(name, number); break;
            case uint number: json.WriteNumber(name, number); break;
            case ulong number: json.WriteNumber(name, number); break;
            case double number when double.IsFinite(number): json.WriteNumber(name, number); break;
            default: json.WriteString(name, Convert.ToString(value, CultureInfo.InvariantCulture)); break;
        }
    }
}
