using System.Collections.Immutable;
using Headwater.Core.Log;
using Headwater.Core.Verify;
using Headwater.Servers;

namespace Headwater.Verify;

/// <summary>Compares replicas with their primary, table by table; both go on working meanwhile.</summary>
sealed class VerifyRun(ServerDoor primaryDoor, IReadOnlyList<ServerDoor> replicaDoors, VerifyOptions options, VerifyProgress progress)
{
    readonly List<string> _troubles = [];
    readonly HashSet<VerifiedServer> _leftOut = [];
    readonly Dictionary<VerifiedServer, ServerConnection> _menders = [];

    /// <exception cref="VerifyException">It cannot be begun, or not be carried on.</exception>
    public async Task<VerifyReport> RunAsync(CancellationToken ct)
    {
        var servers = new List<VerifiedServer>();
        try
        {
            var primary = await OpenAsync(primaryDoor, ct);
            servers.Add(primary);
            if (await IsReadOnlyAsync(primary, ct)) throw new VerifyException($"{primary.Name} is taken for the primary, but is read_only.");
            foreach (var door in replicaDoors)
                try
                {
                    servers.Add(await OpenAsync(door, ct));
                }
                catch (VerifyException trouble)
                {
                    _troubles.Add(trouble.Message);
                }
            var tables = await RunAsync(primary, [.. servers.Skip(1)], ct);
            if (await IsReadOnlyAsync(primary, ct)) _troubles.Add($"{primary.Name} is not the primary any more: it was read_only at the end. Compare again with its successor.");
            return new VerifyReport(primary.Name, [.. servers.Skip(1).Select(static server => server.Name)], tables, [.. _troubles], progress.Elapsed.TotalSeconds, progress.Paused.TotalSeconds);
        }
        catch (ServerUnreachableException gone)
        {
            throw new VerifyException($"{gone.Message}. The comparison has ended before its end.");
        }
        finally
        {
            foreach (var mender in _menders.Values) await mender.DisposeAsync();
            foreach (var server in servers) await server.DisposeAsync();
        }
    }

    async Task<ImmutableArray<TableReport>> RunAsync(VerifiedServer primary, IReadOnlyList<VerifiedServer> replicas, CancellationToken ct)
    {
        if (replicas.Count == 0) throw new VerifyException("There is no replica to compare.");
        var unknown = new HashSet<string>(options.Tables);
        var (tables, others) = await TableCatalogue.ReadAsync(primary, name => IsWanted(name, unknown), ct);
        if (options.Tables.Count == 0 && !await primary.SeesAllAsync(ct))
            _troubles.Add($"{primary.Door.Reader.User} does not have SELECT on everything, and tables that it may not read are hidden from it, so they were not compared. Name what is to be compared, or: GRANT SELECT ON *.* TO {primary.Door.Reader.User}.");
        var hash = await primary.KnowsTwoCrcsAsync(ct) ? RowHash.TwoCrcs : RowHash.Md5;
        foreach (var replica in replicas)
            if (!await replica.KnowsTwoCrcsAsync(ct)) hash = RowHash.Md5;
        progress.Expect(tables.Select(static table => table.EstimatedRows));

        var reports = ImmutableArray.CreateBuilder<TableReport>();
        foreach (var other in others)
            if (options.Tables.Contains(other.ToString()) || options.Tables.Contains(other.Name)) reports.Add(new TableReport(other.ToString(), 0, 0, "it is no table: it holds no rows of its own", []));
        foreach (var table in tables)
        {
            progress.Begin(table.Name.ToString(), table.EstimatedRows);
            reports.Add(await CompareAsync(primary, [.. replicas.Where(replica => !_leftOut.Contains(replica))], table, hash, ct));
        }
        foreach (var (name, on) in await OnlyOnReplicasAsync(primary, replicas, unknown, ct))
            reports.Add(new TableReport(name.ToString(), 0, 0, "the primary has no such table", [.. on.Select(static replica => new CopyReport(replica.Name, ["the replica has a table that the primary does not have"], 0, 0, 0, 0, [], []))]));
        if (unknown.Count > 0) throw new VerifyException($"There is no table or schema {string.Join(", ", unknown.Order(StringComparer.Ordinal))} that {primary.Door.Reader.User} could see.", isUsage: true);
        return reports.ToImmutable();
    }

    bool IsWanted(TableName name, HashSet<string> unknown)
    {
        if (options.Tables.Count == 0) return true;
        var words = options.Tables.Where(name.IsMeantBy).ToList();
        unknown.ExceptWith(words);
        return words.Count > 0;
    }

    async Task<TableReport> CompareAsync(VerifiedServer primary, IReadOnlyList<VerifiedServer> replicas, VerifiedTable table, RowHash hash, CancellationToken ct)
    {
        var copies = replicas.Select(static replica => new CopyTally(replica)).ToList();
        var sql = new ChunkSql(table, hash);
        var comparison = (TableComparison?)null;
        string? skipped = null;
        try
        {
            var compared = new List<CopyTally>();
            foreach (var copy in copies)
                if (await CompareDeclarationsAsync(primary, copy, table, ct)) compared.Add(copy);
            if (compared.Count == 0) return new TableReport(table.Name.ToString(), 0, 0, "its declaration differs on every replica", [.. copies.Select(static copy => copy.Report())]);
            comparison = new TableComparison(primary, table, compared, sql, options, progress);
            await comparison.RunAsync(LeaveOut, ct);
            foreach (var copy in compared.Where(copy => !_leftOut.Contains(copy.Replica))) await ExamineAsync(primary, table, copy, sql, ct);
        }
        catch (ServerException refused)
        {
            // Dropped or altered meanwhile, or not ours to read; the other tables can be compared all the same.
            skipped = refused.Message;
            foreach (var copy in copies) copy.Unproven($"it could not be read to its end: {refused.Message}");
        }
        return new TableReport(table.Name.ToString(), comparison?.Rows ?? 0, comparison?.Chunks ?? 0, skipped, [.. copies.Select(static copy => copy.Report())]);
    }

