using System.Globalization;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using Headwater.Core.Topology;
using Headwater.Wire.MySql;

namespace Headwater.Servers;

/// <summary>
/// A connection of our own to a server: for looking at it, not for clients' statements. One command at a time, one owner.
/// Cancelling a command closes the connection: what the server made of the command is then unknown.
/// </summary>
public sealed class ServerConnection : IAsyncDisposable
{
    readonly PacketStream _packets;
    readonly PacketWriter _writer = new();
    readonly string _address;

    ServerConnection(PacketStream packets, string address, Greeting greeting, Capabilities agreed)
    {
        _packets = packets;
        _address = address;
        ServerVersion = greeting.ServerVersion.StartsWith("5.5.5-", StringComparison.Ordinal) ? greeting.ServerVersion[6..] : greeting.ServerVersion;
        ThreadId = greeting.ThreadId;
        Capabilities = greeting.Capabilities;
        Collation = greeting.Collation;
        Agreed = agreed;
    }

    /// <summary>The server's version, without MariaDB's <c>5.5.5-</c> in front.</summary>
    public string ServerVersion { get; }
    public uint ThreadId { get; }

    /// <summary>What the server's greeting offers.</summary>
    public Capabilities Capabilities { get; }

    /// <summary>What this connection uses of it.</summary>
    public Capabilities Agreed { get; }
    public byte Collation { get; }

    /// <summary>False once a command was cancelled or the connection broke; nothing can be asked any more.</summary>
    public bool IsOpen { get; private set; } = true;

    public static async Task<ServerConnection> ConnectAsync(ServerAddress address, ServerLogin login, CancellationToken ct)
    {
        var isLocal = address.Socket is not null;
        var socket = isLocal ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var phase = ServerPhase.Connect;
        try
        {
            // A host name is resolved here, on each connect: an address that changed is followed.
            if (isLocal) await socket.ConnectAsync(new UnixDomainSocketEndPoint(address.Socket!), ct);
            else await socket.ConnectAsync(address.Host, address.Port, ct);
            phase = ServerPhase.Handshake;
            var packets = new PacketStream(new NetworkStream(socket, ownsSocket: true));
            var handshake = new Handshake(packets, login, address.Host, isLocal);
            var greeting = await handshake.RunAsync(ct);
            return new ServerConnection(packets, address.ToString(), greeting, handshake.Agreed);
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (e is ServerException or OperationCanceledException) throw;
            throw new ServerUnreachableException(phase, address.ToString(), e);
        }
    }

    /// <summary>Runs SQL and buffers its first result; those after it are read and dropped. An error in any of them is thrown.</summary>
    public async Task<QueryResult> QueryAsync(string sql, CancellationToken ct) => (await QueryMultiAsync(sql, ct))[0];

    public async Task<IReadOnlyList<QueryResult>> QueryMultiAsync(string sql, CancellationToken ct)
    {
        await SendTextAsync(Command.Query, sql, ct);
        return await GuardAsync(async () =>
        {
            var results = new List<QueryResult>(1);
            var reader = new ResultReader(_packets, Agreed);
            do results.Add(await BufferAsync(reader, ct));
            while (reader.Outcome.MoreResults);
            return results;
        });
    }

    /// <summary>
    /// The rows of the first result as they come, for results too large to buffer. The connection is busy until the walk ends; leaving it
    /// before its end closes the connection.
    /// </summary>
    public async IAsyncEnumerable<string?[]> StreamAsync(string sql, [EnumeratorCancellation] CancellationToken ct)
    {
        await SendTextAsync(Command.Query, sql, ct);
        var reader = new ResultReader(_packets, Agreed);
        var ended = !await GuardAsync(async () => await reader.StartAsync(ct)) && !reader.Outcome.MoreResults;
        try
        {
            while (!ended)
            {
                var row = await GuardAsync(async () => await reader.RowAsync(ct));
                if (row is null)
                {
                    ended = true;
                    while (reader.Outcome.MoreResults) await GuardAsync(async () => await BufferAsync(reader, ct));
                }
                else
                {
                    yield return TextResultSet.ReadRow(row.Value.Span, reader.Columns.Length);
                }
            }
        }
        finally
        {
            if (!ended) await CloseAsync();
        }
    }

