using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Headwater.Wire.MySql;

namespace Headwater.Bench.Sql;

/// <summary>The server's refusal.</summary>
sealed class SqlException(ushort code, string message) : Exception($"{code}: {message}")
{
    public ushort Code => code;
}

/// <summary>
/// A connection of the text protocol, blocking, one owner thread, nothing allocated per statement. An auditor has to be much
/// cheaper than what it audits on the same machine, and a thread that sleeps in recv(2) is the cheapest client there is.
/// </summary>
sealed class SqlClient : IDisposable
{
    const Capabilities Wanted = Capabilities.LongPassword | Capabilities.LongFlag | Capabilities.Protocol41 | Capabilities.Transactions
        | Capabilities.SecureConnection | Capabilities.MultiResults | Capabilities.PluginAuth | Capabilities.PluginAuthLenencData | Capabilities.DeprecateEof;
    readonly Socket _socket;
    byte[] _in = new byte[2048];
    byte[] _out = new byte[256];
    int[] _cells = new int[16];
    int _start, _end;
    Capabilities _agreed;

    SqlClient(Socket socket) => _socket = socket;

    public int Rows { get; private set; }
    public int Columns { get; private set; }
    public ulong AffectedRows { get; private set; }
    public uint ThreadId { get; private set; }

    public static SqlClient Tcp(string address, int port, string user, string password, string? schema, TimeSpan? patience = null, IPAddress? from = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        return Login(socket, new IPEndPoint(IPAddress.Parse(address), port), user, password, schema, patience ?? TimeSpan.FromSeconds(30), from);
    }

