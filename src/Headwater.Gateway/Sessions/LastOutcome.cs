using Headwater.Core.Statements;

namespace Headwater.Gateway.Sessions;

/// <summary>
/// What ROW_COUNT(), FOUND_ROWS() and SHOW WARNINGS would say of a session's last statement, as far as its answer told. The backend that ran it
/// knows better, while nobody else has used it; after that this is laid on another, or, where it cannot be, the client is told so.
/// FOUND_ROWS() outlives statements without rows, warnings those without tables (seen on MariaDB 10.11).
/// </summary>
internal readonly record struct LastOutcome(long? RowCount, long? FoundRows, bool MayHaveWarnings)
{
    const long MostLaid = 1_000_000;

    /// <summary>As a login leaves it.</summary>
    public static readonly LastOutcome None = new(-1, 0, false);

    public LastOutcome After(StatementFacts facts, in Outcome outcome, bool failed)
    {
        var warnings = failed || outcome.Warnings > 0 || (MayHaveWarnings && ((facts.Needs & Needs.LastOutcome) != 0 || facts.Tables.IsEmpty));
        if (failed) return new(-1, facts.IsPlainRead ? null : FoundRows, warnings);
        if ((facts.Needs & (Needs.Multiple | Needs.Opaque)) != 0) return new(null, null, true);
        if (!outcome.IsResultSet) return new((long)outcome.AffectedRows, facts.Kind == StatementKind.Select ? null : FoundRows, warnings);
        var counted = facts.Kind is StatementKind.Select or StatementKind.Show && (facts.Needs & Needs.CalculatesFoundRows) == 0;
        return new(-1, counted ? outcome.Rows : null, warnings);
    }

    /// <summary>The statements that make a backend answer as the one did that is gone. False: none do.</summary>
    public bool TryStatements(Needs needs, out string? select, out string? then)
    {
        (select, then) = (null, null);
        var (row, found) = ((needs & Needs.AsksRowCount) != 0, (needs & Needs.AsksFoundRows) != 0);
        if (!row && !found)
        {
            then = "DO 0";
            return !MayHaveWarnings;
        }
        if (row && RowCount is null or > 0 || found && FoundRows is null or > MostLaid) return false;
        select = found ? Finding(FoundRows!.Value) : "SELECT 1";
        if (row && RowCount == 0) then = "DO 0";
        return true;
    }

    // Needs no table, so every user may: https://mariadb.com/kb/en/json_table/ .
    static string Finding(long rows) => rows switch
    {
        0 => "SELECT 1 FROM DUAL WHERE 0",
        1 => "SELECT 1",
        _ => $"SELECT SQL_CALC_FOUND_ROWS 1 FROM JSON_TABLE(CONCAT('[0', REPEAT(',0', {rows - 1}), ']'), '$[*]' COLUMNS (i INT PATH '$')) t LIMIT 0",
    };
}
