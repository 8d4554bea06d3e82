using System.Diagnostics;
using System.Net.Sockets;
using Headwater.Bench.Sql;
using Headwater.Wire.MySql;

namespace Headwater.Bench.Audit;

/// <summary>
/// One auditing thread: it owns some keys, writes them, and reads them and all others; life after life, each a session of its own with the
/// next level. What it knows decides what the next read may show.
/// </summary>
sealed class AuditSession(int number, Ledger ledger, Doors doors, AuditOptions options, AuditProgress progress)
{
    readonly SqlText _sql = new();
    readonly Tally[] _tallies = [.. AskedLevel.All.Select(static _ => new Tally())];
    readonly Dictionary<string, int> _troubles = [];
    readonly List<Violation> _violations = [];
    Chance _chance = Chance.For(options.Seed, number);
    Knowledge _knowledge = new(ledger.Keys);
    AskedLevel _level = AskedLevel.All[0];
    Door? _door, _otherDoor;
    Tally _tally = new();

    public IReadOnlyList<Tally> Tallies => _tallies;
    public IReadOnlyDictionary<string, int> Troubles => _troubles;
    public IReadOnlyList<Violation> Violations => _violations;
    public long Writes { get; private set; }
    public long Lives { get; private set; }
    public long Hops { get; private set; }
    public Exception? Fault { get; private set; }

    public void Run()
    {
        try
        {
            while (!progress.IsOver) Live();
        }
        catch (Exception e)
        {
            // Of the auditor itself: the audit is worth nothing then, and says so.
            Fault = e;
            progress.Abandon();
        }
    }

    void Live()
    {
        var turn = AskedLevel.Turn(number + (int)Lives);
        _level = AskedLevel.All[turn];
        _tally = _tallies[turn];
        _knowledge = new Knowledge(ledger.Keys);
        Lives++;
        try
        {
            _door = doors.Open(number + (int)Lives, _level);
            if (_level.Wanders) _otherDoor = doors.Open(number + (int)Lives + 1, _level);
            for (var left = _chance.Between(300, 2500); left > 0 && !progress.IsOver; left--) Step();
        }
        catch (Exception e) when (e is SocketException or EndOfStreamException)
        {
            Trouble(e is SocketException socket ? $"connection: {socket.SocketErrorCode}" : "connection: closed by the other side");
        }
        catch (SqlException e)
        {
            // While logging in or setting the level; statements' errors are met where they come.
            Trouble($"login: {e.Message}");
            Thread.Sleep(50);
        }
        finally
        {
            _door?.Dispose();
            _otherDoor?.Dispose();
            _door = _otherDoor = null;
        }
    }

    void Step()
    {
        if (_level.Wanders && _chance.Below(25) == 0) Hop();
        if (_chance.Percent(options.WritePercent))
        {
            var own = OwnKey();
            if (Write(own) && _chance.Percent(80)) Read(own);
        }
        else
        {
            Read(_chance.Percent(40) ? OwnKey() : _chance.Below(ledger.Keys));
        }
    }

    int OwnKey() => number * Ledger.KeysPerSession + _chance.Below(Ledger.KeysPerSession);

    /// <summary>To the other gateway, as a user goes through a stateless web tier: only the token goes along.</summary>
    void Hop()
    {
        Hops++;
        if (options.Through == Through.Gateways && !options.LoseTokens)
        {
            var client = _door!.Writes;
            client.Query("SELECT headwater_token()"u8);
            var token = client.Text(0, 0);
            _otherDoor!.Writes.Query($"SET headwater.token = '{token}'");
        }
        (_door, _otherDoor) = (_otherDoor, _door);
    }

    bool Write(int key)
    {
        var register = ledger[key];
        var client = _door!.Writes;
        long version;
        try
        {
            if (Ledger.IsPair(key))
            {
                client.Query("BEGIN"u8);
                var next = register.Attempted + 1;
                for (var side = 0; side < 2; side++)
                    client.Query(_sql.Begin("UPDATE audit_pair SET version = "u8).Add(next).Add(" WHERE k = "u8).Add(key).Add(" AND side = "u8).Add(side).Add(" AND version < "u8).Add(next).Bytes);
                version = register.Attempt();
                client.Query("COMMIT"u8);
            }
            else
            {
                version = register.Attempt();
                // An earlier attempt of unknown outcome may still run somewhere: it must not overtake this one.
                client.Query(_sql.Begin("UPDATE audit_register SET version = "u8).Add(version).Add(" WHERE k = "u8).Add(key).Add(" AND version < "u8).Add(version).Bytes);
            }
        }
        catch (SqlException e)
        {
            Trouble($"write: {e.Message}");
            if (Ledger.IsPair(key)) client.Query("ROLLBACK"u8);
            return false;
        }
        register.Acknowledge(version);
        _knowledge.Wrote(key, register, version);
        Writes++;
        return true;
    }