    async Task ExamineAsync(VerifiedServer primary, VerifiedTable table, CopyTally copy, ChunkSql sql, CancellationToken ct)
    {
        var examination = new Examination(primary, table, copy, sql, options, progress) { Mender = () => MenderAsync(copy.Replica, ct) };
        try
        {
            if (copy.Suspicious.Count > 0) progress.Examine($"{table.Name} on {copy.Replica.Name}");
            foreach (var range in copy.Suspicious) await examination.RunAsync(range, ct);
        }
        catch (Exception trouble) when (IsOf(copy.Replica, trouble))
        {
            copy.Unproven(trouble.Message);
            LeaveOut(copy.Replica, trouble.Message);
        }
    }

    /// <summary>Whether it ends one replica's part only.</summary>
    static bool IsOf(VerifiedServer replica, Exception trouble) => trouble is LeftOutException || trouble is ServerUnreachableException && !replica.IsOpen;

    /// <summary>Whether the rows can be compared: other indexes or defaults do not matter for that, other columns do.</summary>
    async Task<bool> CompareDeclarationsAsync(VerifiedServer primary, CopyTally copy, VerifiedTable table, CancellationToken ct)
    {
        try
        {
            // An ALTER on its way to the replica looks like a difference once, not twice.
            for (var look = 0; look < 2; look++)
            {
                var ours = await TableCatalogue.DeclarationAsync(primary, table.Name, ct);
                await copy.Replica.FollowAsync(await primary.PositionAsync(ct), options, progress, ct);
                var theirs = await TableCatalogue.DeclarationAsync(copy.Replica, table.Name, ct);
                if (ours is null) return false;
                copy.Schema = theirs is null ? ["the replica does not have the table"] : SchemaComparison.Compare(ours, theirs);
                if (copy.Schema.IsEmpty) return true;
            }
            var (there, _) = await TableCatalogue.ReadAsync(copy.Replica, name => name == table.Name, ct);
            return there is [{ } other] && other.Columns.SequenceEqual(table.Columns) && other.KeyIndex == table.KeyIndex && other.Key.SequenceEqual(table.Key);
        }
        catch (Exception trouble) when (IsOf(copy.Replica, trouble))
        {
            copy.Unproven(trouble.Message);
            LeaveOut(copy.Replica, trouble.Message);
            return false;
        }
    }

    async Task<List<(TableName, List<VerifiedServer>)>> OnlyOnReplicasAsync(VerifiedServer primary, IReadOnlyList<VerifiedServer> replicas, HashSet<string> unknown, CancellationToken ct)
    {
        var found = new Dictionary<TableName, List<VerifiedServer>>();
        var ours = await TableCatalogue.NamesAsync(primary, ct);
        foreach (var replica in replicas.Where(replica => !_leftOut.Contains(replica)))
            try
            {
                foreach (var name in (await TableCatalogue.NamesAsync(replica, ct)).Where(name => !ours.Contains(name) && IsWanted(name, unknown)))
                {
                    // Dropped on the primary and not yet there, or made on the primary since it was asked.
                    await replica.FollowAsync(await primary.PositionAsync(ct), options, progress, ct);
                    if (await TableCatalogue.DeclarationAsync(replica, name, ct) is null || await TableCatalogue.DeclarationAsync(primary, name, ct) is not null) continue;
                    if (!found.TryGetValue(name, out var on)) found[name] = on = [];
                    on.Add(replica);
                }
            }
            catch (Exception trouble) when (IsOf(replica, trouble))
            {
                LeaveOut(replica, trouble.Message);
            }
        return [.. found.Select(static pair => (pair.Key, pair.Value))];
    }

    void LeaveOut(VerifiedServer replica, string why)
    {
        lock (_leftOut)
            if (_leftOut.Add(replica)) _troubles.Add($"{replica.Name} was left out: {why.TrimEnd('.')}.");
    }

    async Task<ServerConnection> MenderAsync(VerifiedServer replica, CancellationToken ct)
    {
        if (_menders.TryGetValue(replica, out var open) && open.IsOpen) return open;
        var mender = await ServerConnection.ConnectAsync(replica.Door.Address, replica.Door.Mender, ct);
        _menders[replica] = mender;
        // Past its log: the row is made what the primary's log says it is, which is no transaction of its own.
        await mender.QueryAsync(RowSql.Session + ", sql_log_bin=0, innodb_lock_wait_timeout=1, lock_wait_timeout=2", ct);
        return mender;
    }

    static async Task<VerifiedServer> OpenAsync(ServerDoor door, CancellationToken ct)
    {
        try
        {
            return await VerifiedServer.ConnectAsync(door, ct);
        }
        catch (ServerException refused)
        {
            throw new VerifyException($"{door.Name} refuses {door.Reader.User}: {refused.Message.TrimEnd('.')}.");
        }
        catch (ServerUnreachableException gone)
        {
            throw new VerifyException($"{door.Name}: {gone.Message.TrimEnd('.')}.");
        }
    }

    static async Task<bool> IsReadOnlyAsync(VerifiedServer server, CancellationToken ct) => (await server.QueryAsync("SELECT @@GLOBAL.read_only", ct)).Scalar != "0";
}

/// <summary>The comparison cannot be done; the sentence says why.</summary>
sealed class VerifyException(string sentence, bool isUsage = false) : Exception(sentence)
{
    public bool IsUsage => isUsage;
}
