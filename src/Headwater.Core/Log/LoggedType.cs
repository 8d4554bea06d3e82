namespace Headwater.Core.Log;

/// <summary>
/// How the bytes of a logged value are to be read. Numbers in these bytes are little-endian for integers and floats, big-endian for the rest,
/// as the server's storage formats are. Source: https://mariadb.com/kb/en/rows_event_v1v2/ .
/// </summary>
public enum LoggedType : byte
{
    /// <summary>Two's complement or unsigned, 1, 2, 3, 4 or 8 bytes.</summary>
    Integer,
    Float,
    Double,

    /// <summary>Packed decimal: see <see cref="PackedDecimal"/>.</summary>
    Decimal,
    Bit,

    /// <summary>The member's number from 1; 0 is the error value.</summary>
    Enum,

    /// <summary>One bit a member, the first one lowest.</summary>
    Set,

    /// <summary>One byte: years since 1900, or 0.</summary>
    Year,
    Date,
    Time,
    DateTime,

    /// <summary>Seconds since 1970 UTC with a fraction.</summary>
    Timestamp,

    /// <summary>TIME as servers before 10.1 stored it (and later ones with mysql56_temporal_format=OFF), without a fraction.</summary>
    OldTime,
    OldDateTime,
    OldTimestamp,

    /// <summary>CHAR or BINARY of a fixed length, without the padding at its end; also UUID, INET4 and INET6.</summary>
    FixedText,

    /// <summary>VARCHAR, VARBINARY, TEXT, BLOB, JSON.</summary>
    Text,

    /// <summary>Four bytes of SRID, then WKB, as a SELECT gives it.</summary>
    Geometry,
    Null,
}
