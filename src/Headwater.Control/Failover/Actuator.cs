using System.Globalization;
using Headwater.Core.Failover;
using Headwater.Core.Topology;
using Headwater.Servers;

namespace Headwater.Control.Failover;

/// <summary>
/// Effects as the statements of MariaDB. Each can be done twice. Sources: https://mariadb.com/kb/en/change-master-to/ ,
/// https://mariadb.com/kb/en/semisynchronous-replication/ , https://mariadb.com/kb/en/server-system-variables/#read_only .
/// </summary>
sealed class Actuator(ServerLogin monitor, ServerLogin? replication, LossPromise promise)
{
    const ushort LockWaitTimeout = 1205;

    /// <summary>A primary waits a day for an acknowledgement, also while nobody is there to give one: otherwise it is silently asynchronous, and what it acknowledges dies with it.</summary>
    const string WaitForAcknowledgements =
        "SET GLOBAL rpl_semi_sync_slave_enabled = OFF, GLOBAL rpl_semi_sync_master_wait_point = 'AFTER_SYNC', GLOBAL rpl_semi_sync_master_wait_no_slave = ON, "
        + "GLOBAL rpl_semi_sync_master_timeout = 86400000, GLOBAL rpl_semi_sync_master_enabled = ON";

    // A receiver that stops ends its connection at its source by a second one, and waits 5 s for it by default.
    const string Acknowledge = "SET GLOBAL rpl_semi_sync_master_enabled = OFF, GLOBAL rpl_semi_sync_slave_enabled = ON, GLOBAL rpl_semi_sync_slave_kill_conn_timeout = 1";

    const string NoPart = "SET GLOBAL rpl_semi_sync_master_enabled = OFF, GLOBAL rpl_semi_sync_slave_enabled = OFF";

    /// <param name="source">The view of <see cref="Effect.Source"/>, where there is one.</param>
    public async Task DoAsync(Effect effect, ServerView server, ServerView? source, Orders orders, CancellationToken ct)
    {
        var links = server.LastAnswer?.Links ?? [];
        switch (effect.Kind)
        {
            case EffectKind.StopReceiving when server.Outcome == ProbeOutcome.Full:
                // STOP SLAVE would wait for it; killed, it wakes and ends, and START SLAVE begins where it was.
                foreach (var row in (await orders.Connection.QueryAsync($"SELECT id FROM information_schema.PROCESSLIST WHERE {ThreadStates.ReceiverOutOfRoom}", ct)).Rows) await orders.GiveAsync($"KILL {row[0]}", ct);
                break;
            case EffectKind.StopReceiving:
                foreach (var link in links) await orders.GiveAsync($"STOP SLAVE {Name(link)} IO_THREAD", ct);
                break;
            case EffectKind.StartApplying:
                foreach (var link in links) await orders.GiveAsync($"START SLAVE {Name(link)} SQL_THREAD", ct);
                break;
            case EffectKind.StartReplication:
                foreach (var link in links) await orders.GiveAsync($"START SLAVE {Name(link)}", ct);
                break;
            case EffectKind.Vouch:
                // Over a connection of its own, which it uses up: for a moment the primary has a third from here. No statement, so the server cannot refuse it when it is late;
                // but what it says stays true: that replica had received it.
                var holder = source?.LastAnswer?.Links.FirstOrDefault(link => link.SourceNumber == server.Number) ?? throw new InvalidOperationException($"{effect.Source} does not follow {effect.Server}");
                await Receipt.ReportAsync(await ServerConnection.ConnectAsync(server.Address, monitor, ct), holder.ReceivedTo, ct);
                break;
            case EffectKind.MakeReadOnly:
                await MakeReadOnlyAsync(orders, ct);
                break;
            case EffectKind.OpenWrites:
                await orders.GiveAsync("SET GLOBAL read_only = OFF", ct);
                break;
            case EffectKind.Promote:
                foreach (var link in links) await orders.GiveAsync([$"STOP SLAVE {Name(link)}", $"RESET SLAVE {Name(link)} ALL"], ct);
                if (promise == LossPromise.Zero) await orders.GiveAsync(WaitForAcknowledgements, ct);
                await orders.GiveAsync("SET GLOBAL read_only = OFF", ct);
                break;
            case EffectKind.Follow:
                await FollowAsync(server, source ?? throw new InvalidOperationException($"{effect.Source} is not known"), orders, effect.SkipsItsOwn, ct);
                break;
            case EffectKind.SetAcknowledging when effect.Role == ServerRole.Primary:
                await orders.GiveAsync(WaitForAcknowledgements, ct);
                break;
            case EffectKind.SetAcknowledging:
                // Switched off, waiting tells every commit that waits that all is well, though no other server may have it. So whoever could be told so is cut
                // off first; read_only lets nobody begin anew.
                if (server.LastAnswer?.SemiSync is { Waits: true }) await EndSessionsAsync(orders, ct);
                await orders.GiveAsync(effect.Role == ServerRole.Replica ? Acknowledge : NoPart, ct);
                // A receiver that runs has said before whether it acknowledges.
                foreach (var link in links.Where(static link => link.Receiving != LinkState.Stopped)) await orders.GiveAsync([$"STOP SLAVE {Name(link)} IO_THREAD", $"START SLAVE {Name(link)} IO_THREAD"], ct);
                break;
            default:
                throw new NotSupportedException($"{effect.Kind} is not done by a statement");
        }
    }

