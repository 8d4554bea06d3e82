using System.Text;
using Headwater.Wire.MySql;

namespace Headwater.Servers;

/// <summary>What ends a result or stands in its place.</summary>
readonly record struct Outcome(ulong AffectedRows, ulong LastInsertId, ServerStatus Status, ushort Warnings, string? LastGtid)
{
    public bool MoreResults => (Status & ServerStatus.MoreResults) != 0;
}

/// <summary>Reads one answer: an OK, an error, or columns and then rows until their end.</summary>
sealed class ResultReader(PacketStream packets, Capabilities capabilities)
{
    public const byte LocalFileHeader = 0xFB;

    public ColumnDefinition[] Columns { get; private set; } = [];
    public Outcome Outcome { get; private set; }

    /// <summary>False when the answer has no rows; <see cref="Outcome"/> is then known.</summary>
    public async ValueTask<bool> StartAsync(CancellationToken ct)
    {
        var first = await packets.ReadAsync(ct);
        while (IsProgress(first.Span)) first = await packets.ReadAsync(ct);
        if (first.IsEmpty) throw new MalformedPacketException("the server answered with an empty packet");
        Columns = [];
        switch (first.Span[0])
        {
            case OkPacket.OkHeader:
                Outcome = OutcomeOf(first.Span);
                return false;
            case LocalFileHeader:
                throw new MalformedPacketException("the server asks for a local file, which was not allowed at login");
            default:
                var reader = new PayloadReader(first.Span);
                var count = reader.LengthEncodedInteger();
                if (count > 4096) throw reader.Malformed($"{count} columns are more than a result can have");
                Columns = new ColumnDefinition[(int)count];
                for (var i = 0; i < Columns.Length; i++) Columns[i] = ColumnDefinition.Parse((await packets.ReadAsync(ct)).Span, capabilities);
                if ((capabilities & Capabilities.DeprecateEof) == 0) await packets.ReadAsync(ct);
                return true;
        }
    }

    /// <summary>The next row's bytes, valid until the next call; null at the end, when <see cref="Outcome"/> is known.</summary>
    public async ValueTask<ReadOnlyMemory<byte>?> RowAsync(CancellationToken ct)
    {
        var payload = await packets.ReadAsync(ct);
        while (IsProgress(payload.Span)) payload = await packets.ReadAsync(ct);
        if (!IsEnd(payload.Span)) return payload;
        Outcome = OutcomeOf(payload.Span);
        return null;
    }

    bool IsEnd(ReadOnlySpan<byte> payload) =>
        !payload.IsEmpty && payload[0] == EofPacket.Header && ((capabilities & Capabilities.DeprecateEof) != 0 ? payload.Length < Packet.MaxPayload : payload.Length < 9);

    Outcome OutcomeOf(ReadOnlySpan<byte> payload)
    {
        if (OkPacket.TryParse(payload, capabilities, out var ok))
            return new Outcome(ok.AffectedRows, ok.LastInsertId, ok.Status, ok.Warnings, LastGtidIn(ok.SessionState));
        if (EofPacket.TryParse(payload, out var eof)) return new Outcome(0, 0, eof.Status, eof.Warnings, null);
        throw MalformedPacketException.In("this ends no result", payload, 0);
    }

    static string? LastGtidIn(ReadOnlySpan<byte> state)
    {
        var reader = new SessionStateReader(state);
        string? gtid = null;
        while (reader.TryNext(out var kind, out var name, out var value))
            if (kind == SessionStateKind.SystemVariable && name.SequenceEqual("last_gtid"u8) && !value.IsEmpty) gtid = Encoding.ASCII.GetString(value);
        return gtid;
    }

    // An error is thrown wherever it stands; a progress report only looks like one.
    static bool IsProgress(ReadOnlySpan<byte> payload)
    {
        if (!ErrPacket.TryParse(payload, out var error)) return false;
        return error.IsProgress ? true : throw Errors.Of(error);
    }
}
