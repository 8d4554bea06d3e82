using System.Diagnostics;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Chaos;

/// <summary>All that works at a laboratory while it is disturbed: sessions at both gateways, sessions that wander between them, and sessions that do nothing.</summary>
sealed class ChaosLoad : IDisposable
{
    const int RegisterSessions = 4, IdleSessions = 20;
    readonly ChaosLab _lab;
    readonly CancellationTokenSource _end = new();
    readonly List<Thread> _threads;
    readonly List<(LabGateway Gateway, int Start, SqlClient Client)> _idle;

    public ChaosLoad(ChaosLab lab, int sessions, ulong seed)
    {
        _lab = lab;
        Registers = new Registers(RegisterSessions);
        Prepare();
        _idle = [.. Enumerable.Range(0, IdleSessions).Select(number => Idler(lab.Gateways[number % 2]))];
        Sessions = [.. Enumerable.Range(0, sessions).Select(number => new ChaosSession(number, lab.Gateways[number % 2], Ledger, Chance.For(seed, number + 100), _end.Token))];
        Wanderers = [.. Enumerable.Range(0, RegisterSessions).Select(number => new RegisterSession(number, Registers, lab, Chance.For(seed, number + 500), _end.Token))];
        _threads = [.. Sessions.Select(static session => new Thread(session.Run) { IsBackground = true }), .. Wanderers.Select(static session => new Thread(session.Run) { IsBackground = true })];
        _threads.ForEach(static thread => thread.Start());
    }

    public ChaosLedger Ledger { get; } = new();
    public Registers Registers { get; }
    public IReadOnlyList<ChaosSession> Sessions { get; }
    public IReadOnlyList<RegisterSession> Wanderers { get; }
    public int Idle => _idle.Count;

    /// <summary>As of the last <see cref="LookAtIdle"/>. Those of a gateway that was killed are not counted.</summary>
    public int IdleDropped { get; private set; }
    public int ReadErrors => Sessions.Sum(static session => session.ReadErrors);

    void Prepare()
    {
        using var client = _lab.Gateways[0].Connect();
        ChaosSession.CreateTables(client);
        client.Query("CREATE TABLE chaos_register (k INT PRIMARY KEY, version BIGINT NOT NULL)");
        client.Query("INSERT INTO chaos_register VALUES " + string.Join(',', Enumerable.Range(0, Registers.Count).Select(static i => $"({i}, 0)")));
        _lab.WaitForReplicas();
    }

    public void Stop()
    {
        _end.Cancel();
        foreach (var thread in _threads)
            if (!thread.Join(TimeSpan.FromMinutes(3))) throw new UsageException("a session did not end within 3 minutes after all had been put right");
        LookAtIdle();
    }

    static (LabGateway, int, SqlClient) Idler(LabGateway gateway) => (gateway, gateway.Starts, gateway.Connect());

    /// <summary>Whether the sessions that do nothing are still there.</summary>
    public void LookAtIdle()
    {
        for (var i = 0; i < _idle.Count; i++)
        {
            var (gateway, start, client) = _idle[i];
            if (gateway.Starts == start && Lives(client)) continue;
            if (gateway.Starts == start) IdleDropped++;
            client.Dispose();
            _idle[i] = Idler(gateway);
        }
    }

    static bool Lives(SqlClient client)
    {
        try
        {
            return client.Scalar("SELECT 1") == "1";
        }
        catch (Exception e) when (e is SqlException or IOException or System.Net.Sockets.SocketException)
        {
            return false;
        }
    }

    /// <summary>When the session that has waited longest was last told that a write was done.</summary>
    public long WrittenByAll() => Sessions.Min(static session => session.LastWritten);

    /// <summary>The longest wait of each session's write between two moments: a write that began before counts from the first on.</summary>
    public IEnumerable<double> Stalls(long from, long until) => Sessions.Select(session => session.Stall(from, until));

    public void Dispose()
    {
        _end.Cancel();
        foreach (var (_, _, client) in _idle) client.Dispose();
        _end.Dispose();
    }
}
