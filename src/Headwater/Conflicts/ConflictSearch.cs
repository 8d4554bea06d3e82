using System.Collections.Immutable;
using System.Globalization;
using Headwater.Control;
using Headwater.Core;
using Headwater.Core.Conflicts;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Servers;
using Headwater.Verify;
using Headwater.Wire.MySql.Binlog;

namespace Headwater.Conflicts;

/// <summary>
/// Reads the logs of all servers and finds rows that two of them changed at once. Each transaction is compared as its writer logged it and as each other server did; one
/// transaction of each log at a time is in memory. Needs REPLICATION SLAVE, and SELECT on tables whose replication has stopped.
/// </summary>
sealed class ConflictSearch(IReadOnlyList<ServerDoor> doors, Position from, TimeProvider time)
{
    const long TellEach = 100;
    readonly ImmutableArray<RowConflict>.Builder _conflicts = ImmutableArray.CreateBuilder<RowConflict>();
    readonly ImmutableArray<string>.Builder _troubles = ImmutableArray.CreateBuilder<string>();

    /// <summary>What was passed over, by the sentence that says so.</summary>
    readonly Dictionary<string, long> _passed = [];
    long _compared;
    volatile Underway _at = new("the servers are being looked at");

    /// <summary>How far it has come; from any thread.</summary>
    public Underway Now => _at;

    /// <summary>A server with the number and domain by which its own transactions are known.</summary>
    sealed record Source(ServerDoor Door, uint Number, uint Domain, TableLookup Shapes);

    public async Task<ConflictReport> RunAsync(CancellationToken ct)
    {
        var sources = new List<Source>();
        foreach (var door in doors)
            await TryAsync(door.Name, async () => sources.Add(await OfAsync(door, ct)));
        foreach (var writer in sources)
            foreach (var other in sources.Where(other => other != writer))
                await TryAsync($"{other.Door.Name} against {writer.Door.Name}", () => CompareAsync(writer, other, ct));
        foreach (var stopped in sources)
            await TryAsync(stopped.Door.Name, () => LookAtStoppedAsync(stopped, sources, ct));
        foreach (var (what, count) in _passed.OrderBy(static pair => pair.Key, StringComparer.Ordinal)) _troubles.Add(string.Create(CultureInfo.InvariantCulture, $"{count:N0} transactions {what}"));
        return new ConflictReport(_compared, _conflicts.ToImmutable(), _troubles.ToImmutable());
    }

    async Task TryAsync(string what, Func<Task> search)
    {
        try
        {
            await search();
        }
        catch (Exception trouble) when (trouble is ServerException or ServerUnreachableException or BinlogException)
        {
            _troubles.Add($"{what}: {trouble.Message}");
        }
    }

    static async Task<Source> OfAsync(ServerDoor door, CancellationToken ct)
    {
        await using var connection = await ServerConnection.ConnectAsync(door.Address, door.Reader, ct);
        var row = (await connection.QueryAsync("SELECT @@global.server_id, @@global.gtid_domain_id", ct)).Rows[0];
        return new Source(door, uint.Parse(row[0]!, CultureInfo.InvariantCulture), uint.Parse(row[1]!, CultureInfo.InvariantCulture), await TableShapes.ReadAsync(connection, ct));
    }

    async IAsyncEnumerable<Transaction> LogAsync(Source of, Position begin, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        var connection = await ServerConnection.ConnectAsync(of.Door.Address, of.Door.Reader, ct);
        if (begin.IsEmpty) begin = await OldestAsync(connection, ct);
        await foreach (var transaction in BinlogStream.ReadAsync(connection, begin, new BinlogOptions { StopAtEnd = true, Lookup = of.Shapes }, ct)) yield return transaction;
    }

