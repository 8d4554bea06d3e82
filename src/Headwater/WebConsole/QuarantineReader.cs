using System.Globalization;
using Headwater.Core.Topology;
using Headwater.Servers;

namespace Headwater.WebConsole;

sealed record QuarantineRow(string Origin, string Nr, string Table, string Kind, string Reason, string Statement, string? Before, string? After, string? There);

sealed record RecoveredCount(string Server, string Outcome, long Transactions, long Rows, string Last);

/// <param name="Sentence">Why there is nothing to show, or where it was read.</param>
sealed record QuarantineJson(string Sentence, IReadOnlyList<RecoveredCount> Recovered, IReadOnlyList<QuarantineRow> Rows);

/// <summary>What recovered tails have left on the primary: the ledger in figures, and the rows that were not applied.</summary>
static class QuarantineReader
{
    const int Most = 200;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static async Task<QuarantineJson> ReadAsync(ServerView? primary, ServerLogin? login, CancellationToken ct)
    {
        if (login is null) return new("No account to recover tails by is configured, so there is no quarantine.", [], []);
        if (primary is null) return new("No primary is known; the quarantine is a table there.", [], []);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        try
        {
            await using var connection = await ServerConnection.ConnectAsync(primary.Address, login, patience.Token);
            var there = await connection.QueryAsync("SELECT table_name FROM information_schema.tables WHERE table_schema='headwater' AND table_name IN ('recovered','quarantine')", patience.Token);
            if (there.Rows.Count < 2) return new("Nothing was ever recovered here.", [], []);
            var counts = await connection.QueryAsync("SELECT server, outcome, COUNT(*), SUM(rows_changed), MAX(recovered_at) FROM headwater.recovered GROUP BY server, outcome ORDER BY MAX(recovered_at) DESC", patience.Token);
            var rows = await connection.QueryAsync(string.Create(CultureInfo.InvariantCulture,
                $"SELECT CONCAT(origin_domain,'-',origin_server,'-',origin_sequence), nr, table_name, kind, reason, LEFT(statement,4000), row_before, row_after, row_there FROM headwater.quarantine ORDER BY origin_sequence DESC, nr LIMIT {Most}"), patience.Token);
            return new($"Read on {primary.Id}.",
                [.. counts.Rows.Select(static row => new RecoveredCount(row[0]!, row[1]!, Number(row[2]), Number(row[3]), row[4] ?? ""))],
                [.. rows.Rows.Select(static row => new QuarantineRow(row[0]!, row[1]!, row[2]!, row[3]!, row[4]!, row[5]!, row[6], row[7], row[8]))]);
        }
        catch (Exception trouble) when (trouble is ServerException or ServerUnreachableException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            return new($"{primary.Id} could not be asked: {trouble.Message}", [], []);
        }
    }

    static long Number(string? text) => long.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
