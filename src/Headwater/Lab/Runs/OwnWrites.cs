using System.Globalization;
using Headwater.Lab.Stage;

namespace Headwater.Lab.Runs;

/// <summary>An author writes a comment and looks at the page at once, while the replicas are up to a second behind.</summary>
static class OwnWrites
{
    const int Comments = 12;
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    public static async Task<Evidence> RunAsync(LabStage stage, bool isProtected, CancellationToken ct)
    {
        var cluster = await stage.StandingAsync(ct);
        await cluster.PrepareAsync(ct, "DROP TABLE IF EXISTS comment", "CREATE TABLE comment (id INT PRIMARY KEY, body VARCHAR(100))", "INSERT INTO comment VALUES (1, 'the first, long ago')");
        await using var gateway = await LabGateway.StartAsync(cluster, new LabGatewayOptions(), ct);
        await using var author = await gateway.ConnectAsync(isProtected ? "session" : "eventual", ct);
        await using var late = await Lateness.BeginAsync(cluster, cluster.Replicas, "comment", ct);
        var recorder = new Recorder(new LabText("newest comment", "최신 댓글 번호"));
        var page = recorder.Dots("the author's page shows", "작성자의 페이지");
        await using var watching = new Watching(ct);
        foreach (var server in cluster.Servers)
            recorder.Watch(watching, $"{(server == cluster.Primary ? "primary" : "replica")} {server.Name} has", $"{(server == cluster.Primary ? "프라이머리" : "복제본")} {server.Name}", cluster, server, "SELECT MAX(id) FROM comment");
        await Task.Delay(Pause, ct);
        var gone = 0;
        for (var comment = 2; comment <= Comments + 1; comment++)
        {
            await author.QueryAsync($"INSERT INTO comment VALUES ({comment}, 'mine')", ct);
            var newest = int.Parse((await author.QueryAsync("SELECT MAX(id) FROM comment", ct)).Scalar!, CultureInfo.InvariantCulture);
            page.Add(newest, isBad: newest < comment);
            if (newest < comment && gone++ == 0) recorder.Event($"comment {comment} is written, and the page shows {newest}", $"댓글 {comment}번을 썼지만 페이지에는 {newest}번까지만 보입니다");
            await Task.Delay(Pause, ct);
        }
        await watching.EndAsync();
        recorder.Figure("comments written", "쓴 댓글", Comments);
        recorder.Figure("not on the author's page", "작성자의 페이지에 없던 댓글", gone);
        recorder.Figure("reads that replicas answered", "복제본이 답한 읽기", gateway.Counters.ReadsOnReplicas);
        return recorder.Finish(gone, Comments);
    }
}
