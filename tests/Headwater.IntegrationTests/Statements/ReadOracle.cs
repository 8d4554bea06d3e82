using System.Globalization;
using System.Text.RegularExpressions;
using Headwater.Core.Statements;
using Headwater.Servers;

namespace Headwater.IntegrationTests.Statements;

/// <summary>Runs statements on a real primary and its read-only replica, as an ordinary user, and tells what a plain read would not have done.</summary>
sealed partial class ReadOracle(RealServer primary, RealServer replica) : IAsyncDisposable
{
    // The server's own words for "not here": read-only server, read-only transaction, and their like.
    static readonly ushort[] Refusals = [1290, 1792, 1836, 3100];

    ServerConnection? _onPrimary, _onReplica, _watch;

    static readonly ServerLogin Application = new(OracleSchema.User, OracleSchema.Password, "app");

    public int Executed { get; private set; }
    public int Failed => Refused.Count;

    /// <summary>What both servers refused alike, and with what words.</summary>
    public List<string> Refused { get; } = [];

    /// <summary>Null when the statement did nothing that a plain read does not do; else what it did. <see cref="Failed"/> counts those that every server refuses alike.</summary>
    public async Task<string?> FindFaultAsync(string sql, string sqlMode, bool sameAnswers = true)
    {
        Executed++;
        _watch ??= await primary.ConnectAsync();
        _onPrimary ??= await ServerConnection.ConnectAsync(primary.Local, Application, default);
        _onReplica ??= await ServerConnection.ConnectAsync(replica.Local, Application, default);
        foreach (var connection in (ServerConnection[])[_onPrimary, _onReplica])
            await connection.QueryMultiAsync($"ROLLBACK; SET sql_mode = '{sqlMode}', last_insert_id = 4711, @a = NULL, @x = NULL", default);

        // On the primary inside a transaction: what it locked or wrote shows there.
        var position = await PositionAsync();
        await _onPrimary.QueryMultiAsync("BEGIN", default);
        var before = await HandlersAsync(_onPrimary);
        var there = await RunAsync(_onPrimary, sql);
        string? fault = null;
        if (_onPrimary.IsOpen)
        {
            var after = await HandlersAsync(_onPrimary);
            if (after != before)
                fault = $"handlers went from {before} to {after}";
            fault ??= await TransactionAsync(_onPrimary.ThreadId);
            var insertId = (await _onPrimary.QueryAsync("SELECT LAST_INSERT_ID()", default)).Scalar;
            if (insertId != "4711")
                fault ??= $"LAST_INSERT_ID() became {insertId}";
        }
        fault ??= await VariablesAsync();
        if (await PositionAsync() != position)
            fault ??= "the binary log grew";

        var again = await RunAsync(_onPrimary, sql);
        var here = await RunAsync(_onReplica, sql);
        if (Refusals.Contains(here.Code) || Refusals.Contains(there.Code))
            fault ??= $"refused with {here.Code} on the replica, {there.Code} on the primary";
        if (there.Code != 0)
            Refused.Add($"{sql}\n  {there.Text}");
        // What is the same twice on the primary has no chance or clock in it, so the replica must say the same.
        // Statements that leave the order or the choice of rows to the optimizer may differ all the same, and are compared by outcome only.
        if (there.Code != here.Code || (sameAnswers && there.Text == again.Text && there.Text != here.Text))
            fault ??= $"the primary says {Shorten(there.Text)}, the replica {Shorten(here.Text)}";
        return fault;
    }

    public async Task ForgetConnectionsAsync()
    {
        if (_onPrimary is not null)
            await _onPrimary.DisposeAsync();
        if (_onReplica is not null)
            await _onReplica.DisposeAsync();
        _onPrimary = _onReplica = null;
    }

    static async Task<(ushort Code, string Text)> RunAsync(ServerConnection connection, string sql)
    {
        try
        {
            var results = await connection.QueryMultiAsync(sql, default);
            return (0, string.Join('\n', results.SelectMany(result => result.Rows.Select(row => string.Join('\t', row.Select(value => value ?? "NULL")))).Order(StringComparer.Ordinal)));
        }
        catch (ServerException e)
        {
            return (e.Code, $"{e.Code} {e.Message}");
        }
    }

    // Handler_update is left out: window functions update their own temporary files.
    static async Task<string> HandlersAsync(ServerConnection connection)
    {
        var status = await connection.QueryAsync("SHOW SESSION STATUS WHERE Variable_name IN ('Handler_write', 'Handler_delete')", default);
        return string.Join(' ', status.Rows.Select(row => $"{row[0]}={row[1]}"));
    }

    // From the monitor's text, for information_schema.INNODB_TRX is up to 100 ms old (https://mariadb.com/kb/en/information-schema-innodb_trx-table/).
    async Task<string?> TransactionAsync(uint thread)
    {
        var monitor = await _watch!.QueryAsync("SHOW ENGINE INNODB STATUS", default);
        var transaction = monitor.Rows[0][2]!.Split("---TRANSACTION").FirstOrDefault(text => text.Contains($"MariaDB thread id {thread.ToString(CultureInfo.InvariantCulture)},", StringComparison.Ordinal));
        if (transaction is null)
            return null;
        var held = Held().Matches(transaction).Select(match => match.Value).ToList();
        return held.Count > 0 ? $"holds {string.Join(", ", held)}" : null;
    }

    [GeneratedRegex(@"[1-9]\d* (lock struct|row lock|undo log entr)")]
    private static partial Regex Held();

    async Task<string?> VariablesAsync()
    {
        if (!_onPrimary!.IsOpen)
            return null;
        var set = await _onPrimary.QueryAsync("SELECT VARIABLE_NAME, VARIABLE_VALUE FROM information_schema.USER_VARIABLES WHERE VARIABLE_VALUE IS NOT NULL", default);
        return set.Rows.Count > 0 ? $"assigned @{set.Rows[0][0]}" : null;
    }

    async Task<string?> PositionAsync() => (await _watch!.QueryAsync("SELECT @@gtid_binlog_pos", default)).Scalar;

    static string Shorten(string text) => text.Length > 200 ? text[..200] + "…" : text;

    public static string SqlMode(SqlSyntax syntax) => string.Join(',', (string[])
    [
        .. syntax.HasFlag(SqlSyntax.AnsiQuotes) ? (string[])["ANSI_QUOTES"] : [],
        .. syntax.HasFlag(SqlSyntax.NoBackslashEscapes) ? (string[])["NO_BACKSLASH_ESCAPES"] : [],
    ]);

    public async ValueTask DisposeAsync()
    {
        await ForgetConnectionsAsync();
        if (_watch is not null)
            await _watch.DisposeAsync();
    }
}
