using System.Globalization;
using System.Text;
using Headwater.Core;
using Headwater.Core.Log;
using Headwater.Core.Positions;
using Headwater.Core.Recovery;
using Headwater.Core.Topology;
using Headwater.Servers;
using Headwater.Wire.MySql.Binlog;

namespace Headwater.Control.Recovery;

/// <summary>Whose tail is to be recovered, and to whom.</summary>
public sealed record RecoveryRequest
{
    public required ServerId Server { get; init; }

    /// <summary>Null when only its files are left.</summary>
    public ServerAddress? Address { get; init; }

    /// <summary>The data directory of a server that cannot start.</summary>
    public string? FromFiles { get; init; }
    public required ServerId Primary { get; init; }
    public required ServerAddress PrimaryAddress { get; init; }
    public Position AppointedAt { get; init; }

    /// <summary>An operator wants it, whatever the policy.</summary>
    public bool Asked { get; init; }
    public bool DryRun { get; init; }
}

/// <summary>What a client of a transaction was told, as far as it is known here.</summary>
public delegate (TailLabel Label, string Reason) LabelOf(in Gtid gtid);

/// <summary>
/// One recovery from its begin to its end: save the tail, bring it to the primary or into quarantine there, take it back where it came from, and let
/// that server follow again. Each step can be begun anew after a crash; none begins before the one before it is on the disk.
/// Where commits on the primary wait for an acknowledgement that nobody else can give, it is taken back and lets the server follow first: see <see cref="OpenTail"/>.
///
/// It has connections of its own, since it runs for as long as it takes: one to the primary, two to the server (docs/decisions/0005).
/// </summary>
sealed class RecoveryJob(RecoveryRequest request, RecoveryOptions options, ServerLogin? replication, LabelOf label, Action<Underway> tell, TimeProvider time)
{
    const long TellEach = 100;
    static readonly TimeSpan CatchUp = TimeSpan.FromMinutes(10);
    RecoveryReport _report = new() { Server = request.Server.Name, Primary = request.Primary.Name, DryRun = request.DryRun };
    readonly LabelRuns _labels = new();
    string? _cannotUndo;
    string? _logged;

    public async Task<RecoveryReport> RunAsync(CancellationToken ct)
    {
        var began = time.GetTimestamp();
        try
        {
            await RunStepsAsync(ct);
        }
        catch (OperationCanceledException)
        {
            _report = _report with { Trouble = "the primary has changed, or this process ends" };
        }
        catch (Exception e) when (e is ServerException or IOException or BinlogException or InvalidOperationException or UnauthorizedAccessException)
        {
            _report = _report with { Trouble = e.Message };
        }
        return _report with { Seconds = Math.Round(time.GetElapsedTime(began).TotalSeconds, 3) };
    }

