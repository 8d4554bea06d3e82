using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Headwater.Core.Positions;
using Headwater.Streams.Store;
using Headwater.Wire.MySql;
using Headwater.Wire.MySql.Binlog;
using Microsoft.Extensions.Logging;

namespace Headwater.Streams.Witness;

/// <summary>One connection to a witness: a controller's, or a replica's that asks for the log.</summary>
sealed class WitnessSession(WitnessOptions options, LogStore store, WitnessReplication replication, TimeProvider time, long startedAt, uint thread, Socket socket, ILogger log, CancellationToken ending)
{
    const Capabilities Offered = Capabilities.LongFlag | Capabilities.ConnectWithDb | Capabilities.Protocol41 | Capabilities.Transactions | Capabilities.SecureConnection
        | Capabilities.PluginAuth | Capabilities.PluginAuthLenencData | Capabilities.ConnectAttributes | Capabilities.MultiStatements | Capabilities.MultiResults | Capabilities.LongPassword;
    const ServerStatus Status = ServerStatus.Autocommit;

    readonly NetworkStream _stream = new(socket, ownsSocket: true);
    readonly PacketWriter _writer = new();
    readonly WitnessStatements _statements = new(options, store, replication, thread, time, startedAt, ending);
    Capabilities _agreed;
    byte[] _buffer = new byte[4096];

    // Nothing that is asked of a witness is long; a login still less.
    const int LongestLogin = 64 << 10, LongestCommand = 1 << 20;
    int _longest = LongestLogin;

    public async Task RunAsync()
    {
        var ct = ending;
        await using var closing = _stream;
        try
        {
            using var login = CancellationTokenSource.CreateLinkedTokenSource(ct);
            login.CancelAfter(TimeSpan.FromSeconds(10));
            if (!await LoginAsync(login.Token)) return;
            _longest = LongestCommand;
            while (await ReadAsync(ct) is { } command && await HandleAsync(command, ct))
            {
            }
        }
        catch (Exception ended) when (ended is IOException or OperationCanceledException or SocketException)
        {
            // The other side has gone, or we go.
        }
        catch (MalformedPacketException malformed)
        {
            Log.Malformed(log, thread, malformed.Message);
        }
    }

    async Task<bool> LoginAsync(CancellationToken ct)
    {
        var scramble = new byte[Greeting.ScrambleLength];
        // No byte of it may be zero, for old clients' sake.
        RandomNumberGenerator.GetItems<byte>([.. Enumerable.Range(33, 90).Select(static one => (byte)one)], scramble);
        new Greeting { ServerVersion = "5.5.5-" + WitnessServer.Version, ThreadId = thread, Scramble = scramble, Capabilities = Offered }.Write(_writer);
        await SendAsync(ct);
        if (await ReadAsync(ct) is not { } packet) return false;
        var request = LoginRequest.Parse(packet.Payload.Span);
        _agreed = request.Capabilities & Offered;
        var (proof, sequence) = (request.AuthResponse, (byte)(packet.Sequence + 1));
        if (request.AuthPlugin != NativePassword.Name)
        {
            new AuthSwitchRequest { Plugin = NativePassword.Name, Data = scramble }.Write(_writer, sequence);
            await SendAsync(ct);
            if (await ReadAsync(ct) is not { } answer) return false;
            (proof, sequence) = (answer.Payload.ToArray(), (byte)(answer.Sequence + 1));
        }
        // An account without a password is nobody's: the empty proof would prove it.
        if (!options.Accounts.Any(account => account.Password.Length > 0 && account.User == request.User
            && CryptographicOperations.FixedTimeEquals(NativePassword.Response(scramble, NativePassword.Sha1Of(account.Password)), proof)))
        {
            ErrPacket.Write(_writer, sequence, 1045, "28000", $"Access denied for user '{request.User}'@'{((System.Net.IPEndPoint)socket.RemoteEndPoint!).Address}'");
            await SendAsync(ct);
            return false;
        }
        OkPacket.Write(_writer, sequence, _agreed, Status);
        await SendAsync(ct);
        return true;
    }

