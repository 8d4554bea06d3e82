using System.Collections.Frozen;

namespace Headwater.Core.Statements;

/// <summary>Tables that show the server itself, not the data: who asks "the database" for them means the primary.</summary>
internal static class ServerLocal
{
    // What information_schema tells from the data dictionary, which replicas share. TABLES, PARTITIONS and STATISTICS hold each server's own
    // estimates and times beside it.
    static readonly FrozenSet<string> Shared = Set("""
        columns views schemata key_column_usage table_constraints referential_constraints routines parameters triggers check_constraints
        character_sets collations collation_character_set_applicability keywords sql_functions column_privileges table_privileges
        schema_privileges user_privileges applicable_roles enabled_roles geometry_columns spatial_ref_sys sequences periods key_period_usage
        """);

    // Unmistakable names: with information_schema as the session's schema they stand alone.
    static readonly FrozenSet<string> Unqualified = Set("""
        processlist global_status session_status global_variables session_variables system_variables user_variables all_plugins key_caches
        client_statistics index_statistics table_statistics user_statistics metadata_lock_info optimizer_trace gtid_slave_pos innodb_trx innodb_locks
        innodb_lock_waits innodb_metrics innodb_buffer_page innodb_buffer_pool_stats innodb_table_stats innodb_index_stats
        """);

    public static bool Schema(string schema) => schema is "mysql" or "performance_schema" or "sys";

    public static bool Table(string? schema, string table) => schema switch
    {
        null => Unqualified.Contains(table),
        "information_schema" => !Shared.Contains(table),
        _ => Schema(schema),
    };

    static FrozenSet<string> Set(string names) =>
        names.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);
}
