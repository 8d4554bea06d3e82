using Headwater.Bench.Lab;
using Headwater.IntegrationTests.WebConsole;
using Microsoft.Playwright;

namespace Headwater.Bench.Browsing;

/// <summary>The pictures of the documentation, from the running product: a cluster with the demo's workload, a replica that fails, a primary that dies.</summary>
static class Screenshots
{
    const int Width = 1200;

    public static async Task<int> RunAsync(Arguments arguments)
    {
        var into = Path.Combine(Cluster.Root(), "docs", "images");
        arguments.NothingElse();
        Directory.CreateDirectory(into);
        var directory = Cluster.FreshDirectory("screenshots");
        var (port, http) = (Cluster.FreePort(), Cluster.FreePort());
        using var up = ChildProcess.Start("headwater up", Cluster.Program,
            ["up", "--dir", Path.Combine(directory, "state"), "--replicas", "3", "--port", $"{port}", "--http", $"{http}", "--plain", "--demo"], Path.Combine(directory, "up.log"));
        await using var browser = await Browser.StartAsync();
        var address = $"http://127.0.0.1:{http}/";
        RunInfo run;
        while ((run = RunInfo.TryRead(Path.Combine(directory, "state", "run.json"))!) is null)
        {
            if (up.HasExited) throw new UsageException($"headwater up ended before it served. It said:\n{up.LogTail()}");
            await Task.Delay(50);
        }
        Console.WriteLine("two minutes of the demo's work, so that the charts have something to show");
        await Task.Delay(TimeSpan.FromMinutes(2));

        await TakeAsync(browser, address + "#/cluster", Path.Combine(into, "cluster.png"), "article.server.replica .dot.good");
        await LabAsync(browser, address, Path.Combine(into, "lab.png"));
        await ExplainAsync(browser, address, Path.Combine(into, "explain.png"));

        var replica = run.Replicas[^1];
        using (var root = Cluster.AsRoot(replica, "app"))
        {
            root.Query("SET SESSION sql_log_bin = 0");
            root.Query("CREATE TABLE basket (id INT PRIMARY KEY)");
            root.Query("INSERT INTO basket VALUES (7)");
        }
        using (var root = Cluster.AsRoot(run.Replicas[0])) root.Query("SET GLOBAL sync_binlog = 0");
        using (var client = Sql.SqlClient.Tcp("127.0.0.1", port, run.Application.User, run.Application.Password, "app"))
        {
            client.Query("CREATE TABLE IF NOT EXISTS basket (id INT PRIMARY KEY)");
            client.Query("INSERT INTO basket VALUES (7)");
            client.Query("CREATE TEMPORARY TABLE chosen (id INT)");
            await TakeAsync(browser, address + "#/cluster", Path.Combine(into, "trouble.png"), ".attention li.critical", ".attention li.warning:has-text('sync_binlog')", ".attention li.info");
        }
        using (var root = Cluster.AsRoot(replica, "app"))
        {
            root.Query("SET SESSION sql_log_bin = 0");
            root.Query("DELETE FROM basket");
            root.Query("START SLAVE");
        }
        using (var root = Cluster.AsRoot(run.Replicas[0])) root.Query("SET GLOBAL sync_binlog = 1");
        await using (var page = await browser.OpenAsync(address, Width, 840))
            await page.Page.WaitForSelectorAsync(".frame:not(:has(.attention li.critical)) .standing .pill.good:has-text('Promise kept')", new PageWaitForSelectorOptions { Timeout = 60_000 });
        ChildProcess.Run("kill", ["-KILL", $"{run.Primary.Pid}"], TimeSpan.FromSeconds(5));
        await TakeAsync(browser, address + "#/events", Path.Combine(into, "failover.png"), "article.story.done");
        return 0;
    }

    static async Task ExplainAsync(Browser browser, string address, string path)
    {
        await using var page = await browser.OpenAsync(address + "#/explain", Width, 840);
        await page.Page.FillAsync("textarea", "SELECT body FROM app.posts WHERE id = 42");
        await page.Page.SelectOptionAsync("select[name=floor]", "now");
        await page.Page.ClickAsync("form.ask button");
        await page.Page.WaitForSelectorAsync(".ruler rect.enough");
        await SaveAsync(page.Page, path);
    }

    /// <summary>Played from the page as a person does.</summary>
    static async Task LabAsync(Browser browser, string address, string path)
    {
        await using var page = await browser.OpenAsync(address + "#/lab", Width, 980);
        await page.Page.ClickAsync("li.scenario:has-text('my-comment-is-gone') button");
        await page.Page.ClickAsync("dialog[open] button.primary:enabled");
        await page.Page.WaitForSelectorAsync("section.played", new PageWaitForSelectorOptions { Timeout = 120_000 });
        await page.Page.EvaluateAsync("() => { location.hash = '#/lab/my-comment-is-gone'; }");
        await page.Page.WaitForSelectorAsync(".evidence svg[role=img]");
        await SaveAsync(page.Page, path);
    }

    static async Task TakeAsync(Browser browser, string address, string path, params string[] shown)
    {
        await using var page = await browser.OpenAsync(address, Width, 840);
        foreach (var what in shown) await page.Page.WaitForSelectorAsync(what, new PageWaitForSelectorOptions { Timeout = 60_000 });
        await SaveAsync(page.Page, path);
    }

    static async Task SaveAsync(IPage page, string path)
    {
        await Task.Delay(2500); // until the charts are drawn
        await page.ScreenshotAsync(new PageScreenshotOptions { Path = path, Animations = ScreenshotAnimations.Disabled });
        Console.WriteLine($"{path} ({new FileInfo(path).Length / 1024} KB)");
    }
}
