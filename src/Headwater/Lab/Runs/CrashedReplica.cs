using Headwater.Lab.Stage;

namespace Headwater.Lab.Runs;

/// <summary>
/// A replica is killed four times while it applies. Its position is in mysql.gtid_slave_pos: a table of MyISAM, which is written before the transaction commits and stays
/// written when that does not, or of InnoDB, where both are one transaction. Its commits are made slow (binlog_commit_wait), as by a busy disk, so that kills meet one.
/// </summary>
static class CrashedReplica
{
    const int Kills = 4;
    static readonly TimeSpan BetweenOrders = TimeSpan.FromMilliseconds(40), Applies = TimeSpan.FromMilliseconds(900);
    static readonly string[] Slow = ["slave-parallel-threads = 0", "binlog-commit-wait-count = 1000", "binlog-commit-wait-usec = 60000"];

    public static async Task<Evidence> RunAsync(LabStage stage, bool isProtected, CancellationToken ct)
    {
        await using var cluster = await stage.ClusterAsync(new LabClusterOptions { Servers = 2, Settings = static number => number == 2 ? string.Join('\n', Slow) + "\n" : "" }, ct);
        await cluster.PrepareAsync(ct, OrderWriter.Table);
        var replica = cluster.Servers[1];
        var engine = isProtected ? "InnoDB" : "MyISAM";
        await using (var admin = await cluster.AdminAsync(replica, ct))
            foreach (var sql in (string[])["STOP SLAVE", "SET SESSION sql_log_bin = 0", $"ALTER TABLE mysql.gtid_slave_pos ENGINE = {engine}", "START SLAVE"]) await admin.QueryAsync(sql, ct);
        var recorder = new Recorder(new LabText("orders that a server has", "서버가 가진 주문 수"));
        await using var watching = new Watching(ct);
        recorder.Watch(watching, "primary db1 has", "프라이머리 db1", cluster, cluster.Primary, "SELECT COUNT(*) FROM orders");
        recorder.Watch(watching, "replica db2 has", "복제본 db2", cluster, replica, "SELECT COUNT(*) FROM orders");
        var writer = new OrderWriter(1, open => cluster.ApplicationAsync(cluster.Primary, open)) { Pause = BetweenOrders };
        await using (var writing = new Watching(ct))
        {
            writing.Add(end => writer.RunAsync(static _ => { }, end));
            for (var kill = 1; kill <= Kills; kill++)
            {
                await Task.Delay(Applies, ct);
                recorder.Event($"db2 is killed ({kill}) and started again", $"db2를 강제 종료하고({kill}) 다시 시작합니다");
                await LabCluster.KillAsync(replica, ct);
                await cluster.LaunchAsync(replica, ct);
                await cluster.ExecuteAsync(replica, "START SLAVE", ct);
            }
        }
        await cluster.ExecuteAsync(replica, "SET GLOBAL binlog_commit_wait_usec = 0", ct);
        await cluster.CaughtUpAsync(ct);
        await Task.Delay(TimeSpan.FromMilliseconds(300), ct);
        await watching.EndAsync();
        var status = await cluster.ExecuteAsync(replica, "SHOW SLAVE STATUS", ct);
        await using var reader = await cluster.ApplicationAsync(replica, ct);
        var missing = await OrderWriter.MissingAsync([writer], reader, "SELECT id FROM orders", ct);
        recorder.Figure("engine of mysql.gtid_slave_pos", "mysql.gtid_slave_pos의 엔진", engine);
        recorder.Figure("orders written", "쓴 주문", writer.Acknowledged.Count);
        recorder.Figure("orders that the replica lacks for ever", "복제본에 영영 없는 주문", missing);
        recorder.Figure("SHOW SLAVE STATUS: Last_SQL_Errno", "SHOW SLAVE STATUS: Last_SQL_Errno", status.Value(0, "Last_SQL_Errno") ?? "");
        recorder.Figure("SHOW SLAVE STATUS: Seconds_Behind_Master", "SHOW SLAVE STATUS: Seconds_Behind_Master", status.Value(0, "Seconds_Behind_Master") ?? "NULL");
        return recorder.Finish(missing, writer.Acknowledged.Count);
    }
}
