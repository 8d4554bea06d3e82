using Headwater.Lab.Stage;

namespace Headwater.Lab.Runs;

/// <summary>
/// The primary stands still for some seconds, its replica takes over, and then it wakes up and knows nothing of that; one shop still has a connection to it.
/// Promoted by hand, with replication that waits for nobody; or by Headwater's controller, which fences first.
/// </summary>
static class SplitBrain
{
    public static async Task<Evidence> RunAsync(LabStage stage, bool isProtected, CancellationToken ct)
    {
        await using var cluster = await stage.ClusterAsync(new LabClusterOptions { Servers = 3, IsControlled = isProtected }, ct);
        await cluster.PrepareAsync(ct, OrderWriter.Table);
        await using var gateway = await LabGateway.StartAsync(cluster, new LabGatewayOptions { Control = isProtected ? "rpo: zero" : null }, ct);
        if (isProtected) await gateway.UntilSafeAsync(ct);
        var (old, successor) = (cluster.Servers[0], cluster.Servers[1]);
        var recorder = new Recorder(new LabText("orders acknowledged", "확인된 주문 수"));
        var byOld = recorder.Dots("the shop that knows db1", "db1에 붙은 상점");
        var byGateway = recorder.Dots("the shop behind Headwater", "Headwater를 쓰는 상점");
        var behind = new OrderWriter(1, gateway.ConnectAsync);
        var astray = new OrderWriter(2, open => cluster.ApplicationAsync(old, open)) { Patience = TimeSpan.FromSeconds(20) };
        var isReplaced = false;
        int byTwo = 0, gatewayCount = 0, oldCount = 0, askedAfter = 0;
        await using var watching = new Watching(ct);
        watching.Add(end => behind.RunAsync(outcome => byGateway.Add(outcome == OrderOutcome.Acknowledged ? ++gatewayCount : gatewayCount, isBad: false), end));
        watching.Add(end => astray.RunAsync(outcome =>
        {
            var isBad = outcome == OrderOutcome.Acknowledged && Volatile.Read(ref isReplaced);
            if (isBad) byTwo++;
            if (Volatile.Read(ref isReplaced)) askedAfter++;
            if (outcome == OrderOutcome.Acknowledged) byOld.Add(++oldCount, isBad);
        }, end));
        await Task.Delay(TimeSpan.FromSeconds(1), ct);
        recorder.Event("db1 stands still", "db1이 멈춥니다");
        LabCluster.Freeze(old);
        if (!isProtected)
        {
            await Task.Delay(TimeSpan.FromSeconds(1.5), ct);
            await cluster.PromoteByHandAsync(successor, ct);
        }
        await gateway.UntilPrimaryIsNotAsync("db1", ct);
        Volatile.Write(ref isReplaced, true);
        var name = gateway.View.Primary!.Id.Name;
        recorder.Event($"{name} is the primary", $"{name}가 새 프라이머리가 됩니다");
        await Task.Delay(TimeSpan.FromSeconds(1), ct);
        recorder.Event("db1 wakes up", "db1이 깨어납니다");
        LabCluster.Thaw(old);
        await Task.Delay(TimeSpan.FromSeconds(2.5), ct);
        await watching.EndAsync();
        var isReadOnly = (await cluster.ExecuteAsync(old, "SELECT @@GLOBAL.read_only", ct)).Scalar == "1";
        recorder.Figure("orders that db1 acknowledged when it was the primary no more", "더는 프라이머리가 아닌 db1이 확인한 주문", byTwo);
        recorder.Figure("orders that the shop tried there then", "그때 그 상점이 시도한 주문", askedAfter);
        recorder.Figure("read_only of db1 in the end", "마지막에 db1의 read_only", isReadOnly ? "ON" : "OFF");
        recorder.Figure("orders acknowledged through Headwater", "Headwater를 통해 확인된 주문", gatewayCount);
        return recorder.Finish(byTwo, askedAfter);
    }
}
