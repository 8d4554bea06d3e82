using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Core.Recovery;
using Headwater.Servers;

namespace Headwater.Control.Recovery;

/// <summary>What was done about one transaction.</summary>
sealed record Outcome(string Word, string Reason, bool Earlier = false);

/// <summary>
/// Brings transactions of a tail to the primary, one by one in their order: each with its ledger row in one transaction there, or whole into quarantine.
///
/// First as if nothing had changed meanwhile: statements that touch a row only where it is byte for byte what it was. Where one of them touches
/// nothing, all is rolled back and looked at row by row, to say what stands there instead.
/// </summary>
sealed class Replay(ServerConnection primary, TableFactsLookup tables, string server, bool dryRun)
{
    const int MostAttempts = 5, InsertBytes = 64 << 10, InsertRows = 500;
    const ushort Deadlock = 1213, LockWaitTimeout = 1205;

    // An account that may rewind may also write where read_only is on; a primary that is handing over must not get one more commit by it.
    const string StillPrimary = "BEGIN NOT ATOMIC IF @@global.read_only THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the primary has become read_only'; END IF; END; ";
    readonly StringBuilder _sql = new();
    readonly Batch _batch = new();
    bool _isKnown;
    (Gtid Origin, ulong Checksum, string New)? _last;

    public async Task BeginAsync(CancellationToken ct)
    {
        if (!dryRun && (await primary.QueryAsync("SELECT @@global.read_only", ct)).Scalar != "0") throw new InvalidOperationException($"{primary} leads to a server that is read_only");
        await primary.QueryAsync(RecoverySql.ApplySession, ct);
        await primary.QueryMultiAsync("SET SESSION innodb_lock_wait_timeout=5, SESSION lock_wait_timeout=5; SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", ct);
        if (!dryRun) await Ledger.CreateAsync(primary, ct);
        var hasLedger = !dryRun || await Ledger.ExistsAsync(primary, ct);
        _isKnown = hasLedger && await Ledger.HasAnyOfAsync(primary, server, ct);
        if (dryRun) await primary.QueryAsync("BEGIN", ct);
    }

    // A dry run does all of it in one transaction that is rolled back at its end: a later transaction of the tail then sees what the earlier ones did.
    string Begin => dryRun ? "SAVEPOINT tail" : "BEGIN";
    string Back => dryRun ? "ROLLBACK TO SAVEPOINT tail" : "ROLLBACK";

    public async Task<Outcome> TakeAsync(Transaction transaction, TailLabel label, string? setAside, CancellationToken ct)
    {
        if (_isKnown && await Ledger.FindAsync(primary, transaction, ct) is { } known) return new Outcome(known, "an earlier run", Earlier: true);
        if (setAside is not null) return await QuarantineAsync(transaction, label, setAside, [], ct);
        if (Obstacle.Of(transaction, tables) is { } obstacle) return await QuarantineAsync(transaction, label, obstacle, [], ct);
        for (var attempt = 1; ; attempt++)
            try
            {
                return await ApplyAsync(transaction, label, ct) ?? await LookAsync(transaction, label, ct);
            }
            catch (ServerException e) when (!dryRun && e.Code is Deadlock or LockWaitTimeout && attempt < MostAttempts)
            {
                // Clients write meanwhile.
                await primary.QueryAsync("ROLLBACK", ct);
            }
    }

    /// <summary>Null, with nothing done, when a row is not as it was.</summary>
    async Task<Outcome?> ApplyAsync(Transaction transaction, TailLabel label, CancellationToken ct)
    {
        _batch.Clear();
        _batch.Add(Begin, 0);
        if (!dryRun) _batch.Add(Ledger.Insert(transaction, server, label, Ledger.Applied, Rows(transaction), ""), 1);
        var right = true;
        try
        {
            foreach (var change in transaction.Changes)
                if (change is LoggedRows rows)
                {
                    var facts = tables(rows.Table.Schema, rows.Table.Name)!;
                    for (var i = 0; i < rows.Count && right;)
                    {
                        i += Statement(rows, i, facts);
                        if (_batch.IsFull) right = await _batch.RunAsync(primary, ct);
                    }
                }
            right = right && await _batch.RunAsync(primary, ct);
        }
        catch (ServerException e) when (e.Code is not (Deadlock or LockWaitTimeout))
        {
            right = false;
        }
        if (!right)
        {
            await primary.QueryAsync(Back, ct);
            return null;
        }
        if (!dryRun) await CommitAsync(transaction, ct);
        return new Outcome(Ledger.Applied, "");
    }

    // As many rows as go into one statement; their number.
    int Statement(LoggedRows rows, int first, TableFacts facts)
    {
        _sql.Clear();
        if (rows.Kind != RowKind.Insert)
        {
            RecoverySql.Redo(_sql, rows[first], facts);
            _batch.Add(_sql.ToString(), RecoverySql.Changes(rows[first], facts));
            return 1;
        }
        RecoverySql.InsertHead(_sql, rows.Table, facts);
        var count = 0;
        while (first + count < rows.Count && count < InsertRows && _sql.Length < InsertBytes)
        {
            if (count > 0) _sql.Append(',');
            RecoverySql.Values(_sql, rows[first + count].After, facts);
            count++;
        }
        _batch.Add(_sql.ToString(), (ulong)count);
        return count;
    }

