using System.Text;
using Headwater.Core.Log;

namespace Headwater.Core.Consumers;

/// <summary>What a statement in the log may have changed.</summary>
static class StatementChange
{
    public enum Kind : byte
    {
        Nothing,

        /// <summary>Rows of tables that its text alone names.</summary>
        Rows,

        /// <summary>What tables, views and routines there are.</summary>
        Definition,
    }

    public static Kind Of(LoggedStatement statement)
    {
        var text = statement.Text.Span;
        return statement.Kind switch
        {
            StatementKind.Control => text.StartsWith("XA "u8) ? Kind.Rows : Kind.Nothing,
            StatementKind.Change => Kind.Rows,
            // Each server writes these when a session ends that had temporary tables; nobody else ever saw those.
            _ when text.StartsWith("DROP TEMPORARY TABLE"u8) || text.StartsWith("DROP /*!40005 TEMPORARY */ TABLE"u8) => Kind.Nothing,
            // What fills it may call functions, which change other tables.
            _ when text.StartsWith("CREATE TEMPORARY TABLE"u8) => Has(text, "SELECT"u8) || Has(text, "VALUES"u8) ? Kind.Rows : Kind.Nothing,
            _ => Kind.Definition,
        };
    }

    static bool Has(ReadOnlySpan<byte> text, ReadOnlySpan<byte> upper)
    {
        for (var i = 0; i + upper.Length <= text.Length; i++)
            if (Ascii.EqualsIgnoreCase(text.Slice(i, upper.Length), upper)) return true;
        return false;
    }
}
