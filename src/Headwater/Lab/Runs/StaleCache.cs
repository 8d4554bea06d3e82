using System.Globalization;
using Headwater.Lab.Stage;

namespace Headwater.Lab.Runs;

/// <summary>A clerk changes a price and looks at the page: through a cache that keeps it for a second, or through Headwater's kept results.</summary>
static class StaleCache
{
    const int Changes = 8, Looks = 12;
    const string Page = "SELECT price, (SELECT COUNT(*) FROM review WHERE stars > 2) FROM product WHERE id = 1";
    static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(35), KeptFor = TimeSpan.FromSeconds(1);

    public static async Task<Evidence> RunAsync(LabStage stage, bool isProtected, CancellationToken ct)
    {
        var cluster = await stage.StandingAsync(ct);
        await cluster.PrepareAsync(ct, "DROP TABLE IF EXISTS product, review", "CREATE TABLE product (id INT PRIMARY KEY, price INT NOT NULL)", "INSERT INTO product VALUES (1, 0)",
            "CREATE TABLE review (id INT PRIMARY KEY, stars INT NOT NULL)", "INSERT INTO review SELECT seq, MOD(seq, 5) FROM seq_1_to_20000");
        await using var gateway = await LabGateway.StartAsync(cluster, new LabGatewayOptions { Caches = isProtected }, ct);
        if (isProtected) await gateway.UntilKeepsAsync(Page, ct);
        await using var clerk = await gateway.ConnectAsync(ct);
        var cache = new TtlCache(KeptFor);
        var before = gateway.Counters.CacheHits;
        var recorder = new Recorder(new LabText("price", "가격"));
        var price = recorder.Steps("the price is", "실제 가격");
        var page = recorder.Dots("the page shows", "페이지에 보이는 가격");
        var (stale, looks) = (0, 0);
        price.Add(0);
        for (var change = 1; change <= Changes; change++)
        {
            await clerk.QueryAsync($"UPDATE product SET price = {change} WHERE id = 1", ct);
            price.Add(change);
            for (var look = 0; look < Looks; look++, looks++)
            {
                async Task<string?> AskAsync() => (await clerk.QueryAsync(Page, ct)).Scalar;
                var shown = int.Parse((isProtected ? await AskAsync() : await cache.GetAsync(Page, AskAsync))!, CultureInfo.InvariantCulture);
                page.Add(shown, isBad: shown != change);
                if (shown != change && stale++ == 0) recorder.Event($"the price is {change} and the page shows {shown}", $"가격은 {change}인데 페이지에는 {shown}로 보입니다");
                await Task.Delay(BetweenLooks, ct);
            }
        }
        price.Add(Changes);
        var hits = isProtected ? gateway.Counters.CacheHits - before : cache.Hits;
        recorder.Figure("looks at the page", "페이지를 본 횟수", looks);
        recorder.Figure("answered by the cache", "캐시가 답한 횟수", hits);
        recorder.Figure("that showed an old price", "옛 가격을 보여 준 횟수", stale);
        // A cache that answers nothing is never stale.
        return recorder.Finish(stale, hits);
    }
}
