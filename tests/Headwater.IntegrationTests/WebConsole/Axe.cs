using System.Text.Json;
using Microsoft.Playwright;

namespace Headwater.IntegrationTests.WebConsole;

/// <summary>axe-core, which looks for what keeps people out: https://github.com/dequelabs/axe-core . Evaluated by the debugger, so that the page's own policy need not let it in.</summary>
static class Axe
{
    static readonly Lazy<string> Source = new(static () => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "WebConsole", "vendor", "axe-core", "axe.min.js")));

    /// <summary>What it finds serious or critical, one line each; empty when there is nothing.</summary>
    public static async Task<IReadOnlyList<string>> SeriousFindingsAsync(IPage page)
    {
        if (!await page.EvaluateAsync<bool>("() => 'axe' in window")) await page.EvaluateAsync(Source.Value);
        var json = await page.EvaluateAsync<string>("async () => JSON.stringify((await axe.run(document, { resultTypes: ['violations'] })).violations.map(v => ({ id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + ' // ' + (n.any[0]?.message ?? '')) })))");
        using var found = JsonDocument.Parse(json);
        return [.. found.RootElement.EnumerateArray().Where(static violation => violation.GetProperty("impact").GetString() is "serious" or "critical")
            .Select(static violation => $"{violation.GetProperty("id")}: {violation.GetProperty("help")}: {violation.GetProperty("nodes")}")];
    }
}
