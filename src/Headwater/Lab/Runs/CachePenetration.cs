using Headwater.Lab.Stage;

namespace Headwater.Lab.Runs;

/// <summary>Visitors ask again and again for articles that do not exist.</summary>
static class CachePenetration
{
    const int Visitors = 10, Missing = 20;
    static readonly TimeSpan BetweenAsks = TimeSpan.FromMilliseconds(25), Lasts = TimeSpan.FromSeconds(3);

    public static async Task<Evidence> RunAsync(LabStage stage, bool isProtected, CancellationToken ct)
    {
        var cluster = await stage.StandingAsync(ct);
        await cluster.PrepareAsync(ct, "DROP TABLE IF EXISTS article", "CREATE TABLE article (id INT PRIMARY KEY, body VARCHAR(200))", "INSERT INTO article SELECT seq, 'an article' FROM seq_1_to_1000");
        await using var gateway = await LabGateway.StartAsync(cluster, new LabGatewayOptions { Caches = isProtected }, ct);
        if (isProtected) await gateway.UntilKeepsAsync("SELECT body FROM article WHERE id = 1", ct);
        var cache = new TtlCache(TimeSpan.FromMinutes(1));
        var asks = await Asks.BeginAsync(cluster, ct);
        var recorder = new Recorder(new LabText("asks", "질의 수"));
        var asked = recorder.Steps("asks of visitors", "방문자의 질의");
        var reached = recorder.Steps("asks that reach a server", "서버까지 간 질의");
        var count = 0;
        await using var watching = new Watching(ct);
        watching.Add(end => asks.WatchAsync(reached, end));
        for (var visitor = 0; visitor < Visitors; visitor++)
        {
            var first = visitor;
            watching.Add(async end =>
            {
                await using var connection = await gateway.ConnectAsync(end);
                for (var i = first; ; i++, await Task.Delay(BetweenAsks, end))
                {
                    var sql = $"SELECT body FROM article WHERE id = {1_000_000 + i % Missing}";
                    async Task<string?> AskAsync() => (await connection.QueryAsync(sql, end)).Scalar;
                    var body = isProtected ? await AskAsync() : await cache.GetAsync(sql, AskAsync);
                    if (body is not null) throw new LabException("An article is there that was never written.");
                    asked.Add(Interlocked.Increment(ref count));
                }
            });
        }
        await Task.Delay(Lasts, ct);
        await watching.EndAsync();
        var all = await asks.CountAsync(ct);
        recorder.Figure("asks for articles that do not exist", "존재하지 않는 글을 찾은 질의", count);
        recorder.Figure("different ones", "서로 다른 질의", Missing);
        recorder.Figure("asks that reached a server", "서버까지 간 질의", all);
        return recorder.Finish(all, count);
    }
}
