using System.Globalization;
using Headwater.Lab.Stage;
using Headwater.Servers;

namespace Headwater.Lab.Runs;

/// <summary>Many visitors come in the same moment and want the same front page, whose result is not kept, as something has just changed.</summary>
static class ThunderingHerd
{
    const int Visitors = 40, Rounds = 3;
    const string FrontPage = "SELECT category, COUNT(*), SUM(price) FROM item GROUP BY category ORDER BY 2 DESC, 1 LIMIT 20";

    public static async Task<Evidence> RunAsync(LabStage stage, bool isProtected, CancellationToken ct)
    {
        var cluster = await stage.StandingAsync(ct);
        await cluster.PrepareAsync(ct, "DROP TABLE IF EXISTS item", "CREATE TABLE item (id INT PRIMARY KEY, category INT NOT NULL, price INT NOT NULL)",
            "INSERT INTO item SELECT seq, MOD(seq * 7919, 100), MOD(seq, 1000) FROM seq_1_to_15000");
        await using var gateway = await LabGateway.StartAsync(cluster, new LabGatewayOptions { Caches = isProtected }, ct);
        if (isProtected) await gateway.UntilKeepsAsync(FrontPage, ct);
        var asks = await Asks.BeginAsync(cluster, ct);
        var recorder = new Recorder(new LabText("visitors, and computations", "방문자 수와 계산 횟수"));
        var served = recorder.Steps("visitors who have the page", "페이지를 받은 방문자");
        var computed = recorder.Steps("times that it was computed", "페이지를 계산한 횟수");
        var (answered, slowest) = (0, 0.0);
        served.Add(0);
        computed.Add(0);
        for (var round = 1; round <= Rounds; round++)
        {
            await cluster.PrepareAsync(ct, $"UPDATE item SET price = price + 1 WHERE id = {round}");
            // The log tells of the change in a moment.
            await Task.Delay(200, ct);
            var visitors = new List<ServerConnection>();
            for (var i = 0; i < Visitors; i++) visitors.Add(await gateway.ConnectAsync(ct));
            recorder.Event($"a price has changed, and {Visitors} visitors come at once", $"가격 하나가 바뀌고 방문자 {Visitors}명이 한꺼번에 옵니다");
            var began = recorder.Seconds;
            await using (var watching = new Watching(ct))
            {
                watching.Add(end => asks.WatchAsync(computed, end));
                await Task.WhenAll(visitors.Select(async visitor =>
                {
                    await visitor.QueryAsync(FrontPage, ct);
                    served.Add(Interlocked.Increment(ref answered));
                }));
            }
            slowest = Math.Max(slowest, recorder.Seconds - began);
            foreach (var visitor in visitors) await visitor.DisposeAsync();
            computed.Add(await asks.CountAsync(ct));
        }
        var count = await asks.CountAsync(ct);
        recorder.Figure("visitors", "방문자", answered);
        recorder.Figure("times that servers computed the page", "서버가 페이지를 계산한 횟수", count);
        recorder.Figure("the last of a herd had it after", "무리의 마지막 방문자가 기다린 시간", (slowest * 1000).ToString("0", CultureInfo.InvariantCulture) + " ms");
        return recorder.Finish(count, answered);
    }
}
