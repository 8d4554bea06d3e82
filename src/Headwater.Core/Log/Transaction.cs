using System.Globalization;
using Headwater.Core.Positions;

namespace Headwater.Core.Log;

/// <summary>The flags of MariaDB's GTID event. Source: https://mariadb.com/kb/en/gtid_event/ .</summary>
[Flags]
public enum TransactionFlags : byte
{
    None = 0,

    /// <summary>One statement that commits by itself.</summary>
    Standalone = 1,
    GroupCommit = 2,

    /// <summary>All its tables can roll back.</summary>
    Transactional = 4,
    AllowParallel = 8,
    Waited = 16,
    Definition = 32,
    XaPrepared = 64,
    XaCompleted = 128,
}

public enum TransactionEnd : byte
{
    Commit,

    /// <summary>Rolled back after it had changed tables that cannot; only those changes stay.</summary>
    Rollback,

    /// <summary>Prepared: a later transaction with the same <see cref="Transaction.Xa"/> says what became of it.</summary>
    XaPrepare,

    /// <summary>A statement that commits by itself.</summary>
    Standalone,
}

/// <summary>The name of an XA transaction.</summary>
public sealed record XaName(uint Format, ReadOnlyMemory<byte> Global, ReadOnlyMemory<byte> Branch)
{
    /// <summary>As XA statements take it.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"X'{Convert.ToHexString(Global.Span)}',X'{Convert.ToHexString(Branch.Span)}',{Format}");
}

/// <summary>One whole transaction of a log. Half ones do not exist: what a crash cut short was never committed.</summary>
public sealed class Transaction
{
    public required Gtid Gtid { get; init; }

    /// <summary>Seconds since 1970 UTC by the clock of the server that ran it first, when its commit began.</summary>
    public required uint Seconds { get; init; }

    /// <summary>0 to 999999; null where the log has none, as for rows before MariaDB 11.</summary>
    public int? Microseconds { get; init; }
    public required TransactionFlags Flags { get; init; }
    public required TransactionEnd End { get; init; }

    /// <summary>Equal for transactions that committed together; null for one that committed alone.</summary>
    public ulong? GroupCommit { get; init; }
    public XaName? Xa { get; init; }

    /// <summary>In the order of the log.</summary>
    public required IReadOnlyList<LoggedChange> Changes { get; init; }

    /// <summary>How many changes of the transaction came in pieces before this one.</summary>
    public int FirstChange { get; init; }

    /// <summary>False for a piece of a large transaction that is not its last: how it ends and its checksum are known with the last one.</summary>
    public bool IsLast { get; init; } = true;

    /// <summary>Its size in the log, headers included.</summary>
    public required long Bytes { get; init; }

    /// <summary>Where its GTID event starts in the log that was read. Read from a server, the offset is known modulo 4 GB.</summary>
    public required LogPlace Start { get; init; }

    /// <summary>The first byte after it.</summary>
    public required LogPlace Next { get; init; }

    /// <summary>
    /// XxHash64 of its GTID and of what it does: schemas, tables, statement texts with their settings, rows with their images. Positions, table
    /// numbers, checksums, compression and the cut of rows into events have no part in it, so that a server's log and its replica's log agree.
    /// </summary>
    public required ulong Checksum { get; init; }

    public override string ToString() => $"{Gtid} ({Changes.Count} changes, {Bytes} bytes)";
}
