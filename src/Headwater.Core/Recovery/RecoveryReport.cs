using System.Globalization;
using System.Text;

namespace Headwater.Core.Recovery;

/// <summary>One transaction of a tail that was not simply applied.</summary>
public sealed record NotApplied(string Origin, string Label, string Outcome, string Reason);

/// <summary>A table that was compared between the primary and the server that has come back.</summary>
public sealed record ComparedTable(string Table, long RowsThere, long RowsHere, int Chunks, int DifferentChunks);

/// <summary>What became of a tail, for people and programs.</summary>
public sealed record RecoveryReport
{
    public const int MostListed = 50;

    /// <summary>The rule of the finding that tells how far it has come.</summary>
    public const string Progress = "recovering";

    public required string Server { get; init; }
    public required string Primary { get; init; }
    public required bool DryRun { get; init; }

    /// <summary>The last position that both histories have.</summary>
    public string CommonEnd { get; init; } = "";
    public string First { get; init; } = "";
    public string Last { get; init; } = "";
    public long Transactions { get; init; }
    public long Bytes { get; init; }
    public long Acknowledged { get; init; }
    public long Unknown { get; init; }
    public long NeverAcknowledged { get; init; }

    /// <summary>False: the tail was saved and nothing else was done; <see cref="Choice"/> says why.</summary>
    public bool Went { get; init; }
    public string Choice { get; init; } = "";
    public long Applied { get; init; }
    public long AlreadyThere { get; init; }

    /// <summary>In quarantine on the primary, with the reason of each.</summary>
    public long Quarantined { get; init; }

    /// <summary>Of all of these, how many an earlier run had dealt with.</summary>
    public long EarlierRun { get; init; }

    /// <summary>The first few that were not simply applied; all of them are in headwater.quarantine.</summary>
    public IReadOnlyList<NotApplied> Listed { get; init; } = [];
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>Where the tail waits to be brought to the primary: its server was needed first, to acknowledge that. Null: it was brought there before.</summary>
    public string? OpenTail { get; init; }

    /// <summary>Every transaction of the tail is in the ledger.</summary>
    public bool Complete { get; init; }
    public bool Rewound { get; init; }

    /// <summary>It follows the primary again.</summary>
    public bool Rejoined { get; init; }
    public string Return { get; init; } = "";
    public IReadOnlyList<ComparedTable> Compared { get; init; } = [];
    /// <summary>It was compared and is not what the primary is: nobody lets it follow but an operator.</summary>
    public bool Differs => Compared.Any(static table => table.DifferentChunks > 0 || table.RowsHere != table.RowsThere);
    public string ComparedAt { get; init; } = "";
    public double Seconds { get; init; }

    /// <summary>What ended it before its end; null when it came to its end.</summary>
    public string? Trouble { get; init; }

    public string ToText()
    {
        var text = new StringBuilder();
        void Line(string format) => text.Append(format).Append('\n');
        var invariant = CultureInfo.InvariantCulture;
        Line(string.Create(invariant, $"tail of {Server}: {Transactions} transactions, {Bytes / 1e6:0.0} MB, that {Primary} has not{(Transactions > 0 ? $", {First} to {Last}, behind {CommonEnd}" : "")}"));
        Line($"  labels: {new TailCounts(Acknowledged, Unknown, NeverAcknowledged)}");
        if (Choice.Length > 0) Line($"  {(Went ? DryRun ? "would be brought back" : "brought back" : "left as it is")}: {Choice}");
        if (OpenTail is not null) Line($"  to be brought back when {Server} follows, as nobody else can acknowledge it: {OpenTail}");
        else if (Went) Line($"  {(DryRun ? "would be " : "")}applied {Applied}, already there {AlreadyThere}, in quarantine {Quarantined}{(EarlierRun > 0 ? $"; {EarlierRun} of them by an earlier run" : "")}");
        foreach (var one in Listed) Line($"    {one.Origin} ({one.Label}): {one.Outcome}: {one.Reason}");
        if (Quarantined > Listed.Count && Listed.Count > 0) Line($"    and {Quarantined - Listed.Count} more: SELECT * FROM headwater.quarantine");
        foreach (var file in Files) Line($"  saved in {file}");
        if (Went && !DryRun && OpenTail is null) Line($"  ledger: {(Complete ? "complete" : "NOT COMPLETE")}");
        if (Return.Length > 0) Line($"  {Return}");
        foreach (var table in Compared)
            Line($"  {table.Table}: {table.RowsThere} rows on {Primary}, {table.RowsHere} on {Server}, {table.Chunks} chunks of touched rows, {(table.DifferentChunks == 0 && table.RowsThere == table.RowsHere ? "equal" : $"{table.DifferentChunks} DIFFERENT")}");
        if (ComparedAt.Length > 0) Line($"  compared at {ComparedAt}");
        if (Trouble is not null) Line($"  ENDED EARLY: {Trouble}");
        Line(string.Create(invariant, $"  {Seconds:0.0} s"));
        return text.ToString();
    }
}
