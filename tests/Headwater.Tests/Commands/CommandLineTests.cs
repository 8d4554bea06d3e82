using Headwater.Commands;
using Xunit;

namespace Headwater.Tests.Commands;

public class CommandLineTests
{
    static async Task<(int Code, string Output, string Error)> Run(params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await CommandLine.RunAsync(args, output, error);
        return (code, output.ToString(), error.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("up")]
    [InlineData("serve")]
    [InlineData("status")]
    [InlineData("reload")]
    [InlineData("config")]
    [InlineData("config check")]
    [InlineData("config explain")]
    [InlineData("lab")]
    [InlineData("lab list")]
    [InlineData("lab run")]
    public async Task Help_has_examples_and_exit_codes(string command)
    {
        var (code, output, error) = await Run([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("Usage:", output);
        Assert.Contains("Examples:", output);
        Assert.Contains("0 done, 1 failed, 2 wrong command line", output);
    }

    [Fact]
    public async Task Without_a_command_the_help_is_shown() => Assert.Contains("Commands:", (await Run()).Output);

    [Theory]
    [InlineData("bogus", "headwater: ")]
    [InlineData("up --port 70000", "headwater: --port: found 70000; allowed: 1 to 65535.")]
    [InlineData("up --replicas many", "headwater: ")]
    [InlineData("up --for soon", "headwater: --for: found \"soon\"; allowed: a duration")]
    [InlineData("serve --confg x", "headwater: ")]
    [InlineData("config explain reads.wiat", "headwater: There is no key reads.wiat; did you mean reads.wait?")]
    [InlineData("lab run everything", "headwater: There is no scenario everything; allowed: all, analysts, my-comment-is-gone")]
    [InlineData("lab run analysts --html /nonexistent/lab.html", "headwater: --html: /nonexistent/lab.html cannot be written: ")]
    [InlineData("reload --pid 1", "headwater: 1 is not the process id of a gateway.")]
    public async Task A_wrong_command_line_ends_with_2_and_a_sentence(string line, string begins)
    {
        var (code, output, error) = await Run(line.Split(' '));
        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith(begins, error);
    }

    [Fact]
    public async Task A_bad_file_ends_with_2_and_a_line_for_each_problem()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "servers: [a]\nmonitor: { user: m }\nreads: { wait: soon }\nlog: { level: loud }\n", TestContext.Current.CancellationToken);
        foreach (var command in new[] { new[] { "config", "check", file }, ["serve", "--config", file] })
        {
            var (code, output, error) = await Run(command);
            Assert.Equal((2, ""), (code, output));
            var lines = error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(3, lines.Length);
            Assert.StartsWith($"{file}:3:16: reads.wait: found \"soon\"", lines[0]);
            Assert.Equal($"headwater: {file} has 2 problems; nothing was done.", lines[2]);
        }
        File.Delete(file);
    }

    [Fact]
    public async Task A_gateway_that_is_not_there_ends_with_1()
    {
        var (code, _, error) = await Run("status", "--dir", "/nonexistent");
        Assert.Equal(1, code);
        Assert.StartsWith("headwater: No gateway serves from /nonexistent", error);
    }

    [Fact]
    public async Task The_lab_lists_its_scenarios_for_people_in_their_language_and_for_programs()
    {
        Assert.Contains("split-brain             Split brain", (await Run("lab", "list")).Output);
        Assert.Contains("split-brain             스플릿 브레인", (await Run("lab", "list", "--lang", "ko")).Output);
        using var json = System.Text.Json.JsonDocument.Parse((await Run("lab", "list", "--json")).Output);
        Assert.Equal("analysts", json.RootElement[0].GetProperty("name").GetString());
        Assert.Equal(5, json.RootElement[0].GetProperty("explanation").GetArrayLength());
    }

    [Fact]
    public async Task Explain_tells_a_section_with_its_keys()
    {
        var (code, output, _) = await Run("config", "explain", "writes");
        Assert.Equal(0, code);
        Assert.Contains("writes\n", output);
        Assert.Contains("writes.hold\n", output);
        Assert.Contains("default: 10s", output);
    }
}
