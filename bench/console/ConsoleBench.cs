using System.Diagnostics;
using System.Net;
using Headwater.Bench.Lab;
using Headwater.Bench.Report;
using Headwater.Bench.Sql;
using Headwater.IntegrationTests.WebConsole;
using Headwater.Tests.WebConsole;

namespace Headwater.Bench.Browsing;

/// <summary>How soon the first page says something, and what it costs the gateway that somebody looks on.</summary>
static class ConsoleBench
{
    const int Servers = 20;

    public static async Task<int> RunAsync(Arguments arguments)
    {
        var count = arguments.Number("sessions", 10_000, 1);
        var seconds = arguments.Number("seconds", 30, 5);
        var rounds = arguments.Number("rounds", 2, 1);
        var loads = arguments.Number("loads", 5, 2);
        arguments.NothingElse();
        Machine.Print(Console.Out, ("mariadbd", "--version"), ("chromium", "--version"));
        var (bars, paints, costs) = (new Bars(), new TextTable("first page", "loads", "first paint ms", "all servers drawn ms", "slowest ms"), new TextTable("gateway process", "CPU, % of one processor"));
        await using var browser = await Browser.StartAsync();

        await using (var madeUp = new MadeUpConsole(MadeUpCluster.ViewOf(Servers)))
        {
            MadeUpCluster.Fill(madeUp.Live.History, Servers);
            await madeUp.StartAsync(CancellationToken.None);
            var drawn = await PaintAsync(browser, madeUp.Address + "/", Servers, loads, $"{Servers} servers (made up), 15 min of history", paints);
            bars.Check(drawn <= 1000, $"{Servers} servers: drawn within 1 s of the request", $"{drawn:0} ms (median of {loads} loads, nothing of it in the browser before)");
        }
        using (var cluster = Cluster.Start("bench-console", replicas: 2, controlled: true))
        {
            var sessions = Open(cluster, count);
            var address = $"http://127.0.0.1:{cluster.HttpPort}/";
            var drawn = await PaintAsync(browser, address, 3, loads, $"3 servers, {count:N0} sessions (real)", paints);
            bars.Check(drawn <= 1000, $"{count:N0} sessions: drawn within 1 s of the request", $"{drawn:0} ms (median of {loads} loads, nothing of it in the browser before)");
            await CostAsync(browser, cluster.Run.Gateway.Pid, address, rounds, TimeSpan.FromSeconds(seconds), costs, bars);
            foreach (var session in sessions) session.Dispose();
        }
        Console.WriteLine();
        paints.Print(Console.Out);
        Console.WriteLine();
        costs.Print(Console.Out);
        Console.WriteLine();
        bars.Print(Console.Out);
        return bars.AllReached ? 0 : 1;
    }

    /// <summary>Each load in a browser that has nothing of it yet. The median of the milliseconds from the request until all servers are drawn.</summary>
    static async Task<double> PaintAsync(Browser browser, string address, int servers, int loads, string what, TextTable table)
    {
        var (first, all) = (new List<double>(), new List<double>());
        for (var load = 0; load < loads; load++)
        {
            await using var page = await browser.OpenAsync("about:blank");
            await page.Page.AddInitScriptAsync($$"""
                new MutationObserver((_, observer) => {
                  if (document.querySelectorAll('article.server').length < {{servers}}) return;
                  observer.disconnect();
                  requestAnimationFrame(() => requestAnimationFrame(() => { window.drawnAt = performance.now(); }));
                }).observe(document, { childList: true, subtree: true });
                """);
            await page.Page.GotoAsync(address);
            await page.Page.WaitForFunctionAsync("() => window.drawnAt > 0");
            all.Add(await page.Page.EvaluateAsync<double>("() => window.drawnAt"));
            first.Add(await page.Page.EvaluateAsync<double>("() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"));
        }
        table.Row(what, $"{loads}", $"{Median(first):0}", $"{Median(all):0}", $"{all.Max():0}");
        return Median(all);
    }

    static async Task CostAsync(Browser browser, int pid, string address, int rounds, TimeSpan length, TextTable table, Bars bars)
    {
        var (quiet, streamed, watched) = (new List<double>(), new List<double>(), new List<double>());
        // Ten thousand logins are compiled, collected and forgotten for a while.
        await Task.Delay(TimeSpan.FromSeconds(10));
        for (var round = 0; round < rounds; round++)
        {
            quiet.Add(await CpuAsync(pid, length));
            using (var client = new HttpClient())
            await using (var stream = await client.GetStreamAsync(new Uri(address + "api/live")))
            {
                using var end = new CancellationTokenSource();
                var reading = DrainAsync(stream, end.Token);
                await Task.Delay(2000, CancellationToken.None);
                streamed.Add(await CpuAsync(pid, length));
                await end.CancelAsync();
                await reading;
            }
            await Task.Delay(1500);
            await using var page = await browser.OpenAsync(address);
            await Task.Delay(2000);
            watched.Add(await CpuAsync(pid, length));
        }
        table.Row("nobody looks on", $"{Median(quiet):0.00}");
        table.Row("one reader of /api/live", $"{Median(streamed):0.00}");
        table.Row("a browser shows the first page", $"{Median(watched):0.00}");
        var cost = Math.Max(Median(streamed), Median(watched)) - Median(quiet);
        bars.Check(cost <= 2, "watching costs the gateway ≤ 2 % of one processor", $"{cost:0.00} % ({rounds} × {length.TotalSeconds:0} s each)");
    }

    static async Task DrainAsync(Stream stream, CancellationToken ct)
    {
        var buffer = new byte[64 << 10];
        try
        {
            while (await stream.ReadAsync(buffer, ct) > 0)
            {
                // What is read is not looked at.
            }
        }
        catch (OperationCanceledException)
        {
            // Enough.
        }
    }

    static async Task<double> CpuAsync(int pid, TimeSpan length)
    {
        var (before, clock) = (ProcStat.CpuOf(pid), Stopwatch.StartNew());
        await Task.Delay(length);
        return (ProcStat.CpuOf(pid) - before).Total / clock.Elapsed.TotalMicroseconds * 100;
    }

    static SqlClient[] Open(Cluster cluster, int count)
    {
        var sessions = new SqlClient[count];
        // From several addresses, so that none runs out of ports.
        Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            var account = cluster.Run.Application;
            sessions[i] = SqlClient.Tcp(cluster.Run.Gateway.Address, cluster.Run.Gateway.Port, account.User, account.Password, account.Schema, TimeSpan.FromSeconds(60), new IPAddress([127, 0, 0, (byte)(2 + i / 5000)]));
        });
        return sessions;
    }

    static double Median(List<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }
}
