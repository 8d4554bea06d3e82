using Headwater.Lab.Stage;
using Headwater.Servers;

namespace Headwater.Lab.Runs;

/// <summary>Readers, half of them of each replica; then one replica is killed, and then the other.</summary>
static class DeadReplicas
{
    const int Readers = 6;
    static readonly TimeSpan BetweenReads = TimeSpan.FromMilliseconds(30), Quiet = TimeSpan.FromSeconds(1.2);

    public static async Task<Evidence> RunAsync(LabStage stage, bool isProtected, CancellationToken ct)
    {
        await using var cluster = await stage.ClusterAsync(new LabClusterOptions { Servers = 3 }, ct);
        await cluster.PrepareAsync(ct, "CREATE TABLE item (id INT PRIMARY KEY)", "INSERT INTO item VALUES (1), (2), (3)");
        await using var gateway = await LabGateway.StartAsync(cluster, new LabGatewayOptions(), ct);
        var recorder = new Recorder(new LabText("reads answered", "답을 받은 읽기 수"));
        var halves = new[] { recorder.Dots(isProtected ? "readers 1 to 3" : "readers of db2", isProtected ? "독자 1~3" : "db2의 독자"), recorder.Dots(isProtected ? "readers 4 to 6" : "readers of db3", isProtected ? "독자 4~6" : "db3의 독자") };
        var (answered, failed) = (new int[2], 0);
        await using var watching = new Watching(ct);
        for (var i = 0; i < Readers; i++)
        {
            var half = i * 2 / Readers;
            watching.Add(end => ReadAsync(isProtected ? gateway.ConnectAsync : open => cluster.ApplicationAsync(cluster.Servers[half + 1], open), isAnswered =>
            {
                var count = isAnswered ? Interlocked.Increment(ref answered[half]) : Volatile.Read(ref answered[half]);
                if (!isAnswered) Interlocked.Increment(ref failed);
                halves[half].Add(count, isBad: !isAnswered);
            }, end));
        }
        await Task.Delay(Quiet, ct);
        recorder.Event("db3 is killed, one replica of two", "복제본 둘 중 하나인 db3을 강제 종료합니다");
        await LabCluster.KillAsync(cluster.Servers[2], ct);
        await Task.Delay(Quiet, ct);
        recorder.Event("db2 is killed, the only one left", "마지막 남은 복제본 db2를 강제 종료합니다");
        await LabCluster.KillAsync(cluster.Servers[1], ct);
        await Task.Delay(Quiet, ct);
        await watching.EndAsync();
        var all = answered.Sum() + failed;
        recorder.Figure("reads", "읽기", all);
        recorder.Figure("that failed", "실패한 읽기", failed);
        if (isProtected)
        {
            recorder.Figure("that Headwater repeated elsewhere, unseen", "Headwater가 다른 서버에서 다시 한 읽기", gateway.Counters.Retries);
            recorder.Figure("that the primary answered", "프라이머리가 답한 읽기", gateway.Counters.Reads - gateway.Counters.ReadsOnReplicas);
        }
        return recorder.Finish(failed, all);
    }

    static async Task ReadAsync(Func<CancellationToken, Task<ServerConnection>> connect, Action<bool> told, CancellationToken ct)
    {
        ServerConnection? connection = null;
        try
        {
            for (; ; await Task.Delay(BetweenReads, ct))
                try
                {
                    connection = connection is { IsOpen: true } ? connection : await connect(ct);
                    told((await connection.QueryAsync("SELECT COUNT(*) FROM item", ct)).Scalar == "3");
                }
                catch (Exception e) when (e is IOException or ServerException)
                {
                    told(false);
                }
        }
        finally
        {
            if (connection is not null) await connection.DisposeAsync();
        }
    }
}
