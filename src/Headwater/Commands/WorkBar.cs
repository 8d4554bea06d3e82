using Spectre.Console;
using Progress = Headwater.Core.Progress;

namespace Headwater.Commands;

/// <summary>Long work as lines of Spectre's markup, none wider than the terminal. Pure.</summary>
static class WorkBar
{
    const int Longest = 40, Beside = 30;

    /// <param name="unicode">Whether the terminal has line drawing.</param>
    public static IReadOnlyList<string> Lines(WorkShown shown, int width, bool unicode)
    {
        var lines = new List<string> { Markup.Escape(Cut(shown.Doing, width)) };
        if (shown.Progress is not { } progress) return lines;
        if (progress.Share is { } share)
        {
            var cells = Math.Clamp(width - Beside, 10, Longest);
            var full = (int)(share * cells);
            // Told apart without colours too.
            lines.Add($"[green]{new string(unicode ? '━' : '#', full)}[/][grey]{new string(unicode ? '─' : '-', cells - full)}[/] {Progress.Percent(share),5}{(progress.Left is { } left ? $"  {left}" : "")}");
        }
        lines.Add(Markup.Escape(Cut(progress.Rate is { } rate ? $"{progress.Amount}, {rate}" : progress.Amount, width)));
        return lines;
    }

    static string Cut(string text, int width) => text.Length < width ? text : text[..Math.Max(0, width - 2)] + "…";
}