    /// <summary>Where the oldest file that the server still has begins: from the very beginning it gives nothing once a file was purged.</summary>
    static async Task<Position> OldestAsync(ServerConnection connection, CancellationToken ct)
    {
        var oldest = (await connection.QueryAsync("SHOW BINARY LOGS", ct)).Rows[0][0]!;
        var begins = (await connection.QueryAsync($"SELECT BINLOG_GTID_POS('{oldest.Replace("'", "''", StringComparison.Ordinal)}', 4)", ct)).Scalar;
        return Position.TryParse(begins ?? "", out var position) ? position : Position.Empty;
    }

    void Pass(string what) => _passed[what] = _passed.GetValueOrDefault(what) + 1;

    /// <summary>In both logs the writer's transactions stand in the same order, so the two are walked side by side.</summary>
    async Task CompareAsync(Source writer, Source other, CancellationToken ct)
    {
        await using var wrote = WrittenBy(writer, LogAsync(writer, from, ct)).GetAsyncEnumerator(ct);
        await using var applied = WrittenBy(writer, LogAsync(other, from, ct)).GetAsyncEnumerator(ct);
        var doing = $"what {writer.Door.Name} wrote is being compared with what {other.Door.Name} made of it";
        var pace = Pace.Begin(WorkUnit.Transactions, time.Now(), _compared);
        _at = new Underway(doing, pace);
        if (!await wrote.MoveNextAsync() || !await applied.MoveNextAsync()) return;
        var hasBegun = false;
        while (true)
        {
            var (one, same) = (wrote.Current, applied.Current);
            if (one.Gtid.Sequence == same.Gtid.Sequence)
            {
                hasBegun = true;
                _conflicts.AddRange(RowConflict.Between(one, same, writer.Door.Name, other.Door.Name));
                if ((RowConflict.WhyNot(one) ?? RowConflict.WhyNot(same)) is { } not) Pass($"of {writer.Door.Name} were not compared: {not}");
                else if (++_compared % TellEach == 0) _at = new Underway(doing, pace = pace.At(_compared, time.Now()));
            }
            // One log may begin later than the other; in the midst of both, something was skipped.
            else if (hasBegun) Pass($"of {writer.Door.Name} are in the log of {(one.Gtid.Sequence < same.Gtid.Sequence ? writer : other).Door.Name} and were never applied at {(one.Gtid.Sequence < same.Gtid.Sequence ? other : writer).Door.Name}");
            if (one.Gtid.Sequence <= same.Gtid.Sequence && !await wrote.MoveNextAsync() || one.Gtid.Sequence >= same.Gtid.Sequence && !await applied.MoveNextAsync()) return;
        }
    }

    static async IAsyncEnumerable<Transaction> WrittenBy(Source writer, IAsyncEnumerable<Transaction> log)
    {
        await foreach (var transaction in log)
            if (transaction.Gtid.Server == writer.Number && transaction.Gtid.Domain == writer.Domain) yield return transaction;
    }

    /// <summary>What replication stands before, and the rows that it would meet.</summary>
    async Task LookAtStoppedAsync(Source here, IReadOnlyList<Source> sources, CancellationToken ct)
    {
        await using var connection = await ServerConnection.ConnectAsync(here.Door.Address, here.Door.Reader, ct);
        var status = await connection.QueryAsync("SHOW ALL SLAVES STATUS", ct);
        for (var row = 0; row < status.Rows.Count; row++)
        {
            if (status.Value(row, "Slave_SQL_Running") == "Yes" || status.Value(row, "Last_SQL_Error") is not { Length: > 0 } error) continue;
            if (sources.FirstOrDefault(source => source.Number.ToString(CultureInfo.InvariantCulture) == status.Value(row, "Master_Server_Id")) is not { } source)
            {
                _troubles.Add($"{here.Door.Name} has stopped, and the server that it follows is not known here: {error}");
                continue;
            }
            _ = Position.TryParse((await connection.QueryAsync("SELECT @@global.gtid_slave_pos", ct)).Scalar ?? "", out var applied);
            await connection.QueryAsync(RowSql.Session, ct);
            var before = _conflicts.Count;
            await foreach (var transaction in LogAsync(source, applied, ct))
            {
                if (transaction.Gtid.Server == here.Number) continue; // its own, come round
                foreach (var change in RowConflict.Rows(transaction))
                    if (await MetAsync(connection, change, ct) is { } met && (met.Length > 0) == (change.Rows.Kind == RowKind.Insert))
                        _conflicts.Add(new RowConflict(transaction.Gtid.ToString(), transaction.Seconds, NameOf(transaction.Gtid.Server, sources), here.Door.Name, change.Rows.Table.ToString(), "stopped",
                            change.Rows.Kind == RowKind.Insert ? "" : RowConflict.Text(change.Before), met, change.Rows.Kind == RowKind.Delete ? "" : RowConflict.Text(change.After)));
                break;
            }
            if (_conflicts.Count == before) _troubles.Add($"{here.Door.Name} has stopped, and no row with the same key says why: {error}");
        }
    }

    static string NameOf(uint number, IReadOnlyList<Source> sources) => sources.FirstOrDefault(source => source.Number == number)?.Door.Name ?? string.Create(CultureInfo.InvariantCulture, $"server {number}");

    /// <summary>The row that has the change's key; empty when there is none, null where the table has no key to look by.</summary>
    static async Task<string?> MetAsync(ServerConnection connection, LoggedRow change, CancellationToken ct)
    {
        var image = change.Rows.Kind == RowKind.Insert ? change.After : change.Before;
        var table = image.Table;
        if (!table.HasPrimaryKey || !table.HasNames || table.Columns.Any(column => column.InPrimaryKey && !image.Has(column.Ordinal))) return null;
        var found = await connection.QueryAsync(RowSql.Find(image), ct);
        if (found.Rows.Count == 0) return "";
        var isNumber = table.Columns.ToDictionary(static column => column.Name!, static column => column.Type is LoggedType.Integer or LoggedType.Decimal or LoggedType.Float or LoggedType.Double or LoggedType.Year);
        return string.Join(", ", found.Columns.Select((name, index) => $"{name}={(found.Rows[0][index] is not { } value ? "NULL" : isNumber.GetValueOrDefault(name) ? value : $"'{value.Replace("'", "''", StringComparison.Ordinal)}'")}"));
    }
}
