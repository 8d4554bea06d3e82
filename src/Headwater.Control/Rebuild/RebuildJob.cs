using System.Collections.Immutable;
using System.Globalization;
using Headwater.Control.Recovery;
using Headwater.Core;
using Headwater.Core.Failover;
using Headwater.Core.Positions;
using Headwater.Core.Rebuild;
using Headwater.Core.Topology;
using Headwater.Servers;

namespace Headwater.Control.Rebuild;

/// <summary>What moves while a rebuild runs, asked of the controller.</summary>
sealed record RebuildSurroundings
{
    /// <summary>The primary now; null while there is none, or it is being replaced.</summary>
    public required Func<ServerView?> Primary { get; init; }

    /// <summary>How far the source is behind.</summary>
    public required Func<TimeSpan?> SourceLag { get; init; }

    /// <summary>server_id of every known server but the target.</summary>
    public required IReadOnlyDictionary<uint, ServerId> Numbers { get; init; }
}

/// <summary>
/// One rebuild from its begin to its end: look at both servers, set the target aside, copy, and let it follow. Until the last step but one it bears a mark with
/// which it can neither follow nor be promoted, so that whoever finds it half done begins anew.
/// </summary>
sealed class RebuildJob(RebuildPlan plan, RebuildWish wish, RebuildOptions options, ServerLogin? replication, RebuildSurroundings around, Action<Underway> tell, TimeProvider time)
{
    static readonly TimeSpan CatchUp = TimeSpan.FromHours(6), PrimaryWithin = TimeSpan.FromMinutes(1), Look = TimeSpan.FromMilliseconds(500);
    RebuildReport _report = new() { Server = plan.Target.Name, Source = plan.Source.Name, Primary = plan.Primary.Name, DryRun = wish.DryRun, Plan = plan.Lines };

    public async Task<RebuildReport> RunAsync(CancellationToken ct)
    {
        var began = time.GetTimestamp();
        try
        {
            await RunStepsAsync(ct);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _report = _report with { Trouble = e.Message };
        }
        return _report with { Seconds = Math.Round(time.GetElapsedTime(began).TotalSeconds, 3) };
    }

    async Task RunStepsAsync(CancellationToken ct)
    {
        var login = options.Login with { Loads = true };
        await using var target = await ConnectAsync(plan.Target, plan.TargetAddress, login, ct);
        await using var looker = await ConnectAsync(plan.Source, plan.SourceAddress, options.Login, ct);
        var primary = around.Primary() ?? throw new InvalidOperationException("there is no primary");
        await CheckAsync(target, looker, primary, ct);
        if (wish.DryRun) return;

        await using var reader = await ConnectAsync(plan.Source, plan.SourceAddress, options.Login, ct);
        // The last moment at which nothing has been changed.
        if (around.Primary() is not { LastAnswer: { } told }) throw new InvalidOperationException("the primary went away before anything was changed");
        tell(new Underway($"{plan.Target} is being set aside"));
        await TargetState.SetAsideAsync(target, told.BinlogPosition.Merge(told.SlavePosition), time, ct);
        var throttle = new CopyThrottle(around.SourceLag, time);
        var copyBegan = time.GetTimestamp();
        var outcome = await new LogicalCopy(reader, looker, target, throttle, tell, time).RunAsync(ct);
        _report = _report with
        {
            Position = outcome.Position.ToString(),
            Schemas = outcome.Schemas,
            Tables = outcome.Tables,
            Rows = outcome.Rows,
            Bytes = outcome.Bytes,
            Programs = outcome.Programs,
            Accounts = outcome.Accounts,
            Attempts = outcome.Attempts,
            NotCopied = outcome.NotCopied,
            CopySeconds = Math.Round(time.GetElapsedTime(copyBegan).TotalSeconds, 3),
            PausedSeconds = Math.Round(throttle.Paused.TotalSeconds, 3),
        };
        await reader.DisposeAsync();
        await FollowAsync(target, outcome.Position, ct);
    }

    static async Task<ServerConnection> ConnectAsync(ServerId server, ServerAddress address, ServerLogin login, CancellationToken ct)
    {
        try
        {
            return await ServerConnection.ConnectAsync(address, login, ct);
        }
        catch (ServerException e)
        {
            throw new InvalidOperationException($"{server} refuses {login.User}, by which servers are rebuilt (control.recovery_user): {e.Message}. There, past its log: SET sql_log_bin = 0; CREATE USER {login.User} IDENTIFIED BY '…'; {Mend(login)}");
        }
    }

    static string Mend(ServerLogin login) => $"GRANT ALL PRIVILEGES ON *.* TO {login.User} WITH GRANT OPTION";

