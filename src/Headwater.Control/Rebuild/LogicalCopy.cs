using Headwater.Core;
using Headwater.Core.Positions;
using Headwater.Core.Rebuild;
using Headwater.Core.Verify;
using Headwater.Servers;

namespace Headwater.Control.Rebuild;

/// <summary>What came of a copy.</summary>
sealed record CopyOutcome(Position Position, int Schemas, int Tables, long Rows, long Bytes, int Programs, int Accounts, int Attempts, IReadOnlyList<string> NotCopied);

/// <summary>
/// Everything that users have made on one server, made on another by SQL: for any two servers that can be reached, in memory that does not grow with the data.
/// On the source nothing is locked; a definition that changes while its table has not been read yet begins the copy anew.
/// </summary>
/// <param name="reader">Reads rows, in the snapshot.</param>
/// <param name="looker">Reads definitions, beside it.</param>
sealed class LogicalCopy(ServerConnection reader, ServerConnection looker, ServerConnection target, CopyThrottle throttle, Action<Underway> tell, TimeProvider time)
{
    const int MostAttempts = 5;
    static readonly TimeSpan Between = TimeSpan.FromMilliseconds(500);
    long _rows, _bytes, _told;
    Pace? _pace;

    public async Task<CopyOutcome> RunAsync(CancellationToken ct)
    {
        await reader.QueryAsync(CopySession.OfSource, ct);
        await target.QueryAsync(CopySession.OfTarget, ct);
        try
        {
            await target.QueryAsync("SET system_versioning_insert_history=1", ct);
        }
        catch (ServerException)
        {
            // Before 10.11 there is none: versions of rows are then given anew by the target, which is told.
        }
        for (var attempt = 1; ; attempt++)
            try
            {
                return (await AttemptAsync(ct)) with { Attempts = attempt };
            }
            catch (DefinitionChangedException) when (attempt < MostAttempts)
            {
                (_rows, _bytes, _pace) = (0, 0, null);
            }
            catch (DefinitionChangedException e)
            {
                throw new InvalidOperationException($"definitions on the source change again and again while it is copied, last {e.Message}");
            }
    }

    async Task<CopyOutcome> AttemptAsync(CancellationToken ct)
    {
        Tell("definitions are being read");
        // Two readings around the beginning of the snapshot that are the same are what the snapshot has.
        var before = await Definitions.ReadAsync(looker, ct);
        var position = await SourceSnapshot.OpenAsync(reader, ct);
        var definitions = await Definitions.ReadAsync(looker, ct);
        if (!before.SaysTheSameAs(definitions)) throw new DefinitionChangedException("while they were read");
        var accounts = await AccountsCopy.ReadAsync(looker, ct);

        await DropAllAsync(ct);
        var writer = new DefinitionWriter(target);
        foreach (var definition in definitions.All.Where(static definition => !definition.IsProgram)) await writer.MakeAsync(definition, ct);
        await target.QueryAsync(CopySession.Usual, ct);
        await CopyRowsAsync(definitions.Tables, ct);
        _pace = null;

        Tell("views, routines, triggers and events are being made");
        var programs = definitions.All.Where(static definition => definition.IsProgram).Select(static definition => definition.OnReplica()).ToList();
        List<string> notCopied = [.. await writer.MakeInAnyOrderAsync(programs, ct)];
        Tell("accounts are being made");
        notCopied.AddRange(await AccountsCopy.WriteAsync(target, accounts, ct));
        notCopied.AddRange(await DifferencesAsync(definitions, ct));
        foreach (var table in definitions.Tables.Where(static table => !table.IsTransactional))
            notCopied.Add($"{table.Name} for certain: {table.Engine} shows no snapshot, so what was written to it while it was read may be there twice or in part; headwater verify {table.Name}");
        notCopied.AddRange(await BesidesAsync(ct));
        return new CopyOutcome(position, definitions.All.Count(static definition => definition.Kind == DefinitionKind.Schema), definitions.Tables.Count, _rows, _bytes,
            programs.Count + definitions.All.Count(static definition => definition.Kind == DefinitionKind.Sequence), accounts.Count, 1, notCopied);
    }

    async Task DropAllAsync(CancellationToken ct)
    {
        foreach (var schema in await TargetState.SchemasAsync(target, ct))
        {
            Tell($"schema {schema} is being dropped");
            await target.QueryAsync($"DROP DATABASE {TableName.Quote(schema)}", ct);
        }
    }

    async Task CopyRowsAsync(IReadOnlyList<CopiedTable> tables, CancellationToken ct)
    {
        // In bytes: rows of one table may be a thousand times those of another.
        var ahead = TablesAhead.Of(tables.Select(static table => table.EstimatedBytes));
        _pace = Pace.Begin(WorkUnit.Bytes, time.Now());
        foreach (var table in tables)
        {
            ahead = ahead.Next(_bytes, table.EstimatedBytes);
            var before = _rows;
            _pace = _pace.Guess(ahead.All(_bytes));
            Tell($"{table.Name} is being copied");
            // A transaction keeps every table that it has read from being altered, until it is taken back to before that.
            await reader.QueryAsync("SAVEPOINT before_table", ct);
            await new TableCopy(reader, target, table, async (rows, bytes, stop) =>
            {
                (_rows, _bytes) = (_rows + rows, _bytes + bytes);
                if (await throttle.PauseAsync(reason => Tell($"{table.Name} is being copied; paused: {reason}"), stop) || time.GetElapsedTime(_told) >= Between)
                {
                    ahead = ahead with { Current = table.BytesBy(_rows - before, _bytes - ahead.Through) };
                    _pace = _pace.At(_bytes, time.Now()).Guess(ahead.All(_bytes));
                    Tell($"{table.Name} is being copied");
                }
            }).RunAsync(ct);
            await reader.QueryAsync("ROLLBACK TO SAVEPOINT before_table", ct);
        }
    }

    /// <summary>What was made is read again, as the server there writes it.</summary>
    async Task<IEnumerable<string>> DifferencesAsync(Definitions wanted, CancellationToken ct)
    {
        var all = (await Definitions.ReadAsync(target, ct)).All;
        var (made, names) = (all.Select(static definition => definition.Fingerprint).ToHashSet(), all.Select(static definition => (definition.Kind, definition.Name)).ToHashSet());
        return wanted.All.Select(static definition => definition.OnReplica())
            .Where(definition => !made.Contains(definition.Fingerprint) && names.Contains((definition.Kind, definition.Name)))
            .Select(static definition => $"{definition} exactly: the server there writes it otherwise");
    }

    /// <summary>What is no schema's and no account's stays as it is on the target; where the source has any, it is told.</summary>
    async Task<IEnumerable<string>> BesidesAsync(CancellationToken ct)
    {
        var told = new List<string>();
        foreach (var (table, what) in new[] { ("func", "functions from libraries (mysql.func)"), ("servers", "CREATE SERVER (mysql.servers)"), ("plugin", "INSTALL PLUGIN (mysql.plugin)") })
        {
            var names = (await looker.QueryAsync($"SELECT * FROM mysql.{table}", ct)).Rows.Select(static row => row[0]).ToHashSet();
            names.ExceptWith((await target.QueryAsync($"SELECT * FROM mysql.{table}", ct)).Rows.Select(static row => row[0]));
            if (names.Count > 0) told.Add($"{what}: {string.Join(", ", names)}");
        }
        return told;
    }

    void Tell(string doing)
    {
        _told = time.GetTimestamp();
        tell(new Underway(doing, _pace));
    }
}
