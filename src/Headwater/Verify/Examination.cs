using System.Collections.Immutable;
using System.Globalization;
using Headwater.Core.Verify;
using Headwater.Servers;

namespace Headwater.Verify;

/// <summary>
/// A range that was not the same on a replica: was it written to in between, or does it differ? It is read again, in smaller and smaller parts, and a part
/// that still is not the same is locked on the primary against writes, for as long as the replica needs to show what was logged before the lock, and never
/// longer than <see cref="VerifyOptions.LockTime"/>. Under the lock both copies stand still, and what differs then differs. Under the same lock
/// differing rows are read, mended where that is asked for, and read again.
/// </summary>
sealed class Examination(VerifiedServer primary, VerifiedTable table, CopyTally copy, ChunkSql sql, VerifyOptions options, VerifyProgress progress)
{
    // Few enough to be locked: some milliseconds of reading.
    const long MostLocked = 500;
    const long MostLockedWithoutKey = 100_000;
    const int Parts = 10, Looks = 2, Locks = 6;
    const ushort LockWaitTimeout = 1205, Deadlock = 1213;

    /// <summary>How a session for mending is opened; kept until the examination ends.</summary>
    public required Func<Task<ServerConnection>> Mender { get; init; }

    public async Task RunAsync(KeyRange range, CancellationToken ct)
    {
        Checksum here = default, there = default;
        for (var look = 0; look < Looks; look++)
        {
            (here, var position) = await primary.ChecksumAsync(sql.Checksum(range), withPosition: true, ct);
            await copy.Replica.FollowAsync(position, options, progress, ct);
            (there, _) = await copy.Replica.ChecksumAsync(sql.Checksum(range), withPosition: false, ct);
            if (here == there) return;
        }
        var rows = Math.Max(here.Rows, there.Rows);
        if (rows <= (table.HasKey ? MostLocked : MostLockedWithoutKey))
        {
            await UnderLockAsync(range, ct);
            return;
        }
        if (!table.HasKey)
        {
            copy.Unproven(string.Create(CultureInfo.InvariantCulture, $"all {rows:N0} rows: they differ, or were written to each time they were read; without a primary key they cannot be compared in parts"));
            return;
        }
        // Cut where there are more rows: a replica may have a million that the primary lacks, between two keys that follow each other there.
        var fuller = here.Rows >= there.Rows ? primary : copy.Replica;
        var each = Math.Max(MostLocked / 2, rows / Parts);
        for (KeyRange? rest = range; rest is not null;)
        {
            ImmutableArray<string?>? end = (await fuller.QueryAsync(sql.Boundary(rest, each), ct)).Rows is [{ } boundary] ? [.. boundary] : null;
            await RunAsync(rest.Until(end), ct);
            rest = end is { } found ? rest.Behind(found) : null;
        }
    }

    async Task UnderLockAsync(KeyRange range, CancellationToken ct)
    {
        var why = "";
        for (var attempt = 0; attempt < Locks; attempt++)
        {
            if (attempt > 0) await Task.Delay(TimeSpan.FromMilliseconds(100 * attempt), ct);
            // Caught up now, the replica has little to apply between the lock and the look.
            await copy.Replica.FollowAsync(await primary.PositionAsync(ct), options, progress, ct);
            try
            {
                why = await LockedLookAsync(range, ct) ?? "";
                if (why.Length == 0) return;
            }
            catch (ServerException busy) when (busy.Code is LockWaitTimeout or Deadlock)
            {
                why = "a transaction on the primary holds its rows";
            }
            catch (ServerException refused) when (!table.Transactional)
            {
                why = $"{primary.Name} refuses to lock the table, whose rows are not transactional: {refused.Message}";
                break;
            }
        }
        copy.Unproven($"{range.Show(table.Key)}: {why}");
    }

