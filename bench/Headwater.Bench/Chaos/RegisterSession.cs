using System.Net.Sockets;
using Headwater.Bench.Audit;
using Headwater.Bench.Sql;

namespace Headwater.Bench.Chaos;

/// <summary>The registers of <see cref="RegisterSession"/>: one writer each.</summary>
sealed class Registers(int sessions)
{
    public const int PerSession = 4;
    readonly Register[] _all = [.. Enumerable.Range(0, sessions * PerSession).Select(static _ => new Register())];

    public int Count => _all.Length;
    public Register this[int key] => _all[key];
}

/// <summary>
/// A session that wanders between both gateways with its token: it writes versions into its own registers and reads everybody's. What it has written and seen,
/// and all that was acknowledged before any of that was sent, it must go on seeing: no read goes back in time.
/// </summary>
sealed class RegisterSession(int number, Registers registers, ChaosLab lab, Chance chance, CancellationToken end)
{
    static readonly AskedLevel Session = AskedLevel.All[0];
    Chance _chance = chance;
    Knowledge _knowledge = new(registers.Count);
    (LabGateway Gateway, SqlClient Client)? _here, _there;

    public List<string> Violations { get; } = [];
    public Dictionary<string, int> Errors { get; } = [];
    public long Reads { get; private set; }
    public long Writes { get; private set; }
    public long Hops { get; private set; }

    public void Run()
    {
        while (!end.IsCancellationRequested)
        {
            try
            {
                Turn();
                Thread.Sleep(_chance.Between(2, 8));
            }
            catch (Exception e) when (e is SocketException or IOException or SqlException or Headwater.Wire.MySql.MalformedPacketException)
            {
                // Without its token it is another session, which nothing was promised to.
                Note(e.Message);
                Forget();
                Thread.Sleep(50);
            }
        }
        Forget();
    }

    void Turn()
    {
        _here ??= Open(number % 2);
        if (_chance.Below(12) == 0) Hop();
        else if (_chance.Percent(35)) Write(number * Registers.PerSession + _chance.Below(Registers.PerSession));
        else Read(_chance.Percent(40) ? number * Registers.PerSession + _chance.Below(Registers.PerSession) : _chance.Below(registers.Count));
    }

    (LabGateway, SqlClient) Open(int which)
    {
        var gateway = lab.Gateways[which];
        return (gateway, gateway.Connect());
    }

    void Hop()
    {
        var here = _here!.Value;
        _there ??= Open(here.Gateway == lab.Gateways[0] ? 1 : 0);
        here.Client.Query("SELECT headwater_token()"u8);
        _there.Value.Client.Query($"SET headwater.token = '{here.Client.Text(0, 0)}'");
        (_here, _there) = (_there, _here);
        Hops++;
    }

    void Write(int key)
    {
        var version = registers[key].Attempt();
        try
        {
            // One of unknown outcome may still be under way: it must not overtake this one.
            _here!.Value.Client.Query($"UPDATE chaos_register SET version = {version} WHERE k = {key} AND version < {version}");
        }
        catch (SqlException e)
        {
            Note(e.Message);
            return;
        }
        registers[key].Acknowledge(version);
        _knowledge.Wrote(key, registers[key], version);
        Writes++;
    }

    void Read(int key)
    {
        var oldest = _knowledge.Oldest(Session, key, registers[key], 0);
        var client = _here!.Value.Client;
        try
        {
            client.Query($"SELECT version FROM chaos_register WHERE k = {key}");
        }
        catch (SqlException e)
        {
            // A read that fails is counted by the other sessions; it shows nothing.
            Note(e.Message);
            return;
        }
        var shown = client.Int64(0, 0);
        Reads++;
        if (shown < oldest) Violations.Add($"register session {number} was shown version {shown} of register {key} by {_here.Value.Gateway.Node.Name} and had to see at least {oldest}");
        if (shown > registers[key].Attempted) Violations.Add($"register session {number} was shown version {shown} of register {key}; {registers[key].Attempted} was the last that was ever sent");
        _knowledge.Read(key, registers[key], shown);
    }

    void Forget()
    {
        _here?.Client.Dispose();
        _there?.Client.Dispose();
        _here = _there = null;
        _knowledge = new Knowledge(registers.Count);
    }

    void Note(string message)
    {
        var kind = "register session, " + new string([.. message.Where(static c => !char.IsAsciiDigit(c))]);
        Errors[kind] = Errors.GetValueOrDefault(kind) + 1;
    }
}
