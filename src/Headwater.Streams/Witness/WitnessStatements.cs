using System.Globalization;
using System.Text.RegularExpressions;
using Headwater.Core.Positions;
using Headwater.Streams.Store;

namespace Headwater.Streams.Witness;

/// <summary>An answer of a witness: rows, or none for OK.</summary>
sealed record WitnessAnswer(IReadOnlyList<string> Columns, IReadOnlyList<string?[]> Rows)
{
    public static readonly WitnessAnswer Ok = new([], []);
}

/// <summary>An error as the server would tell it.</summary>
sealed class WitnessError(ushort code, string sqlState, string message) : Exception(message)
{
    public ushort Code => code;
    public string SqlState => sqlState;
}

/// <summary>
/// The statements that are asked of a replica by who looks at it, by who commands it, and by a replica that follows it. Their texts are few and come from programs, so they are
/// recognized by their beginnings and not parsed; whatever else comes is refused: a witness has the log and no data.
/// </summary>
sealed partial class WitnessStatements(WitnessOptions options, LogStore store, WitnessReplication replication, uint thread, TimeProvider time, long startedAt, CancellationToken ending)
{
    readonly Dictionary<string, string?> _own = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>What a replica has set before it asks for the log.</summary>
    public string? Own(string name) => _own.GetValueOrDefault(name);

