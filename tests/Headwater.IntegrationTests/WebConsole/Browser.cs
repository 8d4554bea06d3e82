using Microsoft.Playwright;

namespace Headwater.IntegrationTests.WebConsole;

/// <summary>
/// The distribution's Chromium, without a window. Each page remembers what its console said against it, and whom it asked that was not the console's own host.
/// </summary>
sealed class Browser : IAsyncDisposable
{
    readonly IPlaywright _playwright;
    readonly IBrowser _browser;

    Browser(IPlaywright playwright, IBrowser browser) => (_playwright, _browser) = (playwright, browser);

    public static async Task<Browser> StartAsync()
    {
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Environment.GetEnvironmentVariable("CHROMIUM") ?? "/usr/bin/chromium",
            Args = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        });
        return new Browser(playwright, browser);
    }

    public async Task<WatchedPage> OpenAsync(string address, int width = 1280, int height = 860, ColorScheme scheme = ColorScheme.Light, string locale = "en-US")
    {
        var context = await _browser.NewContextAsync(new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = width, Height = height }, ColorScheme = scheme, Locale = locale });
        context.SetDefaultTimeout(15_000);
        var page = new WatchedPage(await context.NewPageAsync(), new Uri(address));
        await page.Page.GotoAsync(address);
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}

sealed class WatchedPage : IAsyncDisposable
{
    public WatchedPage(IPage page, Uri own)
    {
        Page = page;
        page.Console += (_, message) =>
        {
            if (message.Type == "error") Troubles.Add($"console: {message.Text}");
        };
        page.PageError += (_, error) => Troubles.Add($"script: {error}");
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith("data:", StringComparison.Ordinal) && new Uri(request.Url).Authority != own.Authority) Troubles.Add($"asked another host: {request.Url}");
        };
    }

    public IPage Page { get; }

    /// <summary>Errors in the console, errors of scripts, and requests to other hosts.</summary>
    public List<string> Troubles { get; } = [];

    public async ValueTask DisposeAsync() => await Page.Context.CloseAsync();
}
