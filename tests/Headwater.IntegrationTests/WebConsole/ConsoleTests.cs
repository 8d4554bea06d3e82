using System.Diagnostics;
using Headwater.IntegrationTests.Fixtures;
using Headwater.IntegrationTests.Recovery;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Headwater.IntegrationTests.WebConsole;

/// <summary>One cluster with a little work to do, and one browser, for all of the tests; none depends on who is the primary.</summary>
public sealed class ConsoleFixture : IAsyncLifetime
{
    readonly CancellationTokenSource _end = new();
    Task _work = Task.CompletedTask;

    internal ServedCluster Cluster { get; private set; } = null!;
    internal Browser Browser { get; private set; } = null!;
    internal string Address => $"http://127.0.0.1:{Cluster.Run.Gateway.HttpPort}/";

    public async ValueTask InitializeAsync()
    {
        var browser = Browser.StartAsync();
        Cluster = await ServedCluster.StartAsync(CancellationToken.None, "--replicas", "2", "--cache");
        Browser = await browser;
        await using (var session = await RawClient.ConnectAsync(Cluster.Gateway, Cluster.Application, CancellationToken.None))
        {
            await session.DoAsync("CREATE TABLE orders (id INT PRIMARY KEY AUTO_INCREMENT, item VARCHAR(40))", CancellationToken.None);
            // Enough that a copy of it takes a while.
            await session.DoAsync("CREATE TABLE archive (id INT PRIMARY KEY, item VARCHAR(200)) SELECT seq AS id, REPEAT(MD5(seq), 4) AS item FROM seq_1_to_300000", CancellationToken.None);
        }
        _work = WorkAsync(_end.Token);
    }

    async Task WorkAsync(CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
            try
            {
                await using var session = await RawClient.ConnectAsync(Cluster.Gateway, Cluster.Application, ct);
                while (true)
                {
                    await session.DoAsync("INSERT INTO orders (item) VALUES ('tea')", ct);
                    for (var i = 0; i < 4; i++) await session.ScalarAsync("SELECT COUNT(*) FROM orders WHERE id > 3", ct);
                    await Task.Delay(20, ct);
                }
            }
            catch (Exception trouble) when (trouble is not OperationCanceledException)
            {
                // A failover is made here; the next session goes on.
            }
            catch (OperationCanceledException)
            {
                return;
            }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _work;
        await Browser.DisposeAsync();
        await Cluster.DisposeAsync();
        _end.Dispose();
    }
}

/// <summary>The console in a real browser, before a real cluster.</summary>
public sealed class ConsoleTests(ConsoleFixture fixture) : IClassFixture<ConsoleFixture>
{
    static readonly string[] Pages = ["cluster", "reads", "traffic", "events", "servers", "servers/db2", "explain", "lab"];

    static ILocator Server(IPage page, string kind) => page.Locator($"article.server.{kind}");

    Task<WatchedPage> OpenAsync(string page = "cluster", int width = 1280, ColorScheme scheme = ColorScheme.Light, string locale = "en-US") =>
        fixture.Browser.OpenAsync($"{fixture.Address}#/{page}", width, scheme: scheme, locale: locale);

    static void NothingWrong(WatchedPage page) => Assert.True(page.Troubles.Count == 0, string.Join('\n', page.Troubles));

    static async Task NobodyIsKeptOutAsync(IPage page)
    {
        var found = await Axe.SeriousFindingsAsync(page);
        Assert.True(found.Count == 0, $"{page.Url}: {string.Join('\n', found)}");
    }

    /// <summary>Nothing has to be moved sideways but what is made for that.</summary>
    static async Task FitsAsync(IPage page)
    {
        var wide = await page.EvaluateAsync<string[]>("() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll('body *')].filter(one => one.getBoundingClientRect().right > innerWidth).map(one => `${one.tagName} ${one.getAttribute('class')} ${one.textContent.slice(0, 40)}`)");
        Assert.True(wide.Length == 0, $"{page.Url} is wider than the window: {string.Join("; ", wide.Take(8))}");
    }