    /// <summary>Row by row, each applied as far as it can be, so that the next one sees what it would see; then all of it or nothing.</summary>
    async Task<Outcome> LookAsync(Transaction transaction, TailLabel label, CancellationToken ct)
    {
        int clean = 0, there = 0, conflicts = 0;
        var first = "";
        var found = new Dictionary<long, (string Reason, string? There)>();
        await primary.QueryAsync(Begin, ct);
        long nr = 0;
        foreach (var change in transaction.Changes)
            if (change is LoggedRows rows)
            {
                var facts = tables(rows.Table.Schema, rows.Table.Name)!;
                for (var i = 0; i < rows.Count; i++, nr++)
                {
                    var (verdict, reason, stands) = await LookAsync(rows[i], facts, ct);
                    if (verdict == RowVerdict.Clean) clean++;
                    else if (verdict == RowVerdict.AlreadyThere) there++;
                    else if (conflicts++ == 0) first = $"{rows.Table}: {reason}";
                    found[nr] = (reason, verdict == RowVerdict.Clean ? null : stands);
                }
            }
        var (judged, why) = RowJudgement.Of(clean, there, conflicts, first);
        switch (judged)
        {
            case RowVerdict.Clean when !dryRun:
                await primary.QueryAsync(Ledger.Insert(transaction, server, label, Ledger.Applied, Rows(transaction), ""), ct);
                await CommitAsync(transaction, ct);
                return new Outcome(Ledger.Applied, "");
            case RowVerdict.AlreadyThere when !dryRun:
                // Its locks hold until the ledger says so.
                await primary.QueryAsync(Ledger.Insert(transaction, server, label, Ledger.AlreadyThere, 0, why), ct);
                await CommitAsync(transaction, ct);
                return new Outcome(Ledger.AlreadyThere, why);
        }
        if (judged != RowVerdict.Conflict) return new Outcome(judged == RowVerdict.Clean ? Ledger.Applied : Ledger.AlreadyThere, why);
        await primary.QueryAsync(Back, ct);
        return await QuarantineAsync(transaction, label, why, found, ct);
    }

    async Task<(RowVerdict Verdict, string Reason, string? There)> LookAsync(LoggedRow row, TableFacts facts, CancellationToken ct)
    {
        var kind = row.Rows.Kind;
        var sought = kind == RowKind.Insert ? row.After : row.Before;
        if (!facts.HasPrimaryKey)
        {
            // Without a key a row is itself by all it has, and one more of the same is no conflict.
            if (kind != RowKind.Insert && !await AnyAsync(sought, facts, ct)) return (RowVerdict.Conflict, "no such row is there any more", null);
            return await ChangeAsync(row, facts, ct);
        }
        var (standing, there) = await StandingAsync(sought, kind == RowKind.Update ? row.After : null, facts, kind == RowKind.Insert, ct);
        if (kind == RowKind.Update && RecoverySql.Moves(row, facts))
        {
            var (target, other) = await StandingAsync(row.After, null, facts, true, ct);
            if (standing == RowStanding.Missing && target == RowStanding.AsAfter) return (RowVerdict.AlreadyThere, "the row is as it would become", other);
            if (target != RowStanding.Missing) return (RowVerdict.Conflict, "another row has its new key", other);
        }
        var (verdict, reason) = RowJudgement.Of(kind, standing);
        return verdict == RowVerdict.Clean ? await ChangeAsync(row, facts, ct) : (verdict, reason, there);
    }

    // A conflict that only the server can name: a unique key, a foreign key, a check.
    async Task<(RowVerdict, string, string?)> ChangeAsync(LoggedRow row, TableFacts facts, CancellationToken ct)
    {
        _sql.Clear();
        RecoverySql.Redo(_sql, row, facts);
        try
        {
            var done = await primary.QueryAsync(_sql.ToString(), ct);
            return done.AffectedRows == RecoverySql.Changes(row, facts) ? (RowVerdict.Clean, "", null) : (RowVerdict.Conflict, "the row is not as it was before", null);
        }
        catch (ServerException e) when (e.Code is not (Deadlock or LockWaitTimeout))
        {
            return (RowVerdict.Conflict, $"the primary refuses it: {e.Message}", null);
        }
    }

    async Task<bool> AnyAsync(RowImage image, TableFacts facts, CancellationToken ct)
    {
        _sql.Clear().Append("SELECT 1 FROM ");
        RowSql.Target(_sql, image.Table);
        _sql.Append(" WHERE ");
        RecoverySql.Exactly(_sql, image, facts);
        return (await primary.QueryAsync(_sql.Append(" LIMIT 1 FOR UPDATE").ToString(), ct)).Rows.Count > 0;
    }

