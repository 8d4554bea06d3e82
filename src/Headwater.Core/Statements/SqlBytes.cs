namespace Headwater.Core.Statements;

/// <summary>What a byte can begin, as MariaDB's lexer sees it (sql/sql_lex.cc; the state map of every ASCII-compatible character set).</summary>
internal static class SqlBytes
{
    public const byte Other = 0, Space = 1, Letter = 2, Digit = 3, Quote = 4, DoubleQuote = 5, Backtick = 6, Minus = 7, Hash = 8,
        Slash = 9, At = 10, Open = 11, Close = 12, Dot = 13, Star = 14, Illegal = 15, Question = 16;

    // Bit flags beside the class: may continue a name; no space is written after it.
    public const byte ClassMask = 0x1F, InName = 0x40, Tight = 0x80;

    /// <summary>Class and flags of each byte.</summary>
    public static ReadOnlySpan<byte> Classes => ClassTable;

    /// <summary>ASCII letters in lower case, the rest as it is.</summary>
    public static ReadOnlySpan<byte> Lower => LowerTable;

    internal static readonly byte[] ClassTable = BuildClasses();
    internal static readonly byte[] LowerTable = BuildLower();

    public static bool IsName(byte b) => (ClassTable[b] & InName) != 0;
    public static bool IsSpace(byte b) => (ClassTable[b] & ClassMask) == Space;
    public static bool IsDigit(byte b) => b is >= (byte)'0' and <= (byte)'9';

    static byte[] BuildClasses()
    {
        var table = new byte[256];
        for (var b = 0; b < 256; b++)
        {
            table[b] = b switch
            {
                (>= 9 and <= 13) or ' ' => Space,
                < 32 or 127 => Illegal,
                (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or '_' or '$' or >= 128 => Letter | InName,
                >= '0' and <= '9' => Digit | InName,
                '\'' => Quote,
                '"' => DoubleQuote,
                '`' => Backtick,
                '-' => Minus | Tight,
                '#' => Hash,
                '/' => Slash | Tight,
                '@' => At | Tight,
                '(' => Open | Tight,
                ')' => Close,
                '.' => Dot | Tight,
                '*' => Star,
                '?' => Question,
                '\\' => Illegal,
                // [name] is a quoted name in sql_mode MSSQL, and nothing elsewhere
                '[' or ']' => Illegal,
                _ => Other | Tight,
            };
        }
        return table;
    }

    static byte[] BuildLower()
    {
        var table = new byte[256];
        for (var b = 0; b < 256; b++)
            table[b] = (byte)(b is >= 'A' and <= 'Z' ? b + 32 : b);
        return table;
    }
}