    /// <summary>
    /// The first result's rows as they are on the wire, for those who copy them. The connection is busy until the last has been read; who leaves before closes it.
    /// </summary>
    public async Task<RowStream> ReadAsync(ReadOnlyMemory<byte> sql, CancellationToken ct)
    {
        await SendBytesAsync(sql, ct);
        _packets.ReadAhead(RowStream.ReadAhead);
        return await GuardAsync(async () =>
        {
            var reader = new ResultReader(_packets, Agreed);
            return new RowStream(this, reader, await reader.StartAsync(ct));
        });
    }

    /// <summary>Runs one statement that is not text of ours: it may be in any character set.</summary>
    public async Task<ulong> ExecuteAsync(ReadOnlyMemory<byte> sql, CancellationToken ct)
    {
        await SendBytesAsync(sql, ct);
        return (await GuardAsync(async () => await BufferAsync(new ResultReader(_packets, Agreed), ct))).AffectedRows;
    }

    /// <summary>
    /// LOAD DATA LOCAL INFILE, whose file is <paramref name="data"/>. It has to be allowed at login (<see cref="ServerLogin.Loads"/>).
    /// Source: https://mariadb.com/kb/en/local_infile-packet/ .
    /// </summary>
    public async Task<QueryResult> LoadAsync(string sql, IAsyncEnumerable<ReadOnlyMemory<byte>> data, CancellationToken ct)
    {
        await SendTextAsync(Command.Query, sql, ct);
        return await GuardAsync(async () =>
        {
            var first = await _packets.ReadAsync(ct);
            if (ErrPacket.TryParse(first.Span, out var error)) throw Errors.Of(error);
            if (first.IsEmpty || first.Span[0] != ResultReader.LocalFileHeader) throw new MalformedPacketException("the server asks for no data");
            await foreach (var block in data)
                for (var at = 0; at < block.Length; at += LargestDataPacket) await SendDataAsync(block.Slice(at, Math.Min(LargestDataPacket, block.Length - at)), ct);
            await SendDataAsync(default, ct);
            return await BufferAsync(new ResultReader(_packets, Agreed), ct);
        });
    }

    const int LargestDataPacket = 1 << 20;