    async Task<(RowStanding, string? There)> StandingAsync(RowImage key, RowImage? after, TableFacts facts, bool isAfter, CancellationToken ct)
    {
        _sql.Clear().Append("SELECT (");
        RecoverySql.Exactly(_sql, key, facts);
        _sql.Append("),(");
        if (after is { } changed) RecoverySql.Exactly(_sql, changed, facts);
        else _sql.Append("FALSE");
        _sql.Append(')');
        foreach (var column in key.Table.Columns)
        {
            _sql.Append(',');
            var isBytes = facts.Columns[column.Ordinal].Charset is null && column.Type is LoggedType.Text or LoggedType.FixedText or LoggedType.Geometry or LoggedType.Bit;
            if (isBytes) _sql.Append("HEX(");
            RowSql.Name(_sql, column.Name!);
            if (isBytes) _sql.Append(')');
        }
        _sql.Append(" FROM ");
        RowSql.Target(_sql, key.Table);
        _sql.Append(" WHERE ");
        RecoverySql.Key(_sql, key, facts);
        var result = await primary.QueryAsync(_sql.Append(" FOR UPDATE").ToString(), ct);
        if (result.Rows.Count == 0) return (RowStanding.Missing, null);
        var row = result.Rows[0];
        return (row[0] == "1" ? isAfter ? RowStanding.AsAfter : RowStanding.AsBefore : row[1] == "1" ? RowStanding.AsAfter : RowStanding.Other, There(key.Table, row));
    }

    static string There(LoggedTable table, string?[] row) => Json(json =>
    {
        json.WriteStartObject();
        for (var i = 0; i < table.Columns.Count; i++) json.WriteString(table.Columns[i].Name!, row[i + 2]);
        json.WriteEndObject();
    });

    static string Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer)) write(json);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    async Task<Outcome> QuarantineAsync(Transaction transaction, TailLabel label, string reason, Dictionary<long, (string Reason, string? There)> found, CancellationToken ct)
    {
        var outcome = new Outcome(Ledger.Quarantined, reason);
        if (dryRun) return outcome;
        _batch.Clear();
        _batch.Add("BEGIN", 0);
        _batch.Add(Ledger.Insert(transaction, server, label, Ledger.Quarantined, 0, reason), 1);
        var right = true;
        long nr = 0;
        foreach (var change in transaction.Changes)
        {
            if (change is LoggedRows rows)
                for (var i = 0; i < rows.Count; i++, nr++)
                {
                    var row = rows[i];
                    string statement;
                    try
                    {
                        statement = RowSql.Of(row);
                    }
                    catch (InvalidOperationException e)
                    {
                        statement = "-- " + e.Message;
                    }
                    var (why, there) = found.GetValueOrDefault(nr, ("", null));
                    right &= await AddAsync(rows.Table.ToString(), rows.Kind.ToString().ToLowerInvariant(), why, statement,
                        rows.Kind == RowKind.Insert ? null : Json(json => RowJson.Write(json, row.Before)), rows.Kind == RowKind.Delete ? null : Json(json => RowJson.Write(json, row.After)), there);
                }
            else
                right &= await AddAsync("", "statement", "", change is LoggedStatement said ? string.Join(";\n", [.. said.Settings, said.ToString()]) : change.ToString()!, null, null, null);
            if (change is not LoggedRows) nr++;
        }
        if (!(right && await _batch.RunAsync(primary, ct))) throw new InvalidOperationException($"{transaction.Gtid} could not be put into quarantine");
        await CommitAsync(transaction, ct);
        return outcome;

        async Task<bool> AddAsync(string table, string kind, string why, string statement, string? before, string? after, string? there)
        {
            _batch.Add(string.Create(CultureInfo.InvariantCulture,
                $"INSERT INTO headwater.quarantine VALUES ({Ledger.Key(transaction)},{nr},{Sql.Text(table)},'{kind}',{Sql.Text(why)},{Sql.Text(statement)},{Sql.Text(before)},{Sql.Text(after)},{Sql.Text(there)})"), 1);
            return !_batch.IsFull || await _batch.RunAsync(primary, ct);
        }
    }

    async Task CommitAsync(Transaction transaction, CancellationToken ct)
    {
        // A transaction learns its own GTID only when it is over, so the next one writes it down.
        var note = _last is { } last ? Ledger.Note(last.Origin, last.Checksum, last.New) + "; " : "";
        var done = await primary.QueryMultiAsync(note + StillPrimary + "COMMIT; SELECT @@last_gtid", ct);
        _last = (transaction.Gtid, transaction.Checksum, done[^1].Scalar ?? "");
    }

    /// <summary>The ledger's last new GTID; the others' came with the transactions behind them.</summary>
    public async Task FinishAsync(CancellationToken ct)
    {
        if (dryRun) await primary.QueryAsync("ROLLBACK", ct);
        else if (_last is { } last) await primary.QueryAsync(Ledger.Note(last.Origin, last.Checksum, last.New), ct);
    }

    static long Rows(Transaction transaction) => transaction.Changes.OfType<LoggedRows>().Sum(static rows => (long)rows.Count);
}
