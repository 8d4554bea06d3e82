using Spectre.Console;

namespace Headwater.Commands;

/// <summary>How far long work has come, on standard error until it ends: a bar on a terminal, else a line now and then, for a log.</summary>
sealed class WorkScreen(TextWriter error, TimeProvider time)
{
    static readonly TimeSpan Redrawn = TimeSpan.FromMilliseconds(500), Logged = TimeSpan.FromSeconds(10);

    /// <param name="look">How far it is now; null when there is nothing to tell.</param>
    public async Task UntilAsync(Task work, Func<ValueTask<WorkShown?>> look)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(error) });
        if (ReferenceEquals(error, Console.Error) && !Console.IsErrorRedirected && console.Profile.Capabilities.Ansi) await DrawAsync(console, work, look);
        else
            while (!await EndsAsync(work, Logged))
                if (await look() is { } shown) await error.WriteLineAsync(shown.Line);
    }

    Task DrawAsync(IAnsiConsole console, Task work, Func<ValueTask<WorkShown?>> look) => console.Live(Text.Empty).AutoClear(true).StartAsync(async live =>
    {
        while (!await EndsAsync(work, Redrawn))
        {
            if (await look() is not { } shown) continue;
            live.UpdateTarget(new Rows(WorkBar.Lines(shown, console.Profile.Width, console.Profile.Capabilities.Unicode).Select(static line => new Markup(line))));
        }
    });

    async Task<bool> EndsAsync(Task work, TimeSpan within)
    {
        using var enough = new CancellationTokenSource();
        var first = await Task.WhenAny(work, Task.Delay(within, time, enough.Token));
        await enough.CancelAsync();
        return first == work;
    }
}
