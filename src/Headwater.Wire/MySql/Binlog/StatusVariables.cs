using System.Globalization;
using System.Text;

namespace Headwater.Wire.MySql.Binlog;

/// <summary>
/// The settings that a statement was run under, in front of its text. Source: https://mariadb.com/kb/en/query_event/ and sql/log_event.h (Q_..._CODE).
/// Oddity: the values have no common form, so that what stands behind an unknown one cannot be read: newer servers' are given up there.
/// </summary>
static class StatusVariables
{
    const uint AutoIsNull = 1u << 14, NoChecks = 1u << 15, ExplicitTimestamp = 1u << 24, NoForeignKeys = 1u << 26, RelaxedUnique = 1u << 27, IfExists = 1u << 28, InsertHistory = 1u << 30;

    public static StatementSettings Read(ReadOnlySpan<byte> variables, uint seconds)
    {
        var reader = new PayloadReader(variables);
        var settings = new List<string>();
        var told = new StatementSettings(settings, null, null, null, 0);
        while (!reader.AtEnd && One(ref reader, settings, ref told))
        {
        }
        settings.Add(Sql($"SET timestamp={seconds}.{told.Microseconds ?? 0:D6}"));
        return told;
    }

    static bool One(ref PayloadReader reader, List<string> settings, ref StatementSettings told)
    {
        switch (reader.Byte())
        {
            case 0:
                var flags = reader.UInt32();
                settings.Add(Sql($"SET foreign_key_checks={Off(flags, NoForeignKeys)}, unique_checks={Off(flags, RelaxedUnique)}, check_constraint_checks={Off(flags, NoChecks)}, sql_auto_is_null={On(flags, AutoIsNull)}, sql_if_exists={On(flags, IfExists)}, explicit_defaults_for_timestamp={On(flags, ExplicitTimestamp)}"));
                if ((flags & InsertHistory) != 0) settings.Add("SET system_versioning_insert_history=1");
                return true;
            case 1:
                told = told with { SqlMode = reader.UInt64() };
                settings.Add(Sql($"SET sql_mode={told.SqlMode}"));
                return true;
            case 2: // the catalog, with a zero behind it
                reader.Skip(reader.Byte());
                reader.Skip(1);
                return true;
            case 3: settings.Add(Sql($"SET auto_increment_increment={reader.UInt16()}, auto_increment_offset={reader.UInt16()}")); return true;
            case 4:
                int client = reader.UInt16(), connection = reader.UInt16(), server = reader.UInt16();
                told = told with { Charset = Collations.CharsetOf(client), ServerCharset = Collations.CharsetOf(server) };
                settings.Add(Sql($"SET character_set_client={(told.Charset ?? client.ToString(CultureInfo.InvariantCulture))}, collation_connection={connection}, collation_server={server}"));
                return true;
            case 5: settings.Add($"SET time_zone={Quoted(reader.Bytes(reader.Byte()))}"); return true;
            case 6: reader.Skip(reader.Byte()); return true;
            case 7: settings.Add(Sql($"SET lc_time_names={reader.UInt16()}")); return true;
            case 8: settings.Add(Sql($"SET collation_database={reader.UInt16()}")); return true;
            case 9: reader.Skip(8); return true; // tables of a multi-table update
            case 10: reader.Skip(4); return true;
            case 11: // the invoker, of a statement that stores one
                reader.Skip(reader.Byte());
                reader.Skip(reader.Byte());
                return true;
            case 128: told = told with { Microseconds = (int)reader.UInt24() % 1_000_000 }; return true;
            case 129: reader.Skip(8); return true; // the commit's number in the server
            default: return false;
        }
    }

    public static string Quoted(ReadOnlySpan<byte> text) => "'" + Encoding.UTF8.GetString(text).Replace("\\", "", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal) + "'";

    static string Sql(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
    static int On(uint flags, uint flag) => (flags & flag) != 0 ? 1 : 0;
    static int Off(uint flags, uint flag) => (flags & flag) != 0 ? 0 : 1;
}
