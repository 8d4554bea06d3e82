using System.CommandLine;
using Headwater.WebConsole;

namespace Headwater.Commands;

/// <summary><c>headwater console password</c>: the hash of a password, for http.users.</summary>
static class ConsoleCommand
{
    const int Shortest = 8;

    public static Command Build()
    {
        var password = new Command("password", "Asks for a password (or reads a line from a pipe) and prints its hash, for http.users in the configuration.");
        password.SetAction(parsed =>
        {
            if (Read(parsed.InvocationConfiguration.Error) is not { Length: >= Shortest } text) throw new CommandException(ExitCode.Failed, $"A password has at least {Shortest} characters; nothing was printed.");
            parsed.InvocationConfiguration.Output.WriteLine(PasswordHash.Of(text));
            return ExitCode.Ok;
        });
        return new Command("console", "What the web console needs.") { password };
    }

    static string? Read(TextWriter prompt)
    {
        if (Console.IsInputRedirected) return Console.In.ReadLine();
        prompt.Write("Password (not shown): ");
        var typed = new System.Text.StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
            if (key.Key == ConsoleKey.Backspace) typed.Length = Math.Max(0, typed.Length - 1);
            else if (!char.IsControl(key.KeyChar)) typed.Append(key.KeyChar);
        prompt.WriteLine();
        return typed.ToString();
    }
}
