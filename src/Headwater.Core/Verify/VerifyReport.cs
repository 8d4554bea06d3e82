using System.Collections.Immutable;

namespace Headwater.Core.Verify;

/// <summary>What a comparison came to.</summary>
public sealed record VerifyReport(string Primary, ImmutableArray<string> Replicas, ImmutableArray<TableReport> Tables, ImmutableArray<string> Troubles, double Seconds, double PausedSeconds)
{
    /// <summary>Everything that was asked for was compared and is the same everywhere, now that what could be mended is.</summary>
    public bool Equal => Troubles.IsEmpty && Tables.All(static table => table.Equal);
    public long Rows => Tables.Sum(static table => table.Rows);
}

/// <summary>One table on all replicas.</summary>
/// <param name="Skipped">Why its rows were not compared; null: they were.</param>
public sealed record TableReport(string Table, long Rows, long Chunks, string? Skipped, ImmutableArray<CopyReport> Copies)
{
    public bool Equal => Copies.All(static copy => copy.Equal);
}

/// <summary>One table on one replica.</summary>
/// <param name="Schema">In what the declarations differ.</param>
/// <param name="Missing">Rows that the replica lacks; the first of them are named in <paramref name="Rows"/>.</param>
/// <param name="Unproven">Ranges that could not be compared, with the reason.</param>
public sealed record CopyReport(string Replica, ImmutableArray<string> Schema, long Missing, long Extra, long Changed, long Mended, ImmutableArray<RowReport> Rows, ImmutableArray<string> Unproven)
{
    public bool Equal => Schema.IsEmpty && Unproven.IsEmpty && Missing + Extra + Changed == Mended;
}

/// <summary>One row that differs.</summary>
/// <param name="Kind">missing, extra or changed.</param>
/// <param name="Mend">The statement that mends the replica, after SET sql_log_bin=0; null where there is none.</param>
/// <param name="Outcome">What applying it came to; null when it was not applied.</param>
public sealed record RowReport(string Kind, string Key, ImmutableArray<ColumnDifference> Columns, string? Mend, string? Outcome);