    async Task RunStepsAsync(CancellationToken ct)
    {
        Directory.CreateDirectory(options.Directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using var primary = await ServerConnection.ConnectAsync(request.PrimaryAddress, options.Login, ct);
        var history = await HistoryAsync(primary, ct);
        var tables = await TableFactsReader.ReadAsync(primary, ct);
        await using var old = request.Address is { } address && request.FromFiles is null ? await ServerConnection.ConnectAsync(address, options.Login, ct) : null;
        var rewindsFirst = old is not null && !request.DryRun && await TailReplay.IsUnacknowledgedAsync(primary, ct);
        // Another controller may have begun it, and have lost its lease, without having noticed yet. The lock goes with the connection.
        if ((await (old ?? primary).QueryAsync("SELECT GET_LOCK('headwater recovery', 0)", ct)).Scalar != "1")
            throw new InvalidOperationException("another process is recovering it");
        var ownTables = old is null ? tables : await TableFactsReader.ReadAsync(old, ct);
        var source = await SourceAsync(old, history, ownTables, ct);

        var name = Path.Combine(options.Directory, Safe(request.Server.Name));
        using var undo = new UndoLog(name + ".undo");
        using var keys = new TouchedKeys(name);
        var tail = await SaveAsync(source, name, ownTables, old is null ? null : undo, rewindsFirst ? OpenTail.NewCopyOf(name) : null, keys, ct);
        if (_report.Transactions == 0)
        {
            _report = _report with { Choice = "there is no tail in its log" };
            return;
        }
        var choice = RecoveryChoice.Of(options.Mode, request.Asked, new TailCounts(_report.Acknowledged, _report.Unknown, _report.NeverAcknowledged));
        _report = _report with { Went = choice.Goes, Choice = choice.Reason };
        if (!choice.Goes) return;
        if (rewindsFirst && _cannotUndo is null)
        {
            var open = new OpenTail
            {
                Server = _report.Server,
                CommonEnd = _report.CommonEnd,
                First = _report.First,
                Last = _report.Last,
                Counts = new TailCounts(_report.Acknowledged, _report.Unknown, _report.NeverAcknowledged),
                Bytes = _report.Bytes,
                History = [.. history.Select(static gtid => gtid.ToString())],
                Labels = _labels.All,
            };
            await ReturnAsync(primary, old!, undo, keys, source, tail, async () =>
            {
                await MustReadAsCopiedAsync(OpenTail.NewCopyOf(name), history, ownTables, tail, ct);
                var named = $"{name}-{Safe(tail)}";
                open.Write(named, OpenTail.NewCopyOf(name));
                _report = _report with { OpenTail = named };
            }, ct);
            if (_report.OpenTail is null) throw new InvalidOperationException(_report.Return);
            return;
        }
        var replay = new TailReplay(primary, tables, label, tell, time);
        _report = await replay.RunAsync(source, _report, token => ServerConnection.ConnectAsync(request.PrimaryAddress, options.Login, token), ct);
        if (request.DryRun)
        {
            _report = _report with { Return = _cannotUndo is null ? $"{request.Server} would be rewound to {_report.CommonEnd} and follow {request.Primary} again" : Rebuild() };
            return;
        }
        if (!_report.Complete) throw new InvalidOperationException("the ledger does not have every transaction of the tail; nothing was undone");
        if (old is null)
        {
            _report = _report with { Return = $"its files were read and not changed; {Rebuild()}" };
            return;
        }
        await replay.LeapAsync(ct);
        await ReturnAsync(primary, old, undo, keys, source, tail, static () => Task.CompletedTask, ct);
    }

    async Task<TailSource> SourceAsync(ServerConnection? old, IReadOnlyList<Gtid> history, TableFactsLookup ownTables, CancellationToken ct)
    {
        if (old is null)
        {
            _cannotUndo = "only its files were read";
            return TailSource.OfFiles(BinlogFiles.OpenDirectory(request.FromFiles!), request.AppointedAt, history, ownTables.Shapes());
        }
        if ((await old.QueryAsync("SELECT @@global.read_only", ct)).Scalar != "1") throw new InvalidOperationException($"{request.Server} can be written to (read_only is off)");
        _logged = await LoggedAsync(old, ct);
        var own = await HistoryAsync(old, ct);
        return TailSource.OfServer(token => ServerConnection.ConnectAsync(request.Address!, options.Login, token), own, history, ownTables.Shapes());
    }

    static async Task<string?> LoggedAsync(ServerConnection server, CancellationToken ct) => (await server.QueryAsync("SELECT @@global.gtid_binlog_pos", ct)).Scalar;

    /// <summary>A commit that was under way when the tail was read is in it now and was not then; what was not read is neither saved nor taken back.</summary>
    async Task MustBeAsReadAsync(ServerConnection old, CancellationToken ct)
    {
        if (await LoggedAsync(old, ct) is var now && now != _logged) throw new InvalidOperationException($"the log of {request.Server} went on from {_logged} to {now} while its tail was read; nothing was forgotten, and it is begun again");
    }

    /// <summary>What is about to be all that is left of the tail is read once more, whole.</summary>
    static async Task MustReadAsCopiedAsync(string copy, IReadOnlyList<Gtid> history, TableFactsLookup tables, string tail, CancellationToken ct)
    {
        var sum = new XxHash64();
        string first = "", last = "";
        await foreach (var transaction in TailSource.OfCopy(copy, history, tables.Shapes()).ReadAsync(ct))
        {
            last = transaction.Gtid.ToString();
            if (first.Length == 0) first = last;
            sum.Append(transaction.Checksum);
        }
        if (NameOf(first, last, sum) is var read && read != tail) throw new InvalidOperationException($"the copy of the tail is {read} and should be {tail}; nothing was forgotten");
    }

    static string NameOf(string first, string last, XxHash64 sum) => $"{first}..{last}:{sum.Finish():x16}";

    static async Task<IReadOnlyList<Gtid>> HistoryAsync(ServerConnection connection, CancellationToken ct)
    {
        var row = (await connection.QueryAsync("SELECT @@global.gtid_binlog_state, @@global.gtid_slave_pos", ct)).Rows[0];
        var history = new List<Gtid>();
        foreach (var one in $"{row[0]},{row[1]}".Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            if (Gtid.TryParse(Encoding.ASCII.GetBytes(one), out var gtid)) history.Add(gtid);
        return history;
    }

    /// <summary>Reads the tail once: to files, to what takes it back, to the keys it touches. Its name in the end: what it is, unmistakably.</summary>
    async Task<string> SaveAsync(TailSource source, string name, TableFactsLookup ownTables, UndoLog? undo, string? copyTo, TouchedKeys keys, CancellationToken ct)
    {
        TailFiles? files = null;
        await using var copy = copyTo is null ? null : new BufferedStream(TailFiles.Create(copyTo), 1 << 20);
        var counts = new TailCounts();
        var sum = new XxHash64();
        long bytes = 0;
        string first = "", last = "";
        var pace = Pace.Begin(WorkUnit.Transactions, time.Now()).Guess(source.Expected);
        try
        {
            await foreach (var transaction in source.ReadAsync(ct, copy))
            {
                if (files is null)
                {
                    first = transaction.Gtid.ToString();
                    files = TailFiles.Begin($"{name}-{first}", $"What {request.Server} has and {request.Primary} has not, behind {source.CommonEnd}");
                }
                var (word, why) = label(transaction.Gtid);
                if (copy is not null) _labels.Add(transaction.Gtid, word, why);
                var obstacle = Obstacle.Of(transaction, ownTables);
                await files.AddAsync(transaction, word, obstacle, ct);
                counts = counts.With(word);
                bytes += transaction.Bytes;
                last = transaction.Gtid.ToString();
                sum.Append(transaction.Checksum);
                if (obstacle is not null) _cannotUndo ??= $"{transaction.Gtid}: {obstacle}";
                foreach (var change in transaction.Changes)
                    if (change is LoggedRows rows && ownTables(rows.Table.Schema, rows.Table.Name) is { } facts && facts.WhyNot(rows.Table) is null)
                        for (var i = 0; i < rows.Count; i++)
                        {
                            keys.Add(rows[i], facts);
                            if (_cannotUndo is null) undo?.Add(rows[i], facts);
                        }
                if (counts.All % TellEach == 0) tell(new Underway($"the tail of {request.Server} is being saved", pace = pace.At(counts.All, time.Now())));
            }
            undo?.Finish();
            if (files is not null) await files.FinishAsync(ct);
        }
        finally
        {
            if (files is not null) await files.DisposeAsync();
        }
        if (!source.IsAnEnd) _cannotUndo ??= "its own transactions stand between others that both have";
        _report = _report with
        {
            CommonEnd = source.CommonEnd.ToString(),
            First = first,
            Last = last,
            Transactions = counts.All,
            Bytes = bytes,
            Acknowledged = counts.Acknowledged,
            Unknown = counts.Unknown,
            NeverAcknowledged = counts.NeverAcknowledged,
            Files = files is null ? [] : [files.SqlName, files.JsonName],
        };
        return NameOf(first, last, sum);
    }

    async Task ReturnAsync(ServerConnection primary, ServerConnection old, UndoLog undo, TouchedKeys keys, TailSource source, string tail, Func<Task> beforeItIsForgotten, CancellationToken ct)
    {
        if (_cannotUndo is not null)
        {
            _report = _report with { Return = Rebuild() };
            return;
        }
        await MustBeAsReadAsync(old, ct);
        Pace? pace = null;
        void Rewinds(long rows) => tell(new Underway($"{request.Server} is being rewound to {source.CommonEnd}", pace = pace?.At(rows, time.Now()) ?? Pace.Begin(WorkUnit.Rows, time.Now(), rows).Expect(undo.Rows)));
        var rewind = new Rewind(old);
        try
        {
            if (!await rewind.UndoAsync(undo, tail, Rewinds, ct)) _cannotUndo = "a row of it is not as its log says it became";
        }
        catch (ServerException e)
        {
            _cannotUndo = e.Message;
        }
        if (_cannotUndo is not null)
        {
            _report = _report with { Return = Rebuild() };
            return;
        }
        await MustBeAsReadAsync(old, ct);
        await beforeItIsForgotten();
        await rewind.ForgetAsync(source.CommonEnd, Tail.CommonState(await HistoryAsync(old, ct), await HistoryAsync(primary, ct)), ct);
        _report = _report with { Rewound = true, Return = $"{request.Server} is rewound to {source.CommonEnd}" };
        await RejoinAsync(primary, old, keys, ct);
    }

    /// <summary>Follows as far as a snapshot of the primary, is compared with it, and goes on.</summary>
    async Task RejoinAsync(ServerConnection primary, ServerConnection old, TouchedKeys keys, CancellationToken ct)
    {
        var account = replication is { } login ? $", MASTER_USER={Sql.Plain(login.User)}, MASTER_PASSWORD={Sql.Plain(login.Password)}" : "";
        await old.QueryAsync(string.Create(CultureInfo.InvariantCulture,
            $"CHANGE MASTER TO MASTER_HOST={Sql.Plain(request.PrimaryAddress.Host)}, MASTER_PORT={request.PrimaryAddress.Port}{account}, MASTER_CONNECT_RETRY=1, MASTER_HEARTBEAT_PERIOD=0.5, MASTER_USE_GTID=slave_pos"), ct);
        var position = await Comparison.SnapshotAsync(primary, ct);
        await old.QueryAsync($"START SLAVE UNTIL master_gtid_pos={Sql.Text(position)}", ct);
        var pace = await CatchingUpAsync(old, position, null, ct);
        var until = time.GetTimestamp() + (long)(CatchUp.TotalSeconds * time.TimestampFrequency);
        while ((await old.QueryAsync($"SELECT MASTER_GTID_WAIT({Sql.Text(position)}, 0.5)", ct)).Scalar != "0")
        {
            var status = await old.QueryAsync("SHOW SLAVE STATUS", ct);
            var error = status.Rows.Count == 0 ? "" : status.Value(0, "Last_IO_Error") + status.Value(0, "Last_SQL_Error");
            if (error.Length > 0 && time.GetTimestamp() > until - (long)((CatchUp.TotalSeconds - 10) * time.TimestampFrequency) || time.GetTimestamp() > until)
            {
                _report = _report with { Return = $"{_report.Return}, but does not catch up with {request.Primary}: {(error.Length > 0 ? error : $"not within {CatchUp.TotalMinutes:0} minutes")}" };
                return;
            }
            pace = await CatchingUpAsync(old, position, pace, ct);
        }
        // Tables without a primary key are not compared.
        var compares = Pace.Begin(WorkUnit.Rows, time.Now()).Guess(keys.Count);
        void Compares(long rows) => tell(new Underway($"{request.Server} is being compared with {request.Primary}", compares = compares.More(rows, time.Now())));
        Compares(0);
        // As the tables are now at the place where both stand.
        var current = await TableFactsReader.ReadAsync(old, ct);
        var compared = await Comparison.RunAsync(primary, old, keys, current, Compares, ct);
        await primary.QueryAsync("COMMIT", ct);
        var different = compared.Where(static table => table.DifferentChunks > 0 || table.RowsHere != table.RowsThere).Select(static table => table.Table).ToList();
        _report = _report with { Compared = compared, ComparedAt = position };
        if (different.Count > 0)
        {
            _report = _report with { Return = $"{_report.Return}, but differs from {request.Primary} in {string.Join(", ", different)}: it does not follow and is put into maintenance; {Rebuild()}" };
            return;
        }
        await old.QueryAsync("START SLAVE", ct);
        _report = _report with { Rejoined = true, Return = $"{_report.Return} and follows {request.Primary}" };
    }

    /// <summary>How far it has caught up; begins to count when nothing was counted before.</summary>
    async Task<Pace> CatchingUpAsync(ServerConnection old, string target, Pace? before, CancellationToken ct)
    {
        Position.TryParse(target, out var head);
        Position.TryParse((await old.QueryAsync("SELECT @@global.gtid_slave_pos", ct)).Scalar ?? "", out var stands);
        var left = (long)stands.Behind(head);
        var pace = before is null ? Pace.Begin(WorkUnit.Transactions, time.Now()).Expect(left) : before.At(Math.Max(0, before.Seen(time.Now()).Of!.Value - left), time.Now());
        tell(new Underway($"{request.Server} catches up with {request.Primary}", pace));
        return pace;
    }

    string Rebuild() =>
        $"{request.Server} cannot be rewound ({_cannotUndo ?? "it differs"}): its tail being safe, headwater rebuild {request.Server} replaces what it has by a copy (if it cannot start, give it an empty data directory first)";

    static string Safe(string name) => new([.. name.Select(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '_')]);
}
