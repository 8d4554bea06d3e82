using System.CommandLine;
using System.Runtime.InteropServices;

namespace Headwater.Commands;

static class VersionCommand
{
    public static Command Build()
    {
        var command = new Command("version", "Prints the version of Headwater and of what it runs on.");
        command.SetAction(parsed =>
        {
            parsed.InvocationConfiguration.Output.WriteLine($"headwater {BuildVersion.Text} ({RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier})");
            return ExitCode.Ok;
        });
        return command;
    }
}
