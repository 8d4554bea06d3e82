using System.Text;
using Headwater.Core.Verify;
using Headwater.Servers;

namespace Headwater.Control.Rebuild;

/// <summary>Makes on the target what was read on the source, each in the session that it was made in.</summary>
sealed class DefinitionWriter(ServerConnection target)
{
    readonly Dictionary<string, string> _collations = [];
    string _schema = "";

    public async Task MakeAsync(Definition definition, CancellationToken ct)
    {
        await target.QueryAsync(definition.IsProgram
            ? $"SET sql_mode={Sql(definition.SqlMode)}, character_set_client={definition.Charset}, collation_connection={definition.Collation}, time_zone={Sql(definition.TimeZone.Length == 0 ? "+00:00" : definition.TimeZone)}"
            : CopySession.Usual, ct);
        if (definition.Kind != DefinitionKind.Schema && definition.Name.Schema != _schema)
        {
            await target.QueryAsync($"USE {TableName.Quote(definition.Name.Schema)}", ct);
            _schema = definition.Name.Schema;
        }
        var usual = definition.SchemaCollation.Length == 0 ? "" : await CollationAsync(ct);
        // A routine's parameters have the collation that the schema had when it was made.
        var differs = usual.Length > 0 && usual != definition.SchemaCollation;
        if (differs) await target.QueryAsync($"ALTER DATABASE {TableName.Quote(_schema)} COLLATE {definition.SchemaCollation}", ct);
        try
        {
            await target.ExecuteAsync(definition.Create, ct);
        }
        finally
        {
            if (differs && target.IsOpen) await target.QueryAsync($"ALTER DATABASE {TableName.Quote(_schema)} COLLATE {usual}", ct);
        }
        if (definition.State.Length > 0) await target.QueryAsync($"DO SETVAL({definition.Name.Quoted}, {definition.State})", ct);
    }

    /// <summary>Views may need each other: as long as one more can be made, the others are tried again. What cannot be made is told.</summary>
    public async Task<IReadOnlyList<string>> MakeInAnyOrderAsync(IReadOnlyList<Definition> definitions, CancellationToken ct)
    {
        var left = definitions.ToList();
        while (true)
        {
            var failed = new List<(Definition Definition, string Why)>();
            foreach (var definition in left)
                try
                {
                    await MakeAsync(definition, ct);
                }
                catch (ServerException e)
                {
                    failed.Add((definition, e.Message));
                }
            if (failed.Count == 0 || failed.Count == left.Count) return [.. failed.Select(static failure => $"{failure.Definition}, which the server refuses: {failure.Why}")];
            left = [.. failed.Select(static failure => failure.Definition)];
        }
    }

    async Task<string> CollationAsync(CancellationToken ct)
    {
        if (!_collations.TryGetValue(_schema, out var collation)) _collations[_schema] = collation = (await target.QueryAsync("SELECT @@collation_database", ct)).Scalar ?? "";
        return collation;
    }

    static string Sql(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}

/// <summary>What the sessions of a copy are set to.</summary>
static class CopySession
{
    public const string Usual = "SET NAMES utf8mb4, sql_mode='NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', time_zone='+00:00'";

    /// <summary>Past the log, with no check of what was checked where it comes from, and patient: the other end may be slow.</summary>
    public const string OfTarget = Usual + ", sql_log_bin=0, foreign_key_checks=0, unique_checks=0, check_constraint_checks=0, innodb_strict_mode=0, max_error_count=65535, "
        + "max_statement_time=0, net_read_timeout=3600, net_write_timeout=3600, wait_timeout=86400, lock_wait_timeout=30";

    /// <summary>Values come in the character set that they are kept in.</summary>
    public const string OfSource = Usual + ", character_set_results=NULL, max_statement_time=0, net_read_timeout=3600, net_write_timeout=3600, wait_timeout=86400, "
        + "idle_transaction_timeout=0, idle_readonly_transaction_timeout=0, lock_wait_timeout=30";
}
