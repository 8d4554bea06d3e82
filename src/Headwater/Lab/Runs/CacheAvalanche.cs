using Headwater.Lab.Stage;

namespace Headwater.Lab.Runs;

/// <summary>A cache is warmed with many articles at once; then visitors read them, and nobody changes anything.</summary>
static class CacheAvalanche
{
    const int Visitors = 10, Articles = 100;
    static readonly TimeSpan BetweenAsks = TimeSpan.FromMilliseconds(20), Lasts = TimeSpan.FromSeconds(4), KeptFor = TimeSpan.FromSeconds(1.5);

    public static async Task<Evidence> RunAsync(LabStage stage, bool isProtected, CancellationToken ct)
    {
        var cluster = await stage.StandingAsync(ct);
        await cluster.PrepareAsync(ct, "DROP TABLE IF EXISTS article", "CREATE TABLE article (id INT PRIMARY KEY, body VARCHAR(200))", $"INSERT INTO article SELECT seq, 'an article' FROM seq_1_to_{Articles}");
        await using var gateway = await LabGateway.StartAsync(cluster, new LabGatewayOptions { Caches = isProtected }, ct);
        if (isProtected) await gateway.UntilKeepsAsync(Sql(1), ct);
        var cache = new TtlCache(KeptFor);
        await using (var warming = await gateway.ConnectAsync(ct))
            for (var article = 1; article <= Articles; article++)
            {
                var sql = Sql(article);
                await cache.GetAsync(sql, async () => (await warming.QueryAsync(sql, ct)).Scalar);
            }
        var asks = await Asks.BeginAsync(cluster, ct);
        var recorder = new Recorder(new LabText("asks that reach a server", "서버까지 간 질의 수"));
        var reached = recorder.Steps("servers were asked", "서버가 받은 질의");
        var count = 0;
        await using var watching = new Watching(ct);
        watching.Add(end => asks.WatchAsync(reached, end));
        for (var visitor = 0; visitor < Visitors; visitor++)
        {
            var first = visitor * Articles / Visitors;
            watching.Add(async end =>
            {
                await using var connection = await gateway.ConnectAsync(end);
                for (var i = first; ; i++, await Task.Delay(BetweenAsks, end))
                {
                    var sql = Sql(1 + i % Articles);
                    async Task<string?> AskAsync() => (await connection.QueryAsync(sql, end)).Scalar;
                    _ = isProtected ? await AskAsync() : await cache.GetAsync(sql, AskAsync);
                    Interlocked.Increment(ref count);
                }
            });
        }
        await Task.Delay(Lasts, ct);
        await watching.EndAsync();
        var all = await asks.CountAsync(ct);
        recorder.Figure("asks of visitors", "방문자의 질의", count);
        recorder.Figure("that reached a server, though nothing had changed", "바뀐 것이 없는데도 서버까지 간 질의", all);
        return recorder.Finish(all, count);
    }

    static string Sql(int article) => $"SELECT body FROM article WHERE id = {article}";
}