    void Read(int key)
    {
        var client = _door!.Reads(ref _chance);
        var begun = Stopwatch.GetTimestamp();
        // What is known now obliges the read; what others write meanwhile does not.
        var register = ledger[key];
        var oldest = _knowledge.Oldest(_level, key, register, begun);
        var asSession = _knowledge.AsSession(key, register);
        try
        {
            // By its key alone: a kept result of it holds until this very row changes. Who answered is not told then.
            if (options.Caches && _chance.Percent(70))
            {
                var isPair = Ledger.IsPair(key);
                client.Query(_sql.Begin(isPair ? "SELECT version FROM audit_pair WHERE k = "u8 : "SELECT version FROM audit_register WHERE k = "u8).Add(key).Bytes);
                if (client.Rows != (isPair ? 2 : 1)) throw Impossible(client, key);
                if (isPair) JudgePair(key, client.Int64(0, 0), client.Int64(1, 0));
                Judge(key, register, client.Int64(0, 0), Tally.NotTold, oldest, asSession, begun);
            }
            else if (!Ledger.IsPair(key))
            {
                client.Query(_sql.Begin("SELECT r.version, w.server FROM audit_register r, audit_where w WHERE r.k = "u8).Add(key).Bytes);
                if (client.Rows != 1) throw Impossible(client, key);
                Judge(key, register, client.Int64(0, 0), (int)client.Int64(0, 1), oldest, asSession, begun);
            }
            else if (_chance.Below(8) != 0)
            {
                client.Query(_sql.Begin("SELECT p.version, w.server FROM audit_pair p, audit_where w WHERE p.k = "u8).Add(key).Bytes);
                if (client.Rows != 2) throw Impossible(client, key);
                JudgePair(key, client.Int64(0, 0), client.Int64(1, 0));
                Judge(key, register, client.Int64(0, 0), (int)client.Int64(0, 1), oldest, asSession, begun);
            }
            else
            {
                ReadInTransaction(client, key, register, oldest, asSession, begun);
            }
        }
        catch (SqlException e)
        {
            Trouble($"read at {_level.Name}: {e.Message}");
        }
        progress.Count();
    }

    /// <summary>Two statements in one read-only transaction: one snapshot of one copy.</summary>
    void ReadInTransaction(SqlClient client, int key, Register register, long oldest, long asSession, long begun)
    {
        client.Query("START TRANSACTION READ ONLY"u8);
        client.Query(_sql.Begin("SELECT p.version, w.server FROM audit_pair p, audit_where w WHERE p.side = 0 AND p.k = "u8).Add(key).Bytes);
        if (client.Rows != 1) throw Impossible(client, key);
        var (first, server) = (client.Int64(0, 0), (int)client.Int64(0, 1));
        client.Query(_sql.Begin("SELECT p.version, w.server FROM audit_pair p, audit_where w WHERE p.side = 1 AND p.k = "u8).Add(key).Bytes);
        if (client.Rows != 1) throw Impossible(client, key);
        JudgePair(key, first, client.Int64(0, 0));
        client.Query("COMMIT"u8);
        Judge(key, register, first, server, oldest, asSession, begun);
    }

    void Judge(int key, Register register, long version, int server, long oldest, long asSession, long begun)
    {
        _tally.Read(server, register.AgeOf(version, begun));
        if (version > register.Attempted)
        {
            _tally.IsFuture();
            Note("future", $"key {key} showed version {version} on server {server}; only {register.Attempted} was ever sent");
        }
        if (version < oldest)
        {
            _tally.IsStale();
            Note("stale", $"key {key} showed version {version} on server {server} and had to show at least {oldest} (life {Lives} of session {number})");
        }
        if (version < asSession) _tally.IsBelowSession();
        _knowledge.Read(key, register, version);
    }

    void JudgePair(int key, long one, long other)
    {
        if (one == other) return;
        _tally.IsTorn();
        Note("torn", $"pair {key} showed versions {one} and {other} in one read");
    }

    void Note(string kind, string what)
    {
        if (_violations.Count < 20) _violations.Add(new Violation(_level.Name, kind, what));
    }

    void Trouble(string what)
    {
        // Addresses and ids vary; the first words say what it is.
        var shortened = what.Length > 110 ? what[..110] + "…" : what;
        _troubles[shortened] = _troubles.GetValueOrDefault(shortened) + 1;
    }

    static MalformedPacketException Impossible(SqlClient client, int key) => new($"a read of key {key} gave {client.Rows} rows");
}
