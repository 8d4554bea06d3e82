using System.Globalization;
using Headwater.Core.Topology;
using Headwater.Lab.Stage;

namespace Headwater.Lab.Runs;

/// <summary>Three servers that each follow the one before, and the first the last; shops write to the first and the last, and the one between them is killed.</summary>
static class BrokenRing
{
    const int Members = 3;

    public static async Task<Evidence> RunAsync(LabStage stage, bool isProtected, CancellationToken ct)
    {
        await using var cluster = await stage.ClusterAsync(new LabClusterOptions { Servers = Members, IsApart = true, IsControlled = true, Settings = Settings }, ct);
        for (var i = 0; i < Members; i++) await cluster.FollowAsync(cluster.Servers[i], cluster.Servers[(i + Members - 1) % Members], ct);
        await using var gateway = await LabGateway.StartAsync(cluster, new LabGatewayOptions { Control = isProtected ? "shape: ring\nrpo: best-effort" : null }, ct);
        await LabCluster.UntilAsync(() => Task.FromResult(gateway.View.Ring.Length == Members && gateway.View.Servers.All(static server => server is { Replicating: true, Outcome: ProbeOutcome.Answered, LastAnswer.ReadOnly: false })), "the ring to be whole", ct);
        await cluster.ExecuteAsync(cluster.Primary, $"CREATE TABLE `{stage.Accounts.Application.Schema}`.{OrderWriter.Table["CREATE TABLE ".Length..]}", ct);
        var (first, middle, last) = (cluster.Servers[0], cluster.Servers[1], cluster.Servers[2]);
        await cluster.CaughtUpAsync(ct);

        var recorder = new Recorder(new LabText("orders that a server has", "서버가 가진 주문 수"));
        await using var watching = new Watching(ct);
        foreach (var server in cluster.Servers)
            recorder.Watch(watching, $"{server.Name} has", $"{server.Name}의 주문", cluster, server, "SELECT COUNT(*) FROM orders");
        OrderWriter[] writers = [new OrderWriter(1, open => cluster.ApplicationAsync(first, open)), new OrderWriter(3, open => cluster.ApplicationAsync(last, open))];
        await using (var writing = new Watching(ct))
        {
            foreach (var writer in writers) writing.Add(end => writer.RunAsync(static _ => { }, end));
            await Task.Delay(TimeSpan.FromSeconds(1), ct);
            recorder.Event("db2 is killed, by which db1's orders came to db3", "db1의 주문을 db3에 전하던 db2를 강제 종료합니다");
            await LabCluster.KillAsync(middle, ct);
            if (isProtected)
            {
                await LabCluster.UntilAsync(() => Task.FromResult(gateway.View.Ring.Length == Members - 1 && gateway.View.Servers.Count(static server => server is { Replicating: true, Outcome: ProbeOutcome.Answered }) == Members - 1), "the ring to be closed", ct);
                recorder.Event("db3 follows db1: the ring is closed", "db3이 db1을 뒤따르며 링이 닫힙니다");
            }
            await Task.Delay(TimeSpan.FromSeconds(2), ct);
        }
        recorder.Event("the shops have stopped", "상점들이 멈춥니다");
        await Task.Delay(TimeSpan.FromSeconds(1.5), ct);
        await watching.EndAsync();
        var written = writers.Sum(static writer => writer.Acknowledged.Count);
        recorder.Figure("orders written at db1 and db3", "db1과 db3에 쓴 주문", written);
        var missing = 0;
        foreach (var server in (Up.EmbeddedServer[])[first, last])
        {
            await using var reader = await cluster.ApplicationAsync(server, ct);
            var lacks = await OrderWriter.MissingAsync(writers, reader, "SELECT id FROM orders", ct);
            recorder.Figure($"of them {server.Name} has not", $"그중 {server.Name}에 없는 주문", lacks);
            missing += lacks;
        }
        return recorder.Finish(missing, written);
    }

    // Each writes in a domain of its own, and is written to.
    static string Settings(int number) => string.Create(CultureInfo.InvariantCulture, $"""
        gtid-domain-id = {number}
        auto-increment-increment = {Members}
        auto-increment-offset = {number}
        read-only = OFF

        """);
}