    // read_only waits for whoever holds a table lock, and for commits that wait for an acknowledgement that will never come: those are ended.
    static async Task MakeReadOnlyAsync(Orders orders, CancellationToken ct)
    {
        await orders.GiveAsync("SET SESSION lock_wait_timeout = 1", ct);
        try
        {
            await orders.GiveAsync("SET GLOBAL read_only = ON", ct);
        }
        catch (ServerException e) when (e.Code == LockWaitTimeout)
        {
            await EndSessionsAsync(orders, ct);
            await orders.GiveAsync("SET GLOBAL read_only = ON", ct);
        }
    }

    /// <summary>
    /// Ends all sessions but replication's, the server's own and those of this account that are not in a commit. One session waits for the acknowledgement of a whole group of commits: ended first, it
    /// would let the others of its group go, who tell their clients that all is well. So it comes last, when those cannot be told anything any more; and so does one
    /// that waits for room on the disk, whom the signal wakes: finding room by then it logs its group, and being killed waits for nobody.
    /// </summary>
    internal static async Task EndSessionsAsync(Orders orders, CancellationToken ct)
    {
        var sessions = await orders.Connection.QueryAsync(
            $"SELECT id FROM information_schema.PROCESSLIST WHERE command NOT IN ('Binlog Dump', 'Slave_IO', 'Slave_SQL', 'Slave_worker', 'Daemon') AND user <> 'system user' AND id <> CONNECTION_ID() AND (user <> SUBSTRING_INDEX(CURRENT_USER(), '@', 1) OR {ThreadStates.IsCommitting}) ORDER BY {ThreadStates.GroupWaits}", ct);
        foreach (var row in sessions.Rows)
            try
            {
                await orders.GiveAsync($"KILL {row[0]}", ct);
            }
            catch (ServerException)
            {
                // It has ended by itself.
            }
    }

    async Task FollowAsync(ServerView server, ServerView source, Orders orders, bool skipsItsOwn, CancellationToken ct)
    {
        var answer = server.LastAnswer!;
        foreach (var link in answer.Links.Where(static link => link.Name.Length > 0)) await orders.GiveAsync([$"STOP SLAVE {Name(link)}", $"RESET SLAVE {Name(link)} ALL"], ct);
        var first = answer.Links.FirstOrDefault(static link => link.Name.Length == 0);
        if (first is not null) await orders.GiveAsync("STOP SLAVE", ct);
        var account = replication is { } login ? $", MASTER_USER = {Text(login.User)}, MASTER_PASSWORD = {Text(login.Password)}"
            : first is not null ? "" : throw new InvalidOperationException($"{server.Id} has no replication account; control.replication_user names one");
        // What it wrote while it was a primary stands in its log and not in gtid_slave_pos.
        var demoted = skipsItsOwn || answer.SlavePosition.Covers(answer.BinlogPosition) ? "" : ", MASTER_DEMOTE_TO_SLAVE = 1";
        await orders.GiveAsync(string.Create(CultureInfo.InvariantCulture,
            $"CHANGE MASTER TO MASTER_HOST = {Text(source.Address.Host)}, MASTER_PORT = {source.Address.Port}{account}, MASTER_CONNECT_RETRY = 1, MASTER_HEARTBEAT_PERIOD = 0.5, MASTER_USE_GTID = slave_pos{demoted}"), ct);
        await orders.GiveAsync("START SLAVE", ct);
    }

    static string Name(ReplicationLink link) => link.Name.Length == 0 ? "" : Text(link.Name);

    // sql_mode of our own connections is the server's default, in which both of these end or escape a text.
    static string Text(string value) => $"'{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'";
}
