using System.Diagnostics;
using Headwater.IntegrationTests.Fixtures;
using Xunit;

namespace Headwater.IntegrationTests.Commands;

/// <summary>In a real shell, with the script that the program prints.</summary>
public class CompletionTests
{
    [Theory]
    [InlineData("headwater stat", "status")]
    [InlineData("headwater alerts pro", "prometheus")]
    [InlineData("headwater up --repl", "--replicas")]
    [InlineData("headwater completion f", "fish")]
    public async Task Bash_completes_commands_options_and_values(string line, string completed)
    {
        const string Script = """
            headwater() { "$HEADWATER" "$@"; }
            source <("$HEADWATER" completion bash)
            COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=($1) COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _headwater headwater
            printf '%s\n' "${COMPREPLY[@]}"
            """;
        var start = new ProcessStartInfo("bash") { RedirectStandardOutput = true, ArgumentList = { "-c", Script, "bash", line } };
        start.Environment["HEADWATER"] = Repository.PathOf("headwater");
        using var bash = Process.Start(start)!;
        var output = await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await bash.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(completed, output.Trim());
    }
}