    static async Task ShownAsync(IPage page, string name)
    {
        await page.EvaluateAsync("name => { location.hash = '#/' + name; }", name);
        await Expect(page.Locator("main")).ToBeVisibleAsync();
        await page.WaitForFunctionAsync("name => document.querySelector('#main')?.textContent.length > 40 && document.querySelector('nav.pages [aria-current]')?.hash === '#/' + name.split('/')[0]", name);
    }

    [Fact]
    public async Task Each_page_says_something_keeps_nobody_out_and_asks_nobody_else()
    {
        await using var page = await OpenAsync();
        await Expect(page.Page.Locator("article.server")).ToHaveCountAsync(3);
        foreach (var name in Pages)
        {
            await ShownAsync(page.Page, name);
            if (name is not ("events" or "explain" or "servers" or "lab")) await Expect(page.Page.Locator("canvas").First).ToBeVisibleAsync();
            await FitsAsync(page.Page);
            await NobodyIsKeptOutAsync(page.Page);
        }
        foreach (var width in (int[])[1100, 1000, 740])
        {
            await page.Page.SetViewportSizeAsync(width, 860);
            await FitsAsync(page.Page);
        }
        await page.Page.SetViewportSizeAsync(1280, 860);
        await ShownAsync(page.Page, "traffic");
        await page.Page.Locator("table.digests a", new() { HasText = "insert into orders" }).ClickAsync();
        await Expect(page.Page.Locator("h1.statement")).ToContainTextAsync("insert into orders");
        await NobodyIsKeptOutAsync(page.Page);
        NothingWrong(page);
    }

    [Fact]
    public async Task It_is_readable_in_the_dark_on_a_phone_and_in_korean()
    {
        await using (var page = await OpenAsync("cluster", 360, ColorScheme.Dark))
        {
            await Expect(page.Page.Locator("article.server")).ToHaveCountAsync(3);
            foreach (var name in Pages)
            {
                await ShownAsync(page.Page, name);
                await FitsAsync(page.Page);
                // The same pages are looked at in the light; here it is the colours, and what is drawn otherwise.
                await NobodyIsKeptOutAsync(page.Page);
            }
            NothingWrong(page);
        }
        await using var korean = await OpenAsync("cluster", locale: "ko-KR");
        await Expect(korean.Page.Locator("nav.pages")).ToContainTextAsync("클러스터");
        Assert.Equal("ko", await korean.Page.GetAttributeAsync("html", "lang"));
        NothingWrong(korean);
    }