    async Task CheckAsync(ServerConnection target, ServerConnection source, ServerView primary, CancellationToken ct)
    {
        if (replication is null) throw new InvalidOperationException("control.replication_user names no account by which a copy could follow");
        await using (var connection = await ConnectAsync(primary.Id, primary.Address, options.Login, ct))
        {
            var findings = ReplicaFitness.Check(await SettingsAsync(target, plan.Target, ct), await SettingsAsync(connection, primary.Id, ct), around.Numbers);
            _report = _report with { Settings = [.. findings.Select(static finding => $"{(finding.Weight == AuditWeight.Breaks ? "to be mended first" : "should be mended")}: {finding.Setting} {finding.Sentence}{(finding.Mend.Length > 0 ? $"  ({finding.Mend})" : "")}")] };
            if (findings.FirstOrDefault(static finding => finding.Weight == AuditWeight.Breaks) is { } first)
                throw new InvalidOperationException($"{plan.Target} cannot follow as the others do: {first.Setting} {first.Sentence}{(first.Mend.Length > 0 ? $": {first.Mend}" : "")}");
        }
        foreach (var (connection, server) in new[] { (target, plan.Target), (source, plan.Source) })
            if (!await MayAllAsync(connection, ct)) throw new InvalidOperationException($"{options.Login.User} may not do on {server} what a rebuild does: {Mend(options.Login)}");
        _report = _report with { Method = "by SQL (logical copy): it works between any two servers; mariadb-backup would need a program of ours on both machines" };
        if (!plan.MayOverwrite && await TargetState.AnyDataAsync(target, ct) is { } table)
            throw new InvalidOperationException($"{plan.Target} is not empty: it has {table}, of which nothing is known here; --overwrite gives up all that it has");
        if (await TargetState.FollowersAsync(target, ct) is > 0 and var followers)
            throw new InvalidOperationException($"{followers} server{(followers == 1 ? "" : "s")} receive{(followers == 1 ? "s" : "")} the log of {plan.Target}, and would lose the way");
    }

    static async Task<bool> MayAllAsync(ServerConnection connection, CancellationToken ct) => (await connection.QueryAsync("SHOW GRANTS", ct)).Rows
        .Any(static row => row[0]!.StartsWith("GRANT ALL PRIVILEGES ON *.* TO ", StringComparison.Ordinal) && row[0]!.EndsWith("WITH GRANT OPTION", StringComparison.Ordinal));

    static async Task<ServerSettings> SettingsAsync(ServerConnection connection, ServerId server, CancellationToken ct) => new(server, ServerRole.Unknown,
        (await connection.QueryAsync($"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({string.Join(", ", ReplicaFitness.Variables.Select(static name => $"'{name}'"))})", ct))
        .Rows.ToImmutableDictionary(static row => row[0]!, static row => row[1] ?? "", StringComparer.Ordinal));

    /// <summary>From the place of the snapshot on, whoever is the primary by now.</summary>
    async Task FollowAsync(ServerConnection target, Position position, CancellationToken ct)
    {
        var waited = time.GetTimestamp();
        ServerView? primary;
        while ((primary = around.Primary()) is null)
        {
            if (time.GetElapsedTime(waited) > PrimaryWithin) throw new InvalidOperationException("the copy is whole, but there is no primary that it could follow; begin anew when there is one");
            await Task.Delay(Look, time, ct);
        }
        _report = _report with { Primary = primary.Id.Name };
        await TargetState.StandAtAsync(target, position, ct);
        await target.QueryAsync(string.Create(CultureInfo.InvariantCulture,
            $"CHANGE MASTER TO MASTER_HOST={Sql.Plain(primary.Address.Host)}, MASTER_PORT={primary.Address.Port}, MASTER_USER={Sql.Plain(replication!.User)}, MASTER_PASSWORD={Sql.Plain(replication.Password)}, MASTER_CONNECT_RETRY=1, MASTER_HEARTBEAT_PERIOD=0.5, MASTER_USE_GTID=slave_pos"), ct);
        await target.QueryAsync("START SLAVE", ct);
        await CatchUpAsync(target, position, primary.LastAnswer!.BinlogPosition, ct);
    }

    async Task CatchUpAsync(ServerConnection target, Position from, Position head, CancellationToken ct)
    {
        var began = time.GetTimestamp();
        var all = (long)from.Behind(head);
        var pace = Pace.Begin(WorkUnit.Transactions, time.Now()).Expect(all);
        while (true)
        {
            var reached = (await target.QueryAsync($"SELECT MASTER_GTID_WAIT('{head}', {Look.TotalSeconds.ToString(CultureInfo.InvariantCulture)})", ct)).Scalar == "0";
            var status = await target.QueryAsync("SHOW SLAVE STATUS", ct);
            string Said(string column) => status.Rows.Count == 0 ? "" : status.Value(0, column) ?? "";
            if (Said("Last_SQL_Error").Length > 0) throw new InvalidOperationException($"the copy is whole, but {plan.Target} cannot apply what comes behind it: {Said("Last_SQL_Error")}");
            if (Said("Last_IO_Errno") == "1236") throw new InvalidOperationException($"the copy is whole, but {_report.Primary} has not the log behind it any more: {Said("Last_IO_Error")}");
            if (reached && Said("Slave_IO_Running") == "Yes" && Said("Slave_SQL_Running") == "Yes") break;
            var waited = time.GetElapsedTime(began);
            // It is not known why; it goes on by itself, and the controller tells what becomes of it.
            if (waited > CatchUp || !reached && waited > TimeSpan.FromSeconds(30) && Said("Slave_IO_Running") != "Yes") throw new InvalidOperationException($"the copy is whole and follows, but has not caught up: {Said("Last_IO_Error")}");
            if (Position.TryParse((await target.QueryAsync("SELECT @@global.gtid_slave_pos", ct)).Scalar ?? "", out var stands)) pace = pace.At(all - (long)stands.Behind(head), time.Now());
            tell(new Underway($"{plan.Target} has its copy and catches up with {_report.Primary}", pace));
        }
        _report = _report with { Follows = true };
    }
}
