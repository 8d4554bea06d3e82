using System.Text;
using Headwater.Core;
using Headwater.Core.Topology;
using Headwater.Gateway.Reactor;
using Headwater.Gateway.Sessions;
using Headwater.Gateway.Transport;
using Headwater.Wire.MySql;

namespace Headwater.Gateway.Backends;

/// <summary>What a session left behind on a backend that it may still ask for. Another session takes such a backend last.</summary>
[Flags]
internal enum Residue : byte
{
    None = 0,
    LastInsertId = 1,
    Warnings = 2,
    FoundRows = 4,
    UserVariables = 8,
}

/// <summary>A statement as this backend knows it.</summary>
internal sealed class BackendStatement(uint id)
{
    public uint Id => id;

    /// <summary>The client statement whose parameter types were bound last; another must send its own.</summary>
    public object? BoundBy { get; set; }
    public long LastUsed { get; set; }
}

/// <summary>One connection to a server, logged in as a user, lent to one session at a time.</summary>
internal sealed class Backend(ServerPool pool, ServerState server, Epoch epoch, BackendProfile profile, Endpoint endpoint, PacketInput input, uint threadId, SessionSettings settings) : IEndpointOwner
{
    public ServerPool Pool => pool;
    public ServerState Server => server;

    /// <summary>The epoch in which it was lent: what runs on it was routed then.</summary>
    public Epoch Epoch { get; set; } = epoch;
    public BackendProfile Profile { get; private set; } = profile;

    /// <summary>Where it waits when it is idle.</summary>
    public Bucket Bucket { get; private set; } = pool.BucketOf(profile);

    public void MoveTo(BackendProfile other)
    {
        Profile = other;
        Bucket = pool.BucketOf(other);
    }
    Deadline? _own;

    /// <summary>The gateway waits here for an answer of its own; one that does not come in time ends the connection.</summary>
    public void Expect(TimeSpan limit) => (_own ??= new Deadline(pool.On.Loop, input.Abort)).Set(limit);

    public void Answered() => _own?.Met();

    public Endpoint Endpoint => endpoint;
    public PacketInput Input => input;
    public uint ThreadId => threadId;

    /// <summary>What it stands at now.</summary>
    public SessionSettings Settings { get; set; } = settings;
    public UserVariables Variables { get; set; } = UserVariables.None;

    /// <summary>Whose settings and leavings are on it.</summary>
    public ClientSession? LastUser { get; set; }

    /// <summary>Who has it now. It may still carry another's leavings, which that one reads back for him first.</summary>
    public ClientSession? LentTo { get; set; }
    public Residue Residue { get; set; }

    /// <summary>Whose LAST_INSERT_ID() this backend would answer with; null when it would answer 0.</summary>
    public ClientSession? InsertIdOf { get; set; }

    /// <summary>Whose last statement ran here, with nothing of the gateway's own after it; null when something was.</summary>
    public ClientSession? LastOutcomeOf { get; set; }

    /// <summary>The gateway has run something of its own since a client's statement was begun: outcomes are not the client's any more.</summary>
    public bool RanItsOwn { get; set; }

    /// <summary>Statements on their way here that end what runs: nobody else may be lent it meanwhile.</summary>
    public int Killers { get; set; }

    /// <summary>Stands where no session may find it.</summary>
    public bool MustClose { get; set; }

    /// <summary>Must be reset before the next use: something was left that nothing else undoes.</summary>
    public bool NeedsReset { get; set; }
    public Instant IdleSince { get; set; }
    public Dictionary<SharedStatement, BackendStatement> Statements { get; } = [];

    /// <summary>Statements prepared here by text, by name; the value is the very text object of the session that prepared it.</summary>
    public Dictionary<string, byte[]> TextStatements { get; } = [];

    public bool IsClosed => endpoint.IsClosed;

    /// <summary>Waiting in the pool, not lent.</summary>
    public bool IsIdle { get; set; }

    public void Park()
    {
        IsIdle = true;
        LentTo = null;
        endpoint.Owner = this;
    }

    void IEndpointOwner.OnReadable()
    {
        // Nobody asked anything: the server says goodbye.
        if (IsIdle) pool.Discard(this);
    }

    void IEndpointOwner.OnDrained() { }

    /// <summary>Runs a statement of the gateway's own. Null: the backend is lost. The answer's session state is not a client's business.</summary>
    public async ValueTask<InternalResult?> RunAsync(string sql)
    {
        var writer = pool.On.Writer;
        writer.Reset();
        writer.Begin(0);
        writer.UInt8((byte)Command.Query);
        writer.Text(sql);
        writer.End();
        return await RunAsync(writer.Written);
    }

