using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Chaos;

/// <summary>
/// One session through a gateway: unique inserts, appends to lists, transfers between accounts, and reads of its own list, each noted with what the
/// session was told. It reconnects when its connection is cut, which is counted: a failover must not cut it.
/// </summary>
/// <param name="lifetime">After which it leaves by itself and comes again, as connections of a pool do; null: it stays.</param>
sealed class ChaosSession(int number, IEntrance gateway, ChaosLedger ledger, Chance chance, CancellationToken end, TimeSpan? lifetime = null)
{
    public const int Accounts = 10, Opening = 1000;

    // New ones after a while, so that an append, which logs the whole list, stays small.
    const int Lists = 16, WritesPerLists = 10_000;
    const ushort OutcomeUnknown = 1180;
    readonly List<(long Begun, long Ended, Told Told)> _writes = [];
    Chance _chance = chance;
    long _seen, _lastWritten;

    public long LastWritten => Volatile.Read(ref _lastWritten);

    /// <summary>Autocommit writes: when each was begun and ended, in ticks of <see cref="Stopwatch"/>; what outages are computed from. Not those that died with their gateway.</summary>
    public IReadOnlyList<(long Begun, long Ended, Told Told)> Writes
    {
        get
        {
            lock (_writes) return [.. _writes];
        }
    }

    /// <summary>Those that ended after a moment; a run of an hour has too many to look at all of them each time.</summary>
    public IReadOnlyList<(long Begun, long Ended, Told Told)> WritesSince(long moment)
    {
        lock (_writes)
        {
            var first = _writes.Count;
            while (first > 0 && _writes[first - 1].Ended >= moment) first--;
            return _writes[first..];
        }
    }

    public IEntrance Gateway => gateway;
    public List<string> Violations { get; } = [];
    public Dictionary<string, int> Errors { get; } = [];
    public int Reads { get; private set; }
    public int Cut { get; private set; }

    /// <summary>How many times it has left by itself.</summary>
    public int Lives { get; private set; }
    public int ReadErrors { get; private set; }

    public static void CreateTables(SqlClient client)
    {
        client.Query("CREATE TABLE chaos_set (id BIGINT PRIMARY KEY, session INT NOT NULL, KEY (session, id))");
        client.Query("CREATE TABLE chaos_list (id INT PRIMARY KEY, items LONGTEXT NOT NULL)");
        client.Query("CREATE TABLE chaos_account (id INT PRIMARY KEY, money BIGINT NOT NULL)");
        client.Query("INSERT INTO chaos_account VALUES " + string.Join(',', Enumerable.Range(0, Accounts).Select(static i => $"({i}, {Opening})")));
    }

    /// <summary>Its longest wait for a write between two moments, in seconds: one that began before counts from the first on.</summary>
    public double Stall(long from, long until)
    {
        long longest = 0;
        foreach (var (begun, ended, _) in WritesSince(from))
            if (begun <= until) longest = Math.Max(longest, ended - Math.Max(begun, from));
        return longest / (double)Stopwatch.Frequency;
    }

    public void Run()
    {
        SqlClient? client = null;
        long since = 0;
        while (!end.IsCancellationRequested)
        {
            try
            {
                if (client is null) (client, since) = (gateway.Connect(), Stopwatch.GetTimestamp());
                Turn(client);
                if (lifetime is { } lives && Stopwatch.GetElapsedTime(since) >= lives)
                {
                    client.Dispose();
                    (client, _seen) = (null, 0);
                    Lives++;
                }
                Thread.Sleep(_chance.Between(1, 6)); // the machine has others, and the servers are to be waited for, not the clients
            }
            catch (Exception e) when (e is SocketException or IOException or Headwater.Wire.MySql.MalformedPacketException)
            {
                if (!gateway.Excused)
                {
                    Cut++;
                    Note($"cut: {e.Message}");
                }
                client?.Dispose();
                client = null;
                _seen = 0; // another connection promises nothing of what the one before saw
                Thread.Sleep(20);
            }
            catch (SqlException e)
            {
                Note($"{e.Code}: {e.Message}");
                client?.Dispose();
                client = null;
                _seen = 0;
                Thread.Sleep(20);
            }
        }
        client?.Dispose();
    }

