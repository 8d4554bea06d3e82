namespace Headwater.Wire.MySql;

/// <summary>What an entry of an OK packet's session state is about.</summary>
public enum SessionStateKind : byte
{
    SystemVariable = 0,
    Schema = 1,
    StateChange = 2,
    Gtids = 3,
    TransactionCharacteristics = 4,
    TransactionState = 5,
}

/// <summary>
/// Walks the session state of an OK packet. Source: https://mariadb.com/kb/en/ok_packet/#session-state-info .
///
/// Oddity: MariaDB puts several name/value pairs into one system-variable entry; each is yielded as its own.
/// It never throws: what cannot be read ends the walk with <see cref="Malformed"/> set, because the statement itself did succeed.
/// </summary>
public ref struct SessionStateReader(ReadOnlySpan<byte> state)
{
    ReadOnlySpan<byte> _left = state;
    ReadOnlySpan<byte> _variables;

    public bool Malformed { get; private set; }

    /// <summary>
    /// <paramref name="name"/> is empty except for system variables. For <see cref="SessionStateKind.Gtids"/> (MySQL) the value is the GTID text,
    /// its encoding byte removed.
    /// </summary>
    public bool TryNext(out SessionStateKind kind, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        kind = default;
        name = default;
        value = default;
        while (true)
        {
            if (!_variables.IsEmpty)
            {
                kind = SessionStateKind.SystemVariable;
                return TryTake(_variables, out name, out _variables) && TryTake(_variables, out value, out _variables) || Broken();
            }
            if (_left.IsEmpty) return false;
            kind = (SessionStateKind)_left[0];
            _left = _left[1..];
            if (!TryTake(_left, out var data, out _left)) return Broken();
            switch (kind)
            {
                case SessionStateKind.SystemVariable:
                    _variables = data;
                    continue;
                case SessionStateKind.Gtids:
                    if (data.IsEmpty) return Broken();
                    return TryTake(data[1..], out value, out _) || Broken();
                case SessionStateKind.Schema or SessionStateKind.StateChange or SessionStateKind.TransactionCharacteristics or SessionStateKind.TransactionState:
                    return TryTake(data, out value, out _) || Broken();
                default:
                    continue; // an entry that this version does not know is skipped by its length
            }
        }
    }

    bool Broken()
    {
        Malformed = true;
        _left = default;
        _variables = default;
        return false;
    }

    static bool TryTake(ReadOnlySpan<byte> from, out ReadOnlySpan<byte> taken, out ReadOnlySpan<byte> left)
    {
        taken = default;
        left = default;
        if (from.IsEmpty) return false;
        ulong length = from[0];
        var header = 1;
        switch (from[0])
        {
            case < 0xFB: break;
            case 0xFC when from.Length >= 3:
                length = (ulong)(from[1] | from[2] << 8);
                header = 3;
                break;
            case 0xFD when from.Length >= 4:
                length = (ulong)(from[1] | from[2] << 8 | from[3] << 16);
                header = 4;
                break;
            case 0xFE when from.Length >= 9:
                length = System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(from[1..]);
                header = 9;
                break;
            default: return false;
        }
        if (length > (ulong)(from.Length - header)) return false;
        taken = from.Slice(header, (int)length);
        left = from[(header + (int)length)..];
        return true;
    }
}