    async Task<bool> HandleAsync((byte Sequence, ReadOnlyMemory<byte> Payload) command, CancellationToken ct)
    {
        if (command.Payload.IsEmpty) throw new MalformedPacketException("a command without a byte");
        switch ((Command)command.Payload.Span[0])
        {
            case Command.Quit: return false;
            case Command.Ping or Command.InitDb or Command.RegisterSlave or Command.ResetConnection:
                OkPacket.Write(_writer, 1, _agreed, Status);
                break;
            case Command.Query:
                await QueryAsync(Encoding.UTF8.GetString(command.Payload.Span[1..]));
                break;
            case Command.BinlogDump:
                await DumpAsync(ct);
                return false;
            case var other:
                ErrPacket.Write(_writer, 1, 1047, "08S01", $"This is a witness: it does not know command {(byte)other}");
                break;
        }
        await SendAsync(ct);
        return true;
    }

    async Task QueryAsync(string text)
    {
        var statements = WitnessStatements.Of(text);
        byte sequence = 1;
        for (var i = 0; i < statements.Count; i++)
        {
            var status = i < statements.Count - 1 ? Status | ServerStatus.MoreResults : Status;
            try
            {
                var answer = await _statements.RunAsync(statements[i]);
                if (answer.Columns.Count == 0)
                {
                    OkPacket.Write(_writer, sequence, _agreed, status);
                    sequence = _writer.NextSequence;
                }
                else TextResultSet.Write(_writer, ref sequence, _agreed, answer.Columns, answer.Rows, status);
            }
            catch (WitnessError error)
            {
                ErrPacket.Write(_writer, sequence, error.Code, error.SqlState, error.Message);
                return;
            }
        }
        if (statements.Count == 0) ErrPacket.Write(_writer, 1, 1065, "42000", "Query was empty");
    }

    /// <summary>From here on the log goes out, until the replica goes.</summary>
    async Task DumpAsync(CancellationToken ct)
    {
        try
        {
            if (!Position.TryParse(_statements.Own("slave_connect_state") ?? "", out var from)) throw new BinlogException(BinlogTrouble.Damaged, "the position that was asked for cannot be read");
            var heartbeat = double.TryParse(_statements.Own("master_heartbeat_period"), CultureInfo.InvariantCulture, out var nanoseconds) ? TimeSpan.FromTicks((long)(nanoseconds / 100)) : TimeSpan.Zero;
            Log.Dumps(log, thread, from.ToString());
            // A replica that acknowledges expects two bytes more before each event, which say here that nobody waits.
            await new LogDump(store, options.ServerId, _stream, _statements.Own("rpl_semi_sync_slave") == "1").RunAsync(from, heartbeat, ct);
        }
        catch (BinlogException trouble)
        {
            // As a server says it, so that whoever asks understands it as a server's.
            var says = trouble.Trouble switch
            {
                BinlogTrouble.Purged => "Could not find GTID state requested by slave in any binlog files. Probably the slave state is too old and required binlog files have been purged.",
                BinlogTrouble.Behind => "Error: connecting slave requested to start from a GTID which is not in the master's binlog",
                BinlogTrouble.Diverged => "Error: connecting slave requested to start from a GTID which is not in the master's binlog. Since the master's binlog contains GTIDs with higher sequence numbers, it probably means that the slave has diverged due to executing extra erroneous transactions",
                _ => trouble.Message,
            };
            ErrPacket.Write(_writer, 1, 1236, "HY000", says);
            await SendAsync(ct);
        }
    }

    async Task SendAsync(CancellationToken ct)
    {
        await _stream.WriteAsync(_writer.WrittenMemory, ct);
        _writer.Reset();
    }

    async Task<(byte Sequence, ReadOnlyMemory<byte> Payload)?> ReadAsync(CancellationToken ct)
    {
        var header = new byte[Packet.HeaderSize];
        if (await _stream.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false, ct) < header.Length) return null;
        var length = Packet.PayloadLength(header);
        if (length > _longest) throw new MalformedPacketException($"a command of {length} bytes");
        if (_buffer.Length < length) _buffer = new byte[length];
        await _stream.ReadExactlyAsync(_buffer.AsMemory(0, length), ct);
        return (Packet.Sequence(header), _buffer.AsMemory(0, length));
    }
}