    void Turn(SqlClient client)
    {
        switch (_chance.Below(10))
        {
            case < 5: Insert(client); break;
            case < 7: Append(client); break;
            case < 8: Transfer(client); break;
            default: Read(client); break;
        }
    }

    void Insert(SqlClient client)
    {
        var write = ledger.Next();
        Write(client, write, Text($"INSERT INTO chaos_set (id, session) VALUES ({write}, {number})"));
        if (ledger.Of(write) == Told.Acknowledged) _seen = write;
    }

    void Append(SqlClient client)
    {
        var write = ledger.Next();
        Write(client, write, Text($"INSERT INTO chaos_list VALUES ({write / WritesPerLists * Lists + _chance.Below(Lists)}, ',{write}') ON DUPLICATE KEY UPDATE items = CONCAT(items, ',{write}')"));
    }

    /// <summary>An autocommit write: it may be made to wait, and its outcome may be unknown; any other error says that it was not done.</summary>
    void Write(SqlClient client, long write, byte[] sql)
    {
        var begun = Stopwatch.GetTimestamp();
        var told = Told.Unknown;
        try
        {
            client.Send(sql);
            client.Receive();
            told = Told.Acknowledged;
            Volatile.Write(ref _lastWritten, Stopwatch.GetTimestamp());
        }
        catch (SqlException e)
        {
            Note($"{e.Code}: {e.Message}");
            told = e.Code == OutcomeUnknown ? Told.Unknown : Told.Refused;
        }
        finally
        {
            ledger.Tell(write, told);
            if (!gateway.Excused)
                lock (_writes) _writes.Add((begun, Stopwatch.GetTimestamp(), told));
        }
    }

    /// <summary>Money moves between two accounts in one transaction, and the move is noted in the set: all of it or nothing.</summary>
    void Transfer(SqlClient client)
    {
        var write = ledger.Next();
        var told = Told.Refused;
        var committing = false;
        var (from, to, amount) = (_chance.Below(Accounts), _chance.Below(Accounts), _chance.Between(1, 5));
        try
        {
            foreach (var sql in (string[])["BEGIN", $"UPDATE chaos_account SET money = money - {amount} WHERE id = {Math.Min(from, to)}",
                $"UPDATE chaos_account SET money = money + {amount} WHERE id = {Math.Max(from, to)}", $"INSERT INTO chaos_set (id, session) VALUES ({write}, {number})"])
            {
                client.Send(Text(sql));
                client.Receive();
            }
            committing = true;
            told = Told.Unknown;
            client.Send("COMMIT"u8);
            client.Receive();
            told = Told.Acknowledged;
            _seen = write;
        }
        catch (SqlException e)
        {
            Note($"{e.Code}: {e.Message}");
            told = committing && e.Code == OutcomeUnknown ? Told.Unknown : Told.Refused;
            if (!committing)
            {
                client.Send("ROLLBACK"u8);
                client.Receive();
            }
        }
        finally
        {
            ledger.Tell(write, told);
        }
    }

    /// <summary>At level session: the session's own last acknowledged insert must be there, and what was there once stays.</summary>
    void Read(SqlClient client)
    {
        try
        {
            client.Send(Text($"SELECT COALESCE(MAX(id), 0) FROM chaos_set WHERE session = {number}"));
            client.Receive();
        }
        catch (SqlException e)
        {
            if (!gateway.Excused) ReadErrors++;
            Note($"read, {e.Code}: {e.Message}");
            _seen = 0;
            return;
        }
        Reads++;
        var shown = client.Int64(0, 0);
        if (shown < _seen) Violations.Add($"session {number} had {_seen} and was shown {shown}");
        _seen = Math.Max(_seen, shown);
    }

    void Note(string error)
    {
        var kind = new string([.. error.Where(static c => !char.IsAsciiDigit(c))]);
        kind = error.Split(':')[0] + kind[kind.IndexOf(':', StringComparison.Ordinal)..];
        Errors[kind] = Errors.GetValueOrDefault(kind) + 1;
    }

    static byte[] Text(string sql) => Encoding.UTF8.GetBytes(sql);
}
