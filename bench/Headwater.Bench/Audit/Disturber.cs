using System.Diagnostics;
using System.Net.Sockets;
using Headwater.Bench.Lab;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Audit;

/// <summary>
/// Makes one replica late, stopped, hung or dead, again and again, by chance from the seed. Both replicas may be late at once;
/// only one at a time may be without its connection to the primary, because semi-synchronous commits wait for somebody to acknowledge.
/// </summary>
sealed class Disturber(Cluster cluster, string replica, Chance chance, Lock connection, AuditProgress progress)
{
    const int SigKill = 9, SigStop = 19, SigCont = 18;
    static readonly TimeSpan _longestRestart = TimeSpan.FromSeconds(30);
    readonly Dictionary<string, int> _done = [];
    Chance _chance = chance;

    public IReadOnlyDictionary<string, int> Done => _done;
    public int Troubles { get; private set; }
    public Exception? Fault { get; private set; }

    public void Run()
    {
        try
        {
            while (!progress.IsOver)
            {
                Sleep(_chance.Between(100, 1500));
                if (progress.IsOver) break;
                try
                {
                    Disturb();
                }
                catch (Exception e) when (e is SqlException or SocketException or EndOfStreamException)
                {
                    // The other thread's fault, or our own, met this one. Next.
                    Troubles++;
                    Sleep(200);
                }
            }
            Heal();
        }
        catch (Exception e)
        {
            Fault = e;
            progress.Abandon();
        }
    }

    void Disturb()
    {
        switch (_chance.Below(20))
        {
            case < 6: Late("apply stopped 0–2 s", "STOP SLAVE SQL_THREAD", "START SLAVE SQL_THREAD", 2000); break;
            case < 9: Late("tables locked 0–2 s", "LOCK TABLES audit_register READ, audit_pair READ", "UNLOCK TABLES", 2000); break;
            case < 11: Late("global read lock 0–1 s", "FLUSH TABLES WITH READ LOCK", "UNLOCK TABLES", 1000); break;
            case < 14: lock (connection) Late("replication stopped 0–3 s", "STOP SLAVE", "START SLAVE", 3000); break;
            case < 16: Delay(); break;
            case < 18: lock (connection) Hang(); break;
            default: lock (connection) Kill(); break;
        }
    }

    void Late(string name, string begin, string end, int atMostMilliseconds)
    {
        using var admin = Admin();
        admin.Query(begin);
        try
        {
            Sleep(_chance.Between(0, atMostMilliseconds));
        }
        finally
        {
            admin.Query(end);
        }
        Count(name);
    }

    void Delay()
    {
        var seconds = _chance.Between(1, 2);
        SetDelay(seconds);
        Sleep(_chance.Between(2000, 4000));
        SetDelay(0);
        Count("MASTER_DELAY 1 or 2 s");
    }

    void SetDelay(int seconds)
    {
        lock (connection)
        {
            using var admin = Admin();
            admin.Query("STOP SLAVE");
            admin.Query($"CHANGE MASTER TO MASTER_DELAY = {seconds}");
            admin.Query("START SLAVE");
        }
    }

    void Hang()
    {
        var pid = Server().Pid;
        ChildProcess.SendSignal(pid, SigStop);
        Sleep(_chance.Between(100, 2500));
        ChildProcess.SendSignal(pid, SigCont);
        Count("hung (SIGSTOP) 0.1–2.5 s");
    }

    void Kill()
    {
        var pid = Server().Pid;
        ChildProcess.SendSignal(pid, SigKill);
        Count("killed (SIGKILL) and started again");
        AwaitReplication();
    }

    /// <summary>Until it runs, is connected and applies.</summary>
    void AwaitReplication()
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < _longestRestart)
        {
            Thread.Sleep(100);
            cluster.Refresh();
            try
            {
                using var admin = Admin();
                if (Column(admin, "SHOW SLAVE STATUS", 10) == "Yes" && Column(admin, "SHOW SLAVE STATUS", 11) == "Yes") return;
            }
            catch (Exception e) when (e is SocketException or SqlException or EndOfStreamException)
            {
                // Not yet.
            }
        }
        throw new UsageException($"{replica} was not back within {_longestRestart.TotalSeconds:0} s after it had been killed");
    }

    static string Column(SqlClient admin, string sql, int column)
    {
        admin.Query(sql);
        return admin.Rows == 0 ? "" : admin.Text(0, column);
    }

    void Heal()
    {
        lock (connection)
        {
            using (var admin = Admin())
            {
                admin.Query("STOP SLAVE");
                admin.Query("CHANGE MASTER TO MASTER_DELAY = 0");
                admin.Query("START SLAVE");
            }
            AwaitReplication();
        }
    }

    ServerInfo Server() => cluster.Run.Servers.First(server => server.Name == replica);

    SqlClient Admin() => cluster.Directly(Server(), cluster.Run.Administrator);

    void Count(string fault) => _done[fault] = _done.GetValueOrDefault(fault) + 1;

    static void Sleep(int milliseconds) => Thread.Sleep(milliseconds);
}