    Task SendDataAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        _writer.Reset();
        _writer.Begin(_packets.NextSequence);
        _writer.Bytes(bytes.Span);
        _writer.End();
        return _packets.WriteAsync(_writer, ct).AsTask();
    }

    public async Task<Statement> PrepareAsync(string sql, CancellationToken ct)
    {
        await SendTextAsync(Command.StmtPrepare, sql, ct);
        return await GuardAsync(async () =>
        {
            var first = await _packets.ReadAsync(ct);
            if (ErrPacket.TryParse(first.Span, out var error)) throw Errors.Of(error);
            var ok = PrepareOk.Parse(first.Span);
            var eofs = (Agreed & Capabilities.DeprecateEof) == 0;
            var definitions = ok.Parameters + ok.Columns + (eofs ? (ok.Parameters > 0 ? 1 : 0) + (ok.Columns > 0 ? 1 : 0) : 0);
            for (var i = 0; i < definitions; i++) await _packets.ReadAsync(ct);
            return new Statement(this, ok);
        });
    }

    public Task PingAsync(CancellationToken ct) => SimpleAsync(Command.Ping, ct);

    /// <summary>COM_RESET_CONNECTION: transaction, variables, temporary tables and prepared statements are gone.</summary>
    public Task ResetAsync(CancellationToken ct) => SimpleAsync(Command.ResetConnection, ct);

    internal async Task<ResultReader> StartBinaryAsync(PacketWriter request, CancellationToken ct)
    {
        await GuardAsync(async () =>
        {
            await _packets.WriteAsync(request, ct);
            return true;
        });
        return new ResultReader(_packets, Agreed);
    }

    internal Task SendOnlyAsync(PacketWriter request, CancellationToken ct) => GuardAsync(async () =>
    {
        await _packets.WriteAsync(request, ct);
        return true;
    });

    /// <summary>Sends a command that is answered by packets without an end of their own: <see cref="ReceiveAsync"/>.</summary>
    internal Task SendAsync(Action<PacketWriter> command, int readAhead, CancellationToken ct)
    {
        _writer.Reset();
        _writer.Begin(0);
        command(_writer);
        _writer.End();
        _packets.ReadAhead(readAhead);
        return SendOnlyAsync(_writer, ct);
    }

    /// <summary>The next packet's number, where the other side counts anew.</summary>
    internal void Expect(byte sequence) => _packets.Expect(sequence);

    /// <summary>Sends what is no command while answers to an earlier one come. Its number is its own.</summary>
    internal Task SendBesideAsync(ReadOnlyMemory<byte> packet, CancellationToken ct) => GuardAsync(async () =>
    {
        await _packets.Stream.WriteAsync(packet, ct);
        return true;
    });

    /// <summary>A command that is answered by OK or ERR.</summary>
    internal async Task CommandAsync(Action<PacketWriter> command, CancellationToken ct)
    {
        _writer.Reset();
        _writer.Begin(0);
        command(_writer);
        _writer.End();
        await SendOnlyAsync(_writer, ct);
        await GuardAsync(async () => await BufferAsync(new ResultReader(_packets, Agreed), ct));
    }

    /// <summary>The next packet, valid until the one after it is asked for. Not a byte within <paramref name="patience"/> closes the connection.</summary>
    internal async ValueTask<ReadOnlyMemory<byte>> ReceiveAsync(TimeSpan patience, CancellationToken ct)
    {
        _packets.Patience = patience;
        var packet = _packets.ReadAsync(ct);
        if (packet.IsCompletedSuccessfully) return packet.Result;
        return await GuardAsync(packet.AsTask);
    }

    async Task SimpleAsync(Command command, CancellationToken ct)
    {
        await SendTextAsync(command, "", ct);
        await GuardAsync(async () => await BufferAsync(new ResultReader(_packets, Agreed), ct));
    }

    Task SendBytesAsync(ReadOnlyMemory<byte> sql, CancellationToken ct)
    {
        _writer.Reset();
        _writer.Begin(0);
        _writer.UInt8((byte)Command.Query);
        _writer.Bytes(sql.Span);
        _writer.End();
        return SendOnlyAsync(_writer, ct);
    }

    Task SendTextAsync(Command command, string text, CancellationToken ct)
    {
        _writer.Reset();
        _writer.Begin(0);
        _writer.UInt8((byte)command);
        _writer.Text(text);
        _writer.End();
        return SendOnlyAsync(_writer, ct);
    }

    static async Task<QueryResult> BufferAsync(ResultReader reader, CancellationToken ct)
    {
        var rows = new List<string?[]>();
        if (await reader.StartAsync(ct))
            while (await reader.RowAsync(ct) is { } row) rows.Add(TextResultSet.ReadRow(row.Span, reader.Columns.Length));
        var outcome = reader.Outcome;
        return new QueryResult
        {
            Columns = reader.Columns.Length == 0 ? [] : [.. reader.Columns.Select(static column => column.Name)],
            Rows = rows,
            AffectedRows = outcome.AffectedRows,
            LastInsertId = outcome.LastInsertId,
            Warnings = outcome.Warnings,
            Status = outcome.Status,
            LastGtid = outcome.LastGtid,
        };
    }

    /// <summary>Runs one exchange; whatever ends it but the server's own refusal closes the connection.</summary>
    internal async Task<T> GuardAsync<T>(Func<Task<T>> exchange)
    {
        if (!IsOpen) throw new ServerUnreachableException(ServerPhase.Command, _address, new IOException("the connection is closed"));
        try
        {
            return await exchange();
        }
        catch (ServerException)
        {
            throw;
        }
        catch (Exception e)
        {
            await CloseAsync();
            if (e is OperationCanceledException) throw;
            throw new ServerUnreachableException(ServerPhase.Command, _address, e);
        }
    }

    /// <summary>What ended an exchange, as it is thrown on: whatever it is but the server's own refusal closes the connection.</summary>
    internal async ValueTask<Exception> BrokenByAsync(Exception cause)
    {
        await CloseAsync();
        return cause is OperationCanceledException ? cause : new ServerUnreachableException(ServerPhase.Command, _address, cause);
    }

    async ValueTask CloseAsync()
    {
        IsOpen = false;
        await _packets.DisposeAsync();
    }

    /// <summary>Says good-bye where that can be done without waiting, and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!IsOpen) return;
        try
        {
            _writer.Reset();
            _writer.Begin(0);
            _writer.UInt8((byte)Command.Quit);
            _writer.End();
            using var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
            await _packets.WriteAsync(_writer, soon.Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException)
        {
            // It is going away in any case.
        }
        await CloseAsync();
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"connection {ThreadId} to {_address}");
}