    /// <summary>Null when it is known what differs; else why it is not.</summary>
    async Task<string?> LockedLookAsync(KeyRange range, CancellationToken ct)
    {
        var deadline = progress.Elapsed + options.LockTime;
        await primary.QueryAsync(table.Transactional ? "START TRANSACTION" : $"LOCK TABLES {table.Name.Quoted} READ", ct);
        try
        {
            // By their key, so that no row can come into the range either: next-key locks.
            var here = (await primary.QueryAsync(sql.Rows(range, locked: true), ct)).Rows;
            // Whoever had written to them has committed before the lock was ours, and had logged before that.
            var position = await primary.PositionAsync(ct);
            var left = deadline - progress.Elapsed;
            if (left <= TimeSpan.Zero || !await copy.Replica.ReachesAsync(position, left, ct)) return $"{copy.Replica.Name} does not come near enough to the primary for a look under a lock";
            var differences = RowComparison.Compare(here, (await copy.Replica.QueryAsync(sql.Rows(range, locked: false), ct)).Rows, table.HasKey);
            var rows = new List<(RowDifference Difference, string? Mend, ImmutableArray<ColumnDifference> Columns, string Name)>();
            foreach (var difference in differences)
            {
                copy.Count(difference.Kind);
                if (copy.Named + rows.Count >= options.MostRows) continue;
                var ours = difference.Kind == RowDifferenceKind.Extra ? null : await ValuesAsync(primary, difference, ct);
                var theirs = difference.Kind == RowDifferenceKind.Missing ? null : await ValuesAsync(copy.Replica, difference, ct);
                rows.Add((difference, Mending.Statement(table, difference, ours, theirs), Mending.Columns(table, ours, theirs), Mending.Name(table, difference, ours ?? theirs)));
            }
            var outcome = options.Apply && rows.Count > 0 ? await MendAsync(range, here, rows.Select(static row => (row.Difference, row.Mend)), ct) : null;
            foreach (var (difference, mend, columns, name) in rows)
                copy.Name(new RowReport(difference.Kind.ToString().ToLowerInvariant(), name, columns, mend, outcome));
            return null;
        }
        finally
        {
            // The lock ends whatever happened; a connection that broke has ended it already.
            if (primary.IsOpen) await primary.QueryAsync(table.Transactional ? "ROLLBACK" : "UNLOCK TABLES", CancellationToken.None);
        }
    }

    /// <summary>One transaction on the replica, past its log; then all rows of the range are compared again, still under the primary's lock.</summary>
    async Task<string> MendAsync(KeyRange range, IReadOnlyList<string?[]> here, IEnumerable<(RowDifference Difference, string? Mend)> rows, CancellationToken ct)
    {
        var mends = Mending.InOrder(rows, static row => row.Difference.Kind).ToList();
        if (mends.Any(static row => row.Mend is null)) return "not mended: a row has changed its place while it was read";
        try
        {
            var mender = await Mender();
            if ((await mender.QueryAsync($"SELECT COUNT(*) FROM information_schema.triggers WHERE event_object_schema={Text(table.Name.Schema)} AND event_object_table={Text(table.Name.Name)}", ct)).Scalar != "0")
                return "not mended: the table has triggers, which would do on the replica alone what they do";
            await mender.QueryAsync("START TRANSACTION", ct);
            try
            {
                foreach (var (_, mend) in mends) await mender.QueryAsync(mend!, ct);
            }
            catch (ServerException)
            {
                await mender.QueryAsync("ROLLBACK", ct);
                throw;
            }
            await mender.QueryAsync("COMMIT", ct);
        }
        catch (ServerException refused)
        {
            return $"not mended: {copy.Replica.Name} refused it: {refused.Message}";
        }
        catch (ServerUnreachableException gone)
        {
            return $"not known whether it was mended: {gone.Message}";
        }
        var after = RowComparison.Compare(here, (await copy.Replica.QueryAsync(sql.Rows(range, locked: false), ct)).Rows, table.HasKey);
        var still = after.Select(KeyText).ToHashSet(StringComparer.Ordinal);
        var mended = mends.Count(row => !still.Contains(KeyText(row.Difference)));
        copy.Mended += mended;
        return mended == mends.Count ? "mended, and equal when compared again" : "applied, but some rows of its range still differ when compared again";
    }

    async Task<string?[]?> ValuesAsync(VerifiedServer server, RowDifference difference, CancellationToken ct) =>
        (await server.QueryAsync(sql.Values(difference.Key), ct)).Rows is [{ } row] ? row : null;

    static string KeyText(RowDifference difference) => string.Join('\u0001', difference.Key);

    static string Text(string name) => $"'{name.Replace("'", "''", StringComparison.Ordinal)}'";
}