    public async Task<WitnessAnswer> RunAsync(string statement)
    {
        var sql = statement.Trim().TrimEnd(';').Trim();
        if (Is(sql, "SELECT")) return await SelectAsync(sql["SELECT".Length..]);
        if (Is(sql, "SHOW ALL SLAVES STATUS") || Is(sql, "SHOW SLAVE STATUS") || Is(sql, "SHOW REPLICA STATUS")) return LinkStatus();
        if (Is(sql, "SHOW SLAVE HOSTS") || Is(sql, "SHOW REPLICA HOSTS")) return new(["Server_id", "Host", "Port", "Master_id"], []);
        if (Is(sql, "SHOW MASTER STATUS") || Is(sql, "SHOW BINLOG STATUS")) return new(["File", "Position", "Binlog_Do_DB", "Binlog_Ignore_DB"], store.IsEmpty ? [] : [[store.Segments[^1].Name, Number(store.End.Offset), "", ""]]);
        if (Is(sql, "SHOW PROCESSLIST") || Is(sql, "SHOW FULL PROCESSLIST")) return new(["Id", "User", "Host", "db", "Command", "Time", "State", "Info", "Progress"], []);
        if (Is(sql, "SHOW") && sql.Contains("STATUS", StringComparison.OrdinalIgnoreCase)) return Named(sql, Statuses());
        if (Is(sql, "SHOW") && sql.Contains("VARIABLES", StringComparison.OrdinalIgnoreCase)) return Named(sql, Variables());
        if (Guarded().Match(sql) is { Success: true } guard)
            return string.CompareOrdinal(time.GetUtcNow().ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture), guard.Groups["until"].Value) < 0
                ? WitnessAnswer.Ok : throw new WitnessError(1644, "45000", guard.Groups["says"].Value);
        if (Is(sql, "SET")) return await SetAsync(sql["SET".Length..]);
        if (Is(sql, "STOP SLAVE") || Is(sql, "STOP REPLICA"))
        {
            // There is nothing to apply, so nothing to stop about that.
            if (!sql.EndsWith("SQL_THREAD", StringComparison.OrdinalIgnoreCase)) await replication.ChangeAsync(static source => source with { Receives = false });
            return WitnessAnswer.Ok;
        }
        if (Is(sql, "START SLAVE") || Is(sql, "START REPLICA"))
        {
            if (sql.EndsWith("SQL_THREAD", StringComparison.OrdinalIgnoreCase)) return WitnessAnswer.Ok;
            if (!replication.Source.IsSet) throw new WitnessError(1200, "HY000", "Misconfigured slave: MASTER_HOST was not set; Fix in config file or with CHANGE MASTER TO");
            await replication.ChangeAsync(static source => source with { Receives = true });
            return WitnessAnswer.Ok;
        }
        if (Is(sql, "RESET SLAVE") || Is(sql, "RESET REPLICA"))
        {
            await replication.ChangeAsync(static source => new WitnessSource { Acknowledges = source.Acknowledges });
            return WitnessAnswer.Ok;
        }
        if (Is(sql, "CHANGE MASTER TO")) return await ChangeMasterAsync(sql);
        if (Is(sql, "KILL") || Is(sql, "FLUSH") || Is(sql, "USE ")) return WitnessAnswer.Ok;
        throw new WitnessError(1235, "42000", $"This is a witness: it holds the log and no data, and does not know this statement: {(sql.Length > 80 ? sql[..80] + "…" : sql)}");
    }

    static bool Is(string sql, string beginning) => sql.StartsWith(beginning, StringComparison.OrdinalIgnoreCase);

    async Task<WitnessAnswer> SelectAsync(string list)
    {
        // Of the sessions of a server: there are none that matter.
        if (list.Contains("PROCESSLIST", StringComparison.OrdinalIgnoreCase)) return new(["id"], []);
        var names = Split(list);
        var row = new string?[names.Count];
        for (var i = 0; i < row.Length; i++) row[i] = await ValueAsync(names[i]);
        return new(names, [row]);
    }

    async Task<string?> ValueAsync(string expression)
    {
        if (expression.StartsWith("@@", StringComparison.Ordinal)) return Variable(expression);
        if (expression.StartsWith('@')) return Own(expression[1..]);
        if (Is(expression, "UNIX_TIMESTAMP()")) return Number(time.GetUtcNow().ToUnixTimeSeconds());
        if (Is(expression, "UTC_TIMESTAMP(6)")) return time.GetUtcNow().ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
        if (Is(expression, "VERSION()")) return WitnessServer.Version;
        if (Is(expression, "CONNECTION_ID()")) return Number(thread);
        if (Is(expression, "MASTER_GTID_WAIT")) return await WaitAsync(expression);
        if (expression.Length > 0 && expression.All(char.IsAsciiDigit)) return expression;
        if (expression is ['\'', .. var text, '\'']) return text;
        throw new WitnessError(1235, "42000", $"This is a witness: it holds the log and no data, and cannot tell {expression}");
    }

    async Task<string?> WaitAsync(string expression)
    {
        var match = WaitCall().Match(expression);
        if (!match.Success || !Position.TryParse(match.Groups["position"].Value, out var wanted)) throw new WitnessError(1582, "42000", "MASTER_GTID_WAIT takes a position and seconds");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ending);
        limit.CancelAfter(TimeSpan.FromSeconds(double.TryParse(match.Groups["seconds"].Value, CultureInfo.InvariantCulture, out var seconds) ? Math.Min(seconds, 3600) : 3600));
        try
        {
            while (store.End is { } end && !end.Position.Covers(wanted)) await store.MovedAsync(end, limit.Token);
            return "0";
        }
        catch (OperationCanceledException)
        {
            return "-1";
        }
    }

    string? Variable(string name)
    {
        var plain = name[(name.LastIndexOfAny(['@', '.']) + 1)..].Trim();
        return Variables().TryGetValue(plain, out var value) ? value switch { "ON" => "1", "OFF" => "0", _ => value } : throw new WitnessError(1193, "HY000", $"Unknown system variable '{plain}'");
    }

    /// <summary>Where it began is not what it holds: it says nothing before it holds something.</summary>
    string Holds => store.IsEmpty ? "" : store.End.Position.ToString();

    Dictionary<string, string?> Variables() => new(StringComparer.OrdinalIgnoreCase)
    {
        ["server_id"] = Number(options.ServerId),
        ["version"] = WitnessServer.Version,
        ["hostname"] = Environment.MachineName,
        ["port"] = Number(options.Listen.Port),
        ["read_only"] = "ON",
        ["log_bin"] = "ON",
        ["log_slave_updates"] = "ON",
        ["binlog_format"] = "ROW",
        ["binlog_row_image"] = "FULL",
        ["binlog_checksum"] = "CRC32",
        ["gtid_domain_id"] = "0",
        ["gtid_strict_mode"] = "ON",
        ["gtid_binlog_pos"] = Holds,
        ["gtid_slave_pos"] = Holds,
        ["gtid_current_pos"] = Holds,
        ["gtid_binlog_state"] = string.Join(',', store.Last),
        // What it acknowledges is on the disk: that is what these ask.
        ["sync_binlog"] = "1",
        ["sync_relay_log"] = "1",
        ["innodb_flush_log_at_trx_commit"] = "1",
        ["rpl_semi_sync_master_enabled"] = "OFF",
        ["rpl_semi_sync_slave_enabled"] = replication.Source.Acknowledges ? "ON" : "OFF",
        ["rpl_semi_sync_master_wait_point"] = "AFTER_SYNC",
        ["slave_net_timeout"] = "3",
        ["tcp_keepalive_time"] = "60",
        ["max_allowed_packet"] = "1073741824",
        ["lower_case_table_names"] = "0",
    };

    Dictionary<string, string?> Statuses() => new(StringComparer.OrdinalIgnoreCase)
    {
        ["Uptime"] = Number((long)time.GetElapsedTime(startedAt).TotalSeconds),
        ["Rpl_semi_sync_master_status"] = "OFF",
        ["Rpl_semi_sync_master_clients"] = "0",
        ["Rpl_semi_sync_master_wait_sessions"] = "0",
        ["Rpl_semi_sync_master_no_tx"] = "0",
        ["Rpl_semi_sync_slave_status"] = replication.IsAcknowledging ? "ON" : "OFF",
    };

    /// <summary>Those of the values that the statement names.</summary>
    static WitnessAnswer Named(string sql, Dictionary<string, string?> values) => new(["Variable_name", "Value"],
        [.. values.Where(pair => sql.Contains($"'{pair.Key}'", StringComparison.OrdinalIgnoreCase)).Select(static pair => new[] { pair.Key, pair.Value })]);

    WitnessAnswer LinkStatus()
    {
        var source = replication.Source;
        var position = Holds;
        var received = replication.Received;
        (string Name, string? Value)[] columns =
        [
            ("Connection_name", ""), ("Slave_IO_State", replication.IsReceiving ? "Waiting for master to send event" : ""), ("Master_Host", source.Host), ("Master_User", source.User),
            ("Master_Port", Number(source.Port)), ("Master_Log_File", received?.File ?? ""), ("Read_Master_Log_Pos", Number(received?.Offset ?? 0)),
            ("Slave_IO_Running", !source.Receives ? "No" : replication.IsReceiving ? "Yes" : "Connecting"), ("Slave_SQL_Running", "Yes"),
            ("Last_IO_Errno", Number(replication.ErrorCode)), ("Last_IO_Error", replication.Error), ("Last_SQL_Errno", "0"), ("Last_SQL_Error", ""),
            ("Master_Server_Id", Number(replication.SourceNumber)), ("Using_Gtid", "Slave_Pos"), ("Gtid_IO_Pos", position), ("SQL_Delay", "0"), ("Seconds_Behind_Master", "0"),
            ("Slave_received_heartbeats", Number(replication.Heartbeats)), ("Gtid_Slave_Pos", position),
        ];
        return new([.. columns.Select(static column => column.Name)], source.IsSet ? [[.. columns.Select(static column => column.Value)]] : []);
    }

    async Task<WitnessAnswer> SetAsync(string list)
    {
        foreach (var assignment in Split(list))
        {
            var equals = assignment.IndexOf('=');
            if (equals < 0) continue;
            var (name, value) = (assignment[..equals].Trim().TrimEnd(':').Trim(), assignment[(equals + 1)..].Trim());
            if (name.Equals("@slave_until_gtid", StringComparison.OrdinalIgnoreCase) && value.Trim('\'').Length > 0) throw new WitnessError(1235, "42000", "This is a witness: it gives its log to its end, and knows no START SLAVE UNTIL");
            if (name.StartsWith('@') && !name.StartsWith("@@", StringComparison.Ordinal)) _own[name[1..]] = value.StartsWith('@') ? await ValueAsync(value) : value.Trim('\'');
            else if (name.EndsWith("rpl_semi_sync_slave_enabled", StringComparison.OrdinalIgnoreCase) && !name.Contains("SESSION", StringComparison.OrdinalIgnoreCase))
            {
                var on = value.Trim('\'').ToUpperInvariant() is "ON" or "1" or "TRUE";
                await replication.ChangeAsync(source => source with { Acknowledges = on });
            }
            else if (name.EndsWith("read_only", StringComparison.OrdinalIgnoreCase) && value.ToUpperInvariant() is "OFF" or "0")
                throw new WitnessError(1290, "HY000", "This is a witness: it holds the log and no data, and nobody can write to it");
        }
        return WitnessAnswer.Ok;
    }

    async Task<WitnessAnswer> ChangeMasterAsync(string sql)
    {
        string? Text(string name) => Regex.Match(sql, name + @"\s*=\s*'((?:[^'\\]|''|\\.)*)'", RegexOptions.IgnoreCase) is { Success: true } match
            ? Unescaped(match.Groups[1].Value) : null;
        var port = Regex.Match(sql, @"MASTER_PORT\s*=\s*(\d+)", RegexOptions.IgnoreCase);
        if (replication.Source.Receives) throw new WitnessError(1198, "HY000", "This operation cannot be performed as you have a running slave ''; run STOP SLAVE '' first");
        await replication.ChangeAsync(source => source with
        {
            Host = Text("MASTER_HOST") ?? source.Host,
            Port = port.Success ? int.Parse(port.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : source.Port == 0 ? 3306 : source.Port,
            User = Text("MASTER_USER") ?? source.User,
            Password = Text("MASTER_PASSWORD") ?? source.Password,
        });
        return WitnessAnswer.Ok;
    }

    static string Unescaped(string text) => Regex.Replace(text, @"''|\\(.)", static match => match.Value == "''" ? "'" : match.Groups[1].Value);

    /// <summary>At commas that stand in no text and no parentheses.</summary>
    static List<string> Split(string list) => At(list, ',');

    public static List<string> At(string text, char separator)
    {
        var parts = new List<string>();
        var (start, depth, quoted) = (0, 0, false);
        for (var i = 0; i < text.Length; i++)
            switch (text[i])
            {
                case '\\' when quoted: i++; break;
                case '\'': quoted = !quoted; break;
                case '(' when !quoted: depth++; break;
                case ')' when !quoted: depth--; break;
                case var c when c == separator && !quoted && depth == 0:
                    parts.Add(text[start..i].Trim());
                    start = i + 1;
                    break;
            }
        if (text[start..].Trim() is { Length: > 0 } last) parts.Add(last);
        return parts;
    }

    static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>An order that is refused once the lease of whoever gave it has ended: one statement, though there are semicolons in it.</summary>
    [GeneratedRegex(@"^BEGIN NOT ATOMIC IF UTC_TIMESTAMP\(6\) >= '(?<until>[^']*)' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '(?<says>[^']*)'; END IF; END$", RegexOptions.IgnoreCase)]
    private static partial Regex Guarded();

    /// <summary>The statements of one packet.</summary>
    public static List<string> Of(string text)
    {
        const string End = "END IF; END";
        var statements = At(text, ';');
        for (var i = 0; i + 2 < statements.Count; i++)
        {
            if (!Is(statements[i], "BEGIN NOT ATOMIC IF") || !Is(statements[i + 1], "END IF") || !Is(statements[i + 2], "END")) continue;
            statements[i] = $"{statements[i]}; {End}";
            statements.RemoveRange(i + 1, 2);
        }
        return statements;
    }

    [GeneratedRegex(@"MASTER_GTID_WAIT\s*\(\s*'(?<position>[^']*)'\s*(,\s*(?<seconds>[0-9.]+)\s*)?\)", RegexOptions.IgnoreCase)]
    private static partial Regex WaitCall();
}
