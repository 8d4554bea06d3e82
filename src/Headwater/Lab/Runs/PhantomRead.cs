using System.Globalization;
using Headwater.Lab.Stage;
using Headwater.Servers;

namespace Headwater.Lab.Runs;

/// <summary>
/// Customers commit while the replica receives nothing, so that their commits wait for its acknowledgement; a reader looks at the primary; then that is killed and the
/// replica takes its place. All that differs is where the primary waits: after its engine has committed, or before.
/// </summary>
static class PhantomRead
{
    const int Customers = 6;
    static readonly TimeSpan BetweenCommits = TimeSpan.FromMilliseconds(120), BetweenReads = TimeSpan.FromMilliseconds(40);

    public static async Task<Evidence> RunAsync(LabStage stage, bool isProtected, CancellationToken ct)
    {
        await using var cluster = await stage.ClusterAsync(new LabClusterOptions { Servers = 2 }, ct);
        await cluster.PrepareAsync(ct, "CREATE TABLE payment (id INT PRIMARY KEY)", "INSERT INTO payment VALUES (1)");
        var point = isProtected ? "AFTER_SYNC" : "AFTER_COMMIT";
        await cluster.ExecuteAsync(cluster.Primary, $"SET GLOBAL rpl_semi_sync_master_wait_point = {point}, GLOBAL rpl_semi_sync_master_timeout = 86400000, GLOBAL rpl_semi_sync_master_wait_no_slave = ON, GLOBAL rpl_semi_sync_master_enabled = ON", ct);
        await LabCluster.UntilAsync(async () => (await cluster.ExecuteAsync(cluster.Primary, "SHOW STATUS LIKE 'Rpl_semi_sync_master_clients'", ct)).Rows[0][1] == "1", "the replica to acknowledge", ct);
        await using var gateway = await LabGateway.StartAsync(cluster, new LabGatewayOptions(), ct);
        var recorder = new Recorder(new LabText("payments", "결제 수"));
        var shown = recorder.Dots("a reader is shown", "독자에게 보이는 결제");
        await using var watching = new Watching(ct);
        var most = 1;
        async Task LookAsync(ServerConnection reader)
        {
            var count = int.Parse((await reader.QueryAsync("SELECT COUNT(*) FROM payment", ct)).Scalar!, CultureInfo.InvariantCulture);
            shown.Add(count, isBad: count < most);
            most = Math.Max(most, count);
        }

        await using (var reader = await gateway.ConnectAsync("strong", ct))
        {
            await LookAsync(reader);
            // From here on the replica receives nothing, and the commits below wait for it.
            await cluster.ExecuteAsync(cluster.Servers[1], "STOP SLAVE IO_THREAD", ct);
            recorder.Event("the replica receives nothing any more; commits wait for it", "복제본의 수신이 멈추고, 커밋들은 복제본을 기다립니다");
            for (var customer = 2; customer <= Customers + 1; customer++)
            {
                var id = customer;
                watching.Add(end => CommitAsync(cluster, id, end));
                for (var until = recorder.Seconds + BetweenCommits.TotalSeconds; recorder.Seconds < until; await Task.Delay(BetweenReads, ct)) await LookAsync(reader);
            }
            // What the reader was shown counts only of commits that were under way.
            await LabCluster.UntilAsync(async () => (await cluster.ExecuteAsync(cluster.Primary, "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'INSERT INTO payment%'", ct)).Scalar == Customers.ToString(CultureInfo.InvariantCulture), "all commits to wait", ct);
            await LookAsync(reader);
        }
        var seen = most;
        recorder.Event("db1 is killed; none of these commits was ever acknowledged", "db1을 강제 종료합니다. 이 커밋들은 하나도 확인되지 않았습니다");
        await LabCluster.KillAsync(cluster.Primary, ct);
        await watching.EndAsync();
        await cluster.PromoteByHandAsync(cluster.Servers[1], ct);
        await gateway.UntilPrimaryIsNotAsync("db1", ct);
        recorder.Event("db2 is the primary", "db2가 새 프라이머리가 됩니다");
        var left = 0;
        await using (var reader = await gateway.ConnectAsync("strong", ct))
            for (var i = 0; i < 10; i++, await Task.Delay(BetweenReads, ct))
            {
                await LookAsync(reader);
                left = int.Parse((await reader.QueryAsync("SELECT COUNT(*) FROM payment", ct)).Scalar!, CultureInfo.InvariantCulture);
            }
        recorder.Figure("rpl_semi_sync_master_wait_point", "rpl_semi_sync_master_wait_point", point);
        recorder.Figure("payments that waited to be acknowledged", "확인을 기다리던 결제", Customers);
        recorder.Figure("of them a reader was shown", "그중 독자에게 보인 결제", seen - 1);
        recorder.Figure("payments after the failover", "페일오버 뒤의 결제", left);
        return recorder.Finish(seen - left, Customers);
    }

    static async Task CommitAsync(LabCluster cluster, int id, CancellationToken ct)
    {
        try
        {
            await using var customer = await cluster.ApplicationAsync(cluster.Primary, ct);
            await customer.QueryAsync($"INSERT INTO payment VALUES ({id})", ct);
        }
        catch (IOException)
        {
            // Killed with the server, which is what is waited for here.
        }
    }
}