    /// <summary>The same for a text that is a client's, in whatever character set.</summary>
    public ValueTask<InternalResult?> RunTextAsync(ReadOnlySpan<byte> sql)
    {
        var writer = pool.On.Writer;
        writer.Reset();
        writer.Begin(0);
        writer.UInt8((byte)Command.Query);
        writer.Bytes(sql);
        writer.End();
        return RunAsync(writer.Written, pool.On.Options.OwnLongStatementTimeout);
    }

    public ValueTask<InternalResult?> RunCommandAsync(Command command, string argument = "")
    {
        var writer = pool.On.Writer;
        writer.Reset();
        writer.Begin(0);
        writer.UInt8((byte)command);
        writer.Text(argument);
        writer.End();
        return RunAsync(writer.Written, command == Command.ResetConnection ? pool.On.Options.OwnLongStatementTimeout : null);
    }

    public ValueTask<InternalResult?> RunAsync(ReadOnlySpan<byte> packet, TimeSpan? limit = null)
    {
        endpoint.Send(packet);
        if (packet[Packet.HeaderSize] != (byte)Command.Ping) // which leaves the diagnostics as they are
        {
            LastOutcomeOf = null;
            RanItsOwn = true;
        }
        Expect(limit ?? pool.On.Options.OwnStatementTimeout);
        return ReadResultAsync();
    }

    /// <summary>Null: the server is gone, or says what no server says.</summary>
    async ValueTask<InternalResult?> ReadResultAsync()
    {
        try
        {
            if (await ReadAsync() is { } result) return result;
        }
        catch (MalformedPacketException)
        {
        }
        finally
        {
            Answered();
        }
        endpoint.Close();
        return null;
    }

    async ValueTask<InternalResult?> ReadAsync()
    {
        var result = new InternalResult();
        var columns = -1;
        var definitions = 0;
        var inRows = false;
        while (true)
        {
            var message = await input.NextAsync();
            if (message.IsEnd) return null;
            var payload = message.WholePayload;
            if (payload.IsEmpty) return null;
            if (payload[0] == ErrPacket.Header) return Failed(result, payload);
            if (columns < 0)
            {
                if (payload[0] == 0x00 || (payload[0] == 0xFE && payload.Length < 9)) return Close(result, payload);
                columns = payload[0];
            }
            else if (!inRows)
            {
                if (payload[0] == 0xFE && payload.Length < 9) inRows = true;
                else if (++definitions == columns && (Profile.Capabilities & Capabilities.DeprecateEof) != 0) inRows = true;
            }
            else if (payload[0] == 0xFE && payload.Length < 0xFFFFFF) return Close(result, payload);
            else result.Rows.Add(TextResultSet.ReadRow(payload, columns));
        }
    }

    static InternalResult Failed(InternalResult result, ReadOnlySpan<byte> payload)
    {
        result.ErrorCode = 1105;
        if (!ErrPacket.TryParse(payload, out var error)) return result;
        result.ErrorCode = error.Code;
        result.ErrorState = Encoding.ASCII.GetString(error.SqlState);
        result.ErrorMessage = Encoding.UTF8.GetString(error.Message);
        return result;
    }

    InternalResult Close(InternalResult result, ReadOnlySpan<byte> payload)
    {
        if (payload[0] == 0xFE && (Profile.Capabilities & Capabilities.DeprecateEof) == 0 && payload.Length >= 5)
            result.Status = (ServerStatus)System.Buffers.Binary.BinaryPrimitives.ReadUInt16LittleEndian(payload[3..]);
        else if (OkPacket.TryParse(payload, Profile.Capabilities | BackendProfile.Always, out var ok)) result.Status = ok.Status;
        return result;
    }

    public void Close()
    {
        _own?.End();
        input.Release();
        endpoint.Close();
        // Nothing comes any more: who waits here for an answer is told so, though not in the midst of what closes it.
        if (input.IsWaiting) pool.On.Loop.Post(input.Abort);
    }

    public override string ToString() => $"{server.Id} thread {threadId}";
}

/// <summary>The answer to a statement of the gateway's own.</summary>
internal sealed class InternalResult
{
    public List<string?[]> Rows { get; } = [];
    public ServerStatus Status { get; set; }
    public ushort ErrorCode { get; set; }
    public string ErrorState { get; set; } = "";
    public string ErrorMessage { get; set; } = "";
    public bool Failed => ErrorCode != 0;
}
