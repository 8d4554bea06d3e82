namespace Headwater.Wire.MySql;

/// <summary>The status bits of OK and EOF packets. Source: https://mariadb.com/kb/en/ok_packet/#server-status-flag .</summary>
[Flags]
public enum ServerStatus : ushort
{
    None = 0,
    InTransaction = 0x0001,
    Autocommit = 0x0002,
    MoreResults = 0x0008,
    NoGoodIndex = 0x0010,
    NoIndex = 0x0020,
    CursorExists = 0x0040,
    LastRowSent = 0x0080,
    DbDropped = 0x0100,
    NoBackslashEscapes = 0x0200,
    MetadataChanged = 0x0400,
    QueryWasSlow = 0x0800,
    PsOutParams = 0x1000,
    InTransactionReadOnly = 0x2000,
    SessionStateChanged = 0x4000,
    AnsiQuotes = 0x8000,
}
