namespace Headwater.Wire.MySql.Binlog;

/// <summary>Why a log cannot be read on.</summary>
public enum BinlogTrouble : byte
{
    /// <summary>The files that hold the wanted position are gone.</summary>
    Purged,

    /// <summary>The log has another transaction where the wanted position stands: two histories.</summary>
    Diverged,

    /// <summary>The log ends before the wanted position.</summary>
    Behind,

    /// <summary>The log is encrypted, and its key is the server's.</summary>
    Encrypted,

    /// <summary>Bytes that no MariaDB server writes, or a checksum that is wrong.</summary>
    Damaged,

    /// <summary>The server says that its log lacks events.</summary>
    Incomplete,

    /// <summary>The log is of a kind that is not read here, such as MySQL's.</summary>
    Unsupported,

    /// <summary>The server does not give its log, or there is none.</summary>
    Unavailable,
}

/// <summary>A log cannot be read on, and why. Nothing that came before is in doubt.</summary>
public sealed class BinlogException(BinlogTrouble trouble, string message, Exception? cause = null) : Exception(message, cause)
{
    public BinlogTrouble Trouble { get; } = trouble;
}
