using Headwater.Lab.Stage;

namespace Headwater.Lab.Runs;

/// <summary>Shops write orders; the primary is killed. Either they know its address, or Headwater's.</summary>
static class DeadPrimary
{
    const int Shops = 4;

    public static async Task<Evidence> RunAsync(LabStage stage, bool isProtected, CancellationToken ct)
    {
        await using var cluster = await stage.ClusterAsync(new LabClusterOptions { Servers = 3, IsControlled = isProtected }, ct);
        await cluster.PrepareAsync(ct, OrderWriter.Table);
        await using var gateway = isProtected ? await LabGateway.StartAsync(cluster, new LabGatewayOptions { Control = "rpo: zero" }, ct) : null;
        if (gateway is not null) await gateway.UntilSafeAsync(ct);
        var recorder = new Recorder(new LabText("orders acknowledged", "확인된 주문 수"));
        var orders = recorder.Dots("orders", "주문");
        var writers = Enumerable.Range(1, Shops).Select(number => new OrderWriter(number, gateway is not null ? gateway.ConnectAsync : open => cluster.ApplicationAsync(cluster.Primary, open))).ToList();
        var acknowledged = 0;
        await using var watching = new Watching(ct);
        foreach (var writer in writers)
            watching.Add(end => writer.RunAsync(outcome =>
                orders.Add(outcome == OrderOutcome.Acknowledged ? Interlocked.Increment(ref acknowledged) : Volatile.Read(ref acknowledged), isBad: outcome == OrderOutcome.Refused), end));
        await Task.Delay(TimeSpan.FromSeconds(1.5), ct);
        recorder.Event("db1, the primary, is killed", "프라이머리 db1을 강제 종료합니다");
        await LabCluster.KillAsync(cluster.Primary, ct);
        var before = Volatile.Read(ref acknowledged);
        if (gateway is not null)
        {
            await gateway.UntilPrimaryIsNotAsync("db1", ct);
            recorder.Event($"{gateway.View.Primary!.Id.Name} is the primary", $"{gateway.View.Primary!.Id.Name}가 새 프라이머리가 됩니다");
        }
        await Task.Delay(TimeSpan.FromSeconds(isProtected ? 2 : 4), ct);
        await watching.EndAsync();
        var refused = writers.Sum(static writer => writer.Refused);
        recorder.Figure("orders acknowledged before", "종료 전에 확인된 주문", before);
        recorder.Figure("orders acknowledged afterwards", "종료 뒤에 확인된 주문", acknowledged - before);
        recorder.Figure("orders refused", "거부된 주문", refused);
        recorder.Figure("under way at the moment, outcome told as unknown", "처리 중이어서 결과를 알 수 없다고 알린 주문", writers.Sum(static writer => writer.Unknown));
        var lost = 0;
        if (gateway is not null)
        {
            await using var reader = await gateway.ConnectAsync("strong", ct);
            lost = await OrderWriter.MissingAsync(writers, reader, "SELECT id FROM orders", ct);
            recorder.Figure("acknowledged and lost", "확인되었다가 잃어버린 주문", lost);
        }
        return recorder.Finish(refused + lost, acknowledged);
    }
}