    public static SqlClient Unix(string path, string user, string password, string? schema, TimeSpan? patience = null) =>
        Login(new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified), new UnixDomainSocketEndPoint(path), user, password, schema, patience ?? TimeSpan.FromSeconds(30), null);

    static SqlClient Login(Socket socket, EndPoint to, string user, string password, string? schema, TimeSpan patience, IPAddress? from)
    {
        try
        {
            socket.ReceiveTimeout = socket.SendTimeout = (int)patience.TotalMilliseconds;
            if (from is not null) socket.Bind(new IPEndPoint(from, 0));
            socket.Connect(to);
            var client = new SqlClient(socket);
            client.Login(user, password, schema);
            return client;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    void Login(string user, string password, string? schema)
    {
        var first = Next(out _);
        if (ErrPacket.TryParse(first, out var refused)) throw Refused(refused);
        var greeting = Greeting.Parse(first);
        ThreadId = greeting.ThreadId;
        _agreed = Wanted & (greeting.Capabilities | Capabilities.LongPassword) | (schema is null ? 0 : Capabilities.ConnectWithDb);
        var hash = NativePassword.Sha1Of(password);
        var writer = new PacketWriter();
        new LoginRequest { Capabilities = _agreed, User = user, AuthResponse = NativePassword.Response(greeting.Scramble, hash), Schema = schema }.Write(writer, 1);
        SendAll(writer.Written);
        var answer = Next(out var sequence);
        if (answer[0] == AuthSwitchRequest.Header)
        {
            var wanted = AuthSwitchRequest.Parse(answer);
            if (wanted.Plugin != NativePassword.Name) throw new SqlException(0, $"the account asks for {wanted.Plugin}; this client speaks {NativePassword.Name} only");
            writer.Reset();
            writer.Begin((byte)(sequence + 1));
            writer.Bytes(NativePassword.Response(wanted.Data, hash));
            writer.End();
            SendAll(writer.Written);
            answer = Next(out _);
        }
        if (ErrPacket.TryParse(answer, out refused)) throw Refused(refused);
        if (answer[0] != OkPacket.OkHeader) throw new MalformedPacketException("the server answered a login with neither OK nor error");
    }

    /// <summary>Sends without waiting: for callers that keep several statements under way on several connections.</summary>
    public void Send(ReadOnlySpan<byte> sql)
    {
        var length = sql.Length + 1;
        if (_out.Length < length + Packet.HeaderSize) Array.Resize(ref _out, length + Packet.HeaderSize + 1024);
        Packet.WriteHeader(_out, length, 0);
        _out[4] = (byte)Command.Query;
        sql.CopyTo(_out.AsSpan(5));
        SendAll(_out.AsSpan(0, length + Packet.HeaderSize));
    }

    /// <summary>Reads the whole answer; its rows stay readable until the next one. Throws <see cref="SqlException"/> for an error packet.</summary>
    public void Receive()
    {
        Rows = Columns = 0;
        AffectedRows = 0;
        _start = _end = 0;
        var first = Next(out _);
        if (ErrPacket.TryParse(first, out var refused)) throw Refused(refused);
        if (first[0] == OkPacket.OkHeader)
        {
            AffectedRows = new PayloadReader(first[1..]).LengthEncodedInteger();
            return;
        }
        Columns = checked((int)new PayloadReader(first).LengthEncodedInteger());
        for (var i = 0; i < Columns; i++) Next(out _);
        if ((_agreed & Capabilities.DeprecateEof) == 0) Next(out _);
        while (true)
        {
            var row = Next(out _);
            if (ErrPacket.TryParse(row, out refused)) throw Refused(refused);
            if (row[0] == 0xFE && row.Length < Packet.MaxPayload) return;
            Split(row);
        }
    }

    public void Query(ReadOnlySpan<byte> sql)
    {
        Send(sql);
        Receive();
    }

    public void Query(string sql) => Query(Encoding.UTF8.GetBytes(sql));

    public ReadOnlySpan<byte> Bytes(int row, int column)
    {
        var cell = 2 * (row * Columns + column);
        return _cells[cell] < 0 ? default : _in.AsSpan(_cells[cell], _cells[cell + 1]);
    }

    public long Int64(int row, int column)
    {
        var text = Bytes(row, column);
        return Utf8Parser.TryParse(text, out long value, out var used) && used == text.Length ? value : throw new MalformedPacketException($"'{Encoding.UTF8.GetString(text)}' is no integer");
    }

    public string Text(int row, int column) => Encoding.UTF8.GetString(Bytes(row, column));

    /// <summary>First value of the first row as text; empty when there is none.</summary>
    public string Scalar(string sql)
    {
        Query(sql);
        return Rows == 0 ? "" : Text(0, 0);
    }

    /// <summary>Bytes as they come, of an answer that is never read to its end; the connection is good for nothing else afterwards.</summary>
    public int ReceiveRaw(Span<byte> buffer)
    {
        var read = _socket.Receive(buffer, SocketFlags.None);
        return read > 0 ? read : throw new EndOfStreamException("the connection was closed by the other side");
    }

    void Split(ReadOnlySpan<byte> row)
    {
        var at = _start - row.Length;
        var needed = 2 * (Rows + 1) * Columns;
        if (_cells.Length < needed) Array.Resize(ref _cells, Math.Max(needed, _cells.Length * 2));
        var reader = new PayloadReader(row);
        for (var i = 0; i < Columns; i++)
        {
            var cell = 2 * (Rows * Columns + i);
            if (reader.TryNull())
            {
                _cells[cell] = -1;
                continue;
            }
            var length = reader.LengthEncodedBytes().Length;
            _cells[cell] = at + reader.Offset - length;
            _cells[cell + 1] = length;
        }
        Rows++;
    }

    // Offsets into the buffer stay true when it grows; it is emptied only when a new answer begins.
    ReadOnlySpan<byte> Next(out byte sequence)
    {
        while (_end - _start < Packet.HeaderSize) Fill();
        var length = Packet.PayloadLength(_in.AsSpan(_start));
        sequence = Packet.Sequence(_in.AsSpan(_start));
        while (_end - _start < Packet.HeaderSize + length) Fill();
        var payload = _in.AsSpan(_start + Packet.HeaderSize, length);
        _start += Packet.HeaderSize + length;
        if (length == 0) throw new MalformedPacketException("an empty packet came");
        return payload;
    }

    void Fill()
    {
        if (_end == _in.Length) Array.Resize(ref _in, _in.Length * 2);
        var read = _socket.Receive(_in.AsSpan(_end), SocketFlags.None);
        if (read == 0) throw new EndOfStreamException("the connection was closed by the other side");
        _end += read;
    }

    void SendAll(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty) bytes = bytes[_socket.Send(bytes, SocketFlags.None)..];
    }

    static SqlException Refused(in ErrPacket error) => new(error.Code, Encoding.UTF8.GetString(error.Message));

    public void Dispose() => _socket.Dispose();
}