    [Fact]
    public async Task Explain_draws_where_a_statement_would_go_and_does_not_run_it()
    {
        await using var page = await OpenAsync("explain");
        await page.Page.FillAsync("textarea", "SELECT item FROM app.orders WHERE id = 1");
        await page.Page.SelectOptionAsync("select[name=level]", "session");
        await page.Page.ClickAsync("form.ask button");
        await Expect(page.Page.Locator(".path li").First).ToContainTextAsync("a plain read");
        await Expect(page.Page.Locator(".candidate.chosen")).ToHaveCountAsync(1);
        await Expect(page.Page.Locator(".path p.kept")).ToContainTextAsync("kept until the log touches");
        await page.Page.FillAsync("textarea", "DELETE FROM app.orders");
        await page.Page.ClickAsync("form.ask button");
        await Expect(page.Page.Locator(".path li").First).ToContainTextAsync("not proven");
        await Expect(page.Page.Locator(".candidate.chosen")).ToContainTextAsync("Primary");
        NothingWrong(page);
        await using var session = await RawClient.ConnectAsync(fixture.Cluster.Gateway, fixture.Cluster.Application, TestContext.Current.CancellationToken);
        Assert.NotEqual("0", await session.ScalarAsync("SELECT COUNT(*) FROM orders", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_replica_dragged_onto_the_primary_becomes_it_when_its_name_is_typed()
    {
        await using var watched = await OpenAsync();
        var page = watched.Page;
        await Expect(Server(page, "replica")).ToHaveCountAsync(2);
        await Expect(page.Locator(".dot.good")).ToHaveCountAsync(3);
        var name = (await Server(page, "replica").Last.GetAttributeAsync("data-server"))!;
        await Server(page, "replica").Last.DragToAsync(Server(page, "primary"));
        var dialog = page.Locator("dialog[open]");
        await Expect(dialog).ToContainTextAsync($"{name} is appointed the primary");
        await Expect(dialog.Locator("button.primary")).ToBeDisabledAsync();
        await dialog.Locator("input[name=confirm]").FillAsync(name);
        await NobodyIsKeptOutAsync(page);
        await dialog.Locator("button.primary").ClickAsync();
        await Expect(dialog).ToContainTextAsync($"{name} is the primary of epoch");
        await dialog.Locator("menu button").First.ClickAsync();
        // Watched, not asked for again.
        await Expect(page.Locator($"article.server.primary[data-server={name}]")).ToBeVisibleAsync();
        await ShownAsync(page, "events");
        await Expect(page.Locator("article.story").First).ToContainTextAsync($"to {name}");
        await page.ClickAsync("text=Operators");
        await Expect(page.Locator("ol.journal").First).ToContainTextAsync($"asked for switchover to={name}");
        NothingWrong(watched);
    }

    [Fact]
    public async Task Every_action_shows_what_it_will_do_and_what_came_of_it()
    {
        await using var watched = await OpenAsync();
        var page = watched.Page;
        await Expect(Server(page, "replica")).ToHaveCountAsync(2);
        await Expect(page.Locator(".dot.good")).ToHaveCountAsync(3);
        var name = (await Server(page, "replica").First.GetAttributeAsync("data-server"))!;
        var card = page.Locator($"article.server[data-server={name}]");

        await DoAsync(page, card, "Into maintenance", name, "is in maintenance");
        await Expect(card).ToContainTextAsync("in maintenance");
        await DoAsync(page, card, "Rejoin", null, "out of maintenance");
        await DoAsync(page, card, "Compare checksums", null, "All is equal");
        await DoAsync(page, card, "Recover its tail", name, null);
        // It is well, so its data is overwritten only where that is said.
        await DoAsync(page, card, "Rebuild", name, $"{name} follows", option: true, progress: " of ");
        await Expect(card.Locator(".dot.good")).ToHaveCountAsync(1);
        var bar = page.Locator("header.bar");
        await DoAsync(page, bar, "Pause the controller", "local", "paused");
        await Expect(page.Locator(".attention")).ToContainTextAsync("The controller is paused");
        await DoAsync(page, bar, "Resume the controller", null, "resumed");
        await DoAsync(page, bar, "Reload the configuration", null, "no configuration file");

        // A setting that breaks the promise is on the first page, and mended from there.
        fixture.Cluster.Refresh();
        await using (var server = await RawClient.ConnectAsync(fixture.Cluster.Run.Servers.Where(one => one.Name == name).Select(static one => new Reachable(one.Address, one.Port, one.Socket)).Single(), new("root", ""), TestContext.Current.CancellationToken))
            await server.DoAsync("SET GLOBAL sync_binlog = 0", TestContext.Current.CancellationToken);
        await DoAsync(page, bar, "Mend settings", "local", "Nothing is left", plan: "sync_binlog");
        NothingWrong(watched);
    }

    /// <param name="typed">What has to be typed; null where nothing has.</param>
    /// <param name="outcome">What is said in the end; null: that it cannot be done.</param>
    /// <param name="option">What makes it possible has to be ticked.</param>
    /// <param name="progress">What is counted while it goes on, and seen to be.</param>
    static async Task DoAsync(IPage page, ILocator menu, string item, string? typed, string? outcome, string? plan = null, bool option = false, string? progress = null)
    {
        await menu.Locator("details.menu summary").ClickAsync();
        await menu.Locator("details.menu button", new() { HasText = item }).ClickAsync();
        var dialog = page.Locator("dialog[open]");
        await Expect(dialog.Locator(".plan")).Not.ToContainTextAsync("Asking what would be done");
        if (option)
        {
            await Expect(dialog.Locator(".plan .bad")).ToBeVisibleAsync();
            await dialog.Locator("input[type=checkbox]").CheckAsync();
            await Expect(dialog.Locator(".plan .bad")).ToHaveCountAsync(0);
        }
        if (plan is not null) await Expect(dialog.Locator(".plan")).ToContainTextAsync(plan);
        if (await dialog.Locator("h3.bad, .plan .bad").CountAsync() == 0)
        {
            if (typed is not null)
            {
                await Expect(dialog.Locator("button.primary")).ToBeDisabledAsync();
                await dialog.Locator("input[name=confirm]").FillAsync(typed);
            }
            await dialog.Locator("button.primary").ClickAsync();
            if (progress is not null) await Expect(dialog.Locator(".underway .progress")).ToContainTextAsync(progress);
            await Expect(dialog.Locator("[role=status]")).ToContainTextAsync(outcome ?? "", new() { Timeout = 60_000 });
        }
        else Assert.Null(outcome);
        await dialog.Locator("menu button").First.ClickAsync();
        await Expect(page.Locator("dialog[open]")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_primary_killed_is_seen_to_be_replaced_and_a_silent_gateway_to_be_silent()
    {
        await using var watched = await OpenAsync();
        var page = watched.Page;
        await Expect(page.Locator(".dot.good")).ToHaveCountAsync(3);
        // That the machine is busy is a warning of its own.
        await Expect(page.Locator(".attention li.critical")).ToHaveCountAsync(0);
        fixture.Cluster.Refresh();
        await using var holder = await RawClient.ConnectAsync(fixture.Cluster.Gateway, fixture.Cluster.Application, TestContext.Current.CancellationToken);
        await holder.DoAsync("CREATE TEMPORARY TABLE basket (id INT)", TestContext.Current.CancellationToken);
        var former = (await Server(page, "primary").GetAttributeAsync("data-server"))!;
        Kill("-KILL", fixture.Cluster.Run.Servers.Single(server => server.Name == former).Pid);
        await Expect(page.Locator($"article.server.primary:not([data-server={former}])")).ToBeVisibleAsync();
        await ShownAsync(page, "events");
        var story = page.Locator("article.story").First;
        await Expect(story).ToContainTextAsync($"Failover from {former} to");
        await Expect(story).ToContainTextAsync("writes waited");
        foreach (var step in (string[])["Silent", "Fencing", "Draining", "Promoting"]) await Expect(story.Locator(".steps")).ToContainTextAsync(step);
        await NobodyIsKeptOutAsync(page);
        // Whatever a session had there is lost with it, which is shown before it asks.
        await ShownAsync(page, "traffic");
        await Expect(page.Locator("main")).ToContainTextAsync("temporary table basket, lost: the server has ended the connection");
        await ShownAsync(page, "cluster");
        // It is started anew and follows its successor.
        await Expect(page.Locator($"article.server.replica[data-server={former}] .dot.good")).ToBeVisibleAsync();

        Kill("-STOP", fixture.Cluster.ProcessId);
        try
        {
            await Expect(page.Locator(".standing")).ToContainTextAsync("Last seen");
            await Expect(page.Locator("article.server")).ToHaveCountAsync(3);
        }
        finally
        {
            Kill("-CONT", fixture.Cluster.ProcessId);
        }
        await Expect(page.Locator(".standing .pulse")).ToBeVisibleAsync();
        NothingWrong(watched);
    }

    [Fact]
    public async Task The_tail_of_a_primary_that_died_is_brought_back_from_the_page_and_seen_to_come()
    {
        const int Orders = 600;
        await using var cluster = await RecoveringCluster.StartAsync("propose");
        await cluster.Old.ExecuteAsync("CREATE DATABASE shop");
        await cluster.Old.ExecuteAsync("CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, item VARCHAR(40))");
        await using (var client = await cluster.GatewayAsync())
        {
            await cluster.CutAsync();
            for (var i = 0; i < Orders; i++) await client.QueryAsync("INSERT INTO orders (item) VALUES ('tea')", TestContext.Current.CancellationToken);
        }
        await cluster.KillAndReplaceAsync();
        await cluster.ReturnAsync();

        await using var watched = await fixture.Browser.OpenAsync($"{cluster.Console}#/cluster");
        var page = watched.Page;
        await Expect(page.Locator(".attention")).ToContainTextAsync($"db1 has {Orders} transactions that db2 has not", new() { Timeout = 30_000 });
        var card = page.Locator("article.server[data-server=db1]");
        await DoAsync(page, card, "Recover its tail", "db1", $"applied {Orders}", plan: $"{Orders} transactions", progress: "transactions");
        await Expect(card).ToContainTextAsync("replicates from db2");
        await Expect(card.Locator(".dot.good")).ToHaveCountAsync(1);
        await ShownAsync(page, "events");
        await Expect(page.Locator("section[aria-labelledby=quarantine-title] table")).ToContainTextAsync($"{Orders}");
        await page.ClickAsync(".choice button:has-text('Recovery')");
        await Expect(page.Locator("ol.journal").First).ToContainTextAsync("db1");
        NothingWrong(watched);
        Assert.Equal($"{Orders}", (await cluster.New.ExecuteAsync("SELECT COUNT(*) FROM shop.orders")).Scalar);
    }

    [Fact]
    public async Task A_scenario_of_the_lab_is_played_watched_and_its_report_stays_and_another_is_stopped()
    {
        await using var watched = await OpenAsync("lab");
        var page = watched.Page;
        await Expect(page.Locator("li.scenario")).ToHaveCountAsync(15);
        var scenario = page.Locator("li.scenario", new() { HasText = "thundering-herd" });
        await scenario.Locator("button").ClickAsync();
        var dialog = page.Locator("dialog[open]");
        await Expect(dialog.Locator(".plan")).ToContainTextAsync("Real MariaDB servers are started on this gateway's machine for about");
        await dialog.Locator("button.primary").ClickAsync();
        var playing = page.Locator("section.playing");
        await Expect(playing).ToContainTextAsync("each visitor's read goes to a server", new() { Timeout = 60_000 });
        await Expect(playing.Locator("[role=progressbar]")).ToHaveAttributeAsync("aria-valuenow", new System.Text.RegularExpressions.Regex("[1-9]"));
        await Expect(page.Locator("li.scenario button:enabled")).ToHaveCountAsync(0);
        await NobodyIsKeptOutAsync(page);
        await Expect(page.Locator("section.played")).ToContainTextAsync("Times that servers computed the same page", new() { Timeout = 60_000 });

        // Somebody else comes later, in the dark and in Korean.
        await using (var later = await OpenAsync("lab/thundering-herd", 360, ColorScheme.Dark, "ko-KR"))
        {
            await Expect(later.Page.Locator("section.evidence svg[role=img]")).ToHaveCountAsync(2);
            await Expect(later.Page.Locator("h1")).ToHaveTextAsync("한꺼번에 몰려드는 무리");
            await Expect(later.Page.Locator("ol.told").Last.Locator("li")).ToHaveCountAsync(5);
            await FitsAsync(later.Page);
            await NobodyIsKeptOutAsync(later.Page);
            NothingWrong(later);
        }

        await page.Locator("li.scenario", new() { HasText = "my-comment-is-gone" }).Locator("button").ClickAsync();
        await dialog.Locator("button.primary").ClickAsync();
        await playing.Locator("button").ClickAsync(new() { Timeout = 30_000 });
        await Expect(dialog.Locator(".plan")).ToContainTextAsync("its servers end");
        await dialog.Locator("button.primary").ClickAsync();
        await Expect(page.Locator("section.played")).ToContainTextAsync("It was stopped", new() { Timeout = 30_000 });
        NothingWrong(watched);
    }

    static void Kill(string signal, int pid)
    {
        using var kill = Process.Start("kill", [signal, $"{pid}"]);
        kill.WaitForExit();
    }
}
