using System.Text.Json;
using Headwater.Http;
using Headwater.Lab.Stage;

namespace Headwater.Lab.Runs;

/// <summary>The primary dies with orders that it had acknowledged and shipped to nobody, its successor takes more, and then it comes back: with its tail, which is left aside, or brought back.</summary>
static class LostTail
{
    const int Orders = 40;

    public static async Task<Evidence> RunAsync(LabStage stage, bool isProtected, CancellationToken ct)
    {
        await using var cluster = await stage.ClusterAsync(new LabClusterOptions { Servers = 2, IsControlled = true }, ct);
        await cluster.PrepareAsync(ct, OrderWriter.Table, "CREATE TABLE stock (id INT PRIMARY KEY, amount INT NOT NULL)", "INSERT INTO stock VALUES (1, 100)");
        await using var gateway = await LabGateway.StartAsync(cluster, new LabGatewayOptions { Control = $"rpo: best-effort\nrecover: {(isProtected ? "propose" : "off")}" }, ct);
        var (old, successor) = (cluster.Servers[0], cluster.Servers[1]);
        var recorder = new Recorder(new LabText("orders that a server has", "서버가 가진 주문 수"));
        await using var watching = new Watching(ct);
        foreach (var server in cluster.Servers)
            recorder.Watch(watching, $"{server.Name} has", $"{server.Name}의 주문", cluster, server, "SELECT COUNT(*) FROM orders");
        var writer = new OrderWriter(1, gateway.ConnectAsync) { Pause = TimeSpan.FromMilliseconds(15) };
        await OrdersAsync(writer, Orders / 2, ct);
        await cluster.CaughtUpAsync(ct);
        // Somebody works on the replica, with the controller told to keep its hands off: nothing reaches it from here on.
        await gateway.PostAsync("/api/control/pause", ct);
        await cluster.ExecuteAsync(successor, "STOP SLAVE IO_THREAD", ct);
        recorder.Event("db2 receives nothing any more, and db1 goes on acknowledging", "db2의 수신이 멈추었지만 db1은 계속 주문을 확인해 줍니다");
        await OrdersAsync(writer, Orders, ct);
        await using (var clerk = await gateway.ConnectAsync(ct)) await clerk.QueryAsync("UPDATE stock SET amount = 60 WHERE id = 1", ct);
        recorder.Event("db1 is killed", "db1을 강제 종료합니다");
        await LabCluster.KillAsync(old, ct);
        await gateway.PostAsync("/api/control/resume", ct);
        await gateway.UntilPrimaryIsNotAsync("db1", ct);
        recorder.Event("db2 is the primary, and takes more", "db2가 새 프라이머리가 되어 주문을 더 받습니다");
        await using (var clerk = await gateway.ConnectAsync(ct)) await clerk.QueryAsync("UPDATE stock SET amount = 95 WHERE id = 1", ct);
        var later = new OrderWriter(2, gateway.ConnectAsync) { Pause = TimeSpan.FromMilliseconds(15) };
        await OrdersAsync(later, Orders / 4, ct);
        await cluster.LaunchAsync(old, ct);
        recorder.Event("db1 is back, with a tail that db2 has not", "db1이 db2에는 없는 꼬리(tail)를 지닌 채 돌아옵니다");
        var report = "";
        if (isProtected)
        {
            var recovered = await RecoverAsync(gateway, ct);
            report = recovered.Report?.ToText() ?? "";
            recorder.Event("headwater recover has brought the tail back", "headwater recover가 꼬리를 되살렸습니다");
            recorder.Figure("transactions of the tail", "꼬리의 트랜잭션", recovered.Report?.Transactions ?? 0);
            recorder.Figure("of them applied", "그중 적용된 것", recovered.Report?.Applied ?? 0);
            recorder.Figure("put into quarantine, as the row has changed since", "그사이 행이 바뀌어 격리된 것", recovered.Report?.Quarantined ?? 0);
        }
        await Task.Delay(TimeSpan.FromSeconds(1), ct);
        await watching.EndAsync();
        await using var reader = await gateway.ConnectAsync("strong", ct);
        var missing = await OrderWriter.MissingAsync([writer, later], reader, "SELECT id FROM orders", ct);
        var acknowledged = writer.Acknowledged.Count + later.Acknowledged.Count;
        recorder.Figure("orders acknowledged", "확인된 주문", acknowledged);
        recorder.Figure("of them not in the cluster in the end", "그중 끝내 클러스터에 없는 주문", missing);
        recorder.Figure("stock, which both servers had changed", "두 서버가 모두 바꾼 재고", (await reader.QueryAsync("SELECT amount FROM stock", ct)).Scalar!);
        return isProtected && report.Length == 0 ? throw new LabException("headwater recover gave no report.") : recorder.Finish(missing, acknowledged);
    }

    static async Task OrdersAsync(OrderWriter writer, int until, CancellationToken ct)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(ct);
        try
        {
            await writer.RunAsync(_ =>
            {
                if (writer.Acknowledged.Count >= until) enough.Cancel();
            }, enough.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // As many as were wanted.
        }
    }

    /// <summary>As the command does; the controller has to have seen the server's tail before.</summary>
    static async Task<RecoverJson> RecoverAsync(LabGateway gateway, CancellationToken ct)
    {
        RecoverJson? outcome = null;
        await LabCluster.UntilAsync(async () =>
        {
            outcome = JsonSerializer.Deserialize(await gateway.PostAsync("/api/control/recover?server=db1", ct), ApiJson.Default.RecoverJson);
            return outcome is { Applied: true };
        }, "headwater recover to bring the tail back", ct);
        return outcome!;
    }
}
