using System.Globalization;
using Headwater.Lab.Stage;

namespace Headwater.Lab.Runs;

/// <summary>One reader asks again and again for the newest post; one replica is current and the other up to a second behind.</summary>
static class BackwardReads
{
    const int Reads = 75;
    static readonly TimeSpan BetweenReads = TimeSpan.FromMilliseconds(40), BetweenPosts = TimeSpan.FromMilliseconds(100);

    public static async Task<Evidence> RunAsync(LabStage stage, bool isProtected, CancellationToken ct)
    {
        var cluster = await stage.StandingAsync(ct);
        await cluster.PrepareAsync(ct, "DROP TABLE IF EXISTS post", "CREATE TABLE post (id INT AUTO_INCREMENT PRIMARY KEY, body VARCHAR(100))", "INSERT INTO post (body) VALUES ('the first')");
        await using var gateway = await LabGateway.StartAsync(cluster, new LabGatewayOptions(), ct);
        await using var reader = await gateway.ConnectAsync(isProtected ? "monotonic" : "eventual", ct);
        await using var late = await Lateness.BeginAsync(cluster, [cluster.Servers[2]], "post", ct);
        var recorder = new Recorder(new LabText("newest post", "최신 글 번호"));
        var shown = recorder.Dots("the reader is shown", "독자가 본 글");
        await using var watching = new Watching(ct);
        foreach (var replica in cluster.Replicas)
            recorder.Watch(watching, $"replica {replica.Name} has", $"복제본 {replica.Name}", cluster, replica, "SELECT MAX(id) FROM post");
        watching.Add(async end =>
        {
            await using var writer = await gateway.ConnectAsync(end);
            for (; ; await Task.Delay(BetweenPosts, end)) await writer.QueryAsync("INSERT INTO post (body) VALUES ('news')", end);
        });
        int backwards = 0, seen = 0;
        for (var read = 0; read < Reads; read++)
        {
            var newest = int.Parse((await reader.QueryAsync("SELECT MAX(id) FROM post", ct)).Scalar!, CultureInfo.InvariantCulture);
            shown.Add(newest, isBad: newest < seen);
            if (newest < seen && backwards++ == 0) recorder.Event($"post {seen} was seen before, now {newest} is the newest", $"{seen}번 글까지 보았는데, 이제 {newest}번이 최신이라고 합니다");
            seen = Math.Max(seen, newest);
            await Task.Delay(BetweenReads, ct);
        }
        await watching.EndAsync();
        recorder.Figure("reads", "읽기", Reads);
        recorder.Figure("that showed less than one before", "앞선 읽기보다 적게 보여 준 읽기", backwards);
        recorder.Figure("reads that replicas answered", "복제본이 답한 읽기", gateway.Counters.ReadsOnReplicas);
        return recorder.Finish(backwards, Reads);
    }
}
