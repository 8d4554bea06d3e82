using System.Text.Json;
using Headwater.Logging;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Xunit;

namespace Headwater.Tests.Logging;

public class FormatterTests
{
    static readonly KeyValuePair<string, object?>[] State = [new("Server", "db1"), new("Milliseconds", 12L), new("Level", "x"), new("TraceId", "4bf92f35"), new("{OriginalFormat}", "…")];

    sealed class StoppedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 11, 21, 5, 0, 0, 123, TimeSpan.Zero);
    }

    static string Format(ConsoleFormatter formatter, string message, Exception? exception = null)
    {
        var writer = new StringWriter();
        formatter.Write(new LogEntry<KeyValuePair<string, object?>[]>(LogLevel.Warning, "Headwater.Gateway.Sessions.ClientSession", new EventId(7), State, exception, (_, _) => message), null, writer);
        return writer.ToString();
    }

    [Fact]
    public void Text_is_one_line_whatever_the_message_holds() =>
        Assert.Equal("2026-11-21 05:00:00.123Z warn  Gateway.ClientSession: slow\\n2026 forged trace=4bf92f35\n", Format(new TextFormatter(new StoppedTime()), "slow\n2026 forged"));

    [Fact]
    public void An_exception_follows_on_indented_lines() =>
        Assert.EndsWith("\n    System.IO.IOException: gone\n", Format(new TextFormatter(new StoppedTime()), "lost", new IOException("gone")));

    [Fact]
    public void Json_is_one_object_a_line_with_machine_trace_and_the_message_s_values()
    {
        var line = Format(new JsonFormatter(new StoppedTime()), "slow\nstatement \"x\"");
        Assert.Equal(1, line.Count(static c => c == '\n'));
        using var parsed = JsonDocument.Parse(line);
        var entry = parsed.RootElement;
        Assert.Equal("2026-11-21T05:00:00.123000Z", entry.GetProperty("time").GetString());
        Assert.Equal("warn", entry.GetProperty("level").GetString());
        Assert.Equal(MachineId.Read(), entry.GetProperty("machine").GetString());
        Assert.Equal("Gateway.ClientSession", entry.GetProperty("part").GetString());
        Assert.Equal(7, entry.GetProperty("event").GetInt32());
        Assert.Equal("slow\nstatement \"x\"", entry.GetProperty("message").GetString());
        Assert.Equal("4bf92f35", entry.GetProperty("trace").GetString());
        Assert.Equal("db1", entry.GetProperty("server").GetString());
        Assert.Equal(12, entry.GetProperty("milliseconds").GetInt32());
        Assert.Equal("x", entry.GetProperty("level_").GetString());
    }

    [Fact]
    public void The_machine_s_own_id_does_not_leave_the_machine()
    {
        Assert.NotEmpty(MachineId.Read());
        if (File.Exists("/etc/machine-id") && File.ReadAllText("/etc/machine-id").Trim() is { Length: > 0 } id) Assert.DoesNotContain(MachineId.Read(), id);
    }
}
