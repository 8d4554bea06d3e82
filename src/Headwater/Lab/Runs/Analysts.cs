using System.Diagnostics;
using System.Globalization;
using Headwater.Lab.Stage;
using Headwater.Servers;
using Headwater.Up;

namespace Headwater.Lab.Runs;

/// <summary>
/// Writers at a fixed rate, and analysts who ask a heavy question again and again: of the server that is written to, or, by the address that Headwater has for them, of a replica.
/// Each server has a processor of its own where there are two, as machines of their own would have.
/// </summary>
static class Analysts
{
    const int Likes = 150_000, Posts = 10_000, Writers = 4, Questioners = 16;
    static readonly TimeSpan BetweenWrites = TimeSpan.FromMilliseconds(60), Lasts = TimeSpan.FromSeconds(5);
    const string Question = "SELECT post, COUNT(*) AS likes, COUNT(DISTINCT user) AS people FROM likes GROUP BY post ORDER BY likes DESC, post LIMIT 100";

    public static async Task<Evidence> RunAsync(LabStage stage, bool isProtected, CancellationToken ct)
    {
        await using var cluster = await stage.ClusterAsync(new LabClusterOptions { Servers = 2 }, ct);
        for (var i = 0; i < cluster.Servers.Count; i++) Pin(cluster.Servers[i], i);
        await cluster.PrepareAsync(ct, "CREATE TABLE likes (id INT AUTO_INCREMENT PRIMARY KEY, post INT NOT NULL, user INT NOT NULL)",
            $"INSERT INTO likes (post, user) SELECT 1 + MOD(seq * 7919, {Posts}), MOD(seq * 104729, 2000) FROM seq_1_to_{Likes}");
        await using var gateway = await LabGateway.StartAsync(cluster, new LabGatewayOptions { Analytics = "db2" }, ct);
        var writers = new List<ServerConnection>();
        for (var i = 0; i < Writers; i++)
        {
            writers.Add(await gateway.ConnectAsync(ct));
            // The first statements of a new process are no measure of anything.
            for (var warm = 0; warm < 20; warm++) await writers[i].QueryAsync("INSERT INTO likes (post, user) VALUES (1, 1)", ct);
        }
        var recorder = new Recorder(new LabText("ms that a write took", "쓰기에 걸린 ms"));
        var writes = recorder.Dots("writes", "쓰기");
        var times = new System.Collections.Concurrent.ConcurrentBag<double>();
        var asked = 0;
        await using var watching = new Watching(ct);
        for (var i = 0; i < Writers; i++)
        {
            var (first, writer) = (BetweenWrites * i / Writers, writers[i]);
            watching.Add(async end =>
            {
                // By the clock: a write that comes late makes the next ones late too, and each counts from when it was due.
                var began = Stopwatch.GetTimestamp();
                for (var due = first; ; due += BetweenWrites)
                {
                    if (due - Stopwatch.GetElapsedTime(began) is { Ticks: > 0 } early) await Task.Delay(early, end);
                    // Timers may be a moment early.
                    var since = Stopwatch.GetElapsedTime(began) is var now && now < due ? now : due;
                    await writer.QueryAsync("INSERT INTO likes (post, user) VALUES (1, 1)", end);
                    var took = (Stopwatch.GetElapsedTime(began) - since).TotalMilliseconds;
                    writes.Add(took);
                    times.Add(took);
                }
            });
        }
        // The writers alone, for the eye; what is judged is the time with the analysts.
        await Task.Delay(TimeSpan.FromSeconds(1.5), ct);
        times.Clear();
        recorder.Event($"{Questioners} analysts begin to ask {(isProtected ? "db2, a replica" : "db1, the server that is written to")}", $"분석가 {Questioners}명이 {(isProtected ? "복제본 db2" : "쓰기를 받는 서버 db1")}에 묻기 시작합니다");
        for (var i = 0; i < Questioners; i++)
            watching.Add(async end =>
            {
                await using var analyst = isProtected ? await gateway.ConnectForAnalyticsAsync(end) : await cluster.ApplicationAsync(cluster.Primary, end);
                for (; ; Interlocked.Increment(ref asked)) await analyst.QueryAsync(Question, end);
            });
        await Task.Delay(Lasts, ct);
        await watching.EndAsync();
        foreach (var writer in writers) await writer.DisposeAsync();
        double[] all = [.. times.Order()];
        double At(double share) => all.Length == 0 ? 0 : all[(int)(all.Length * share)];
        recorder.Figure("writes while the analysts asked", "분석가들이 묻는 동안의 쓰기", all.Length);
        recorder.Figure("half of them took at most", "절반이 걸린 시간", Milliseconds(At(0.5)));
        recorder.Figure("95 of 100 took at most", "100번 중 95번이 걸린 시간", Milliseconds(At(0.95)));
        recorder.Figure("questions answered to the analysts", "분석가들이 받은 답", asked);
        // Of a machine that others use too, the median tells more than what happened at worst.
        return recorder.Finish(At(0.5), asked == 0 ? 0 : all.Length);
    }

    static string Milliseconds(double value) => value.ToString("0.0", CultureInfo.InvariantCulture) + " ms";

    static void Pin(EmbeddedServer server, int number)
    {
        if (Environment.ProcessorCount < 2 || !File.Exists("/usr/bin/taskset")) return;
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/taskset", ["-a", "-p", "-c", number.ToString(CultureInfo.InvariantCulture), server.Pid.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.WaitForExit();
    }
}
