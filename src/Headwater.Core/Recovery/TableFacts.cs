using System.Globalization;
using System.Text;
using Headwater.Core.Log;

namespace Headwater.Core.Recovery;

/// <summary>A table of a server as far as it matters for writing logged rows into it.</summary>
public sealed record TableFacts
{
    public required IReadOnlyList<ColumnShape> Columns { get; init; }

    /// <summary>Per column: its value follows from others and cannot be written.</summary>
    public required IReadOnlyList<bool> Generated { get; init; }
    public bool Transactional { get; init; }

    /// <summary>Triggers run for rows that SQL writes, and what they did the first time is in the log already.</summary>
    public bool HasTriggers { get; init; }

    /// <summary>Another table's rows are deleted or changed with its own; the log does not name them.</summary>
    public bool Cascades { get; init; }
    public bool HasPrimaryKey => Columns.Any(static column => column.InPrimaryKey);

    /// <summary>Why rows of <paramref name="logged"/> do not fit into this table; null when they do.</summary>
    public string? WhyNot(LoggedTable logged)
    {
        if (logged.Columns.Count != Columns.Count) return $"{logged} has {Columns.Count} columns, and had {logged.Columns.Count} when it was logged";
        for (var i = 0; i < Columns.Count; i++)
        {
            var (then, now) = (logged.Columns[i], Columns[i]);
            if (then.Name is null) return $"the log does not name the columns of {logged}";
            if (!string.Equals(then.Name, now.Name, StringComparison.Ordinal)) return $"column {i + 1} of {logged} is {now.Name}, and was {then.Name} when it was logged";
            if (!Fits(then, now)) return $"{logged}.{now.Name} is {now.Type}, and was another type ({then.Type}) when it was logged";
            if (then.InPrimaryKey != now.InPrimaryKey && logged.HasPrimaryKey) return $"{logged} has another primary key than when it was logged";
        }
        return null;
    }

    static bool Fits(LoggedColumn then, ColumnShape now)
    {
        var type = now.Type.ToLowerInvariant();
        var isText = now.Charset is not null;
        return then.Type switch
        {
            LoggedType.Integer => type.StartsWith(then.Length switch { 1 => "tinyint", 2 => "smallint", 3 => "mediumint", 4 => "int", _ => "bigint" }, StringComparison.Ordinal)
                && (then.IsUnsigned is not { } unsigned || unsigned == type.Contains("unsigned", StringComparison.Ordinal)),
            LoggedType.Float => type.StartsWith("float", StringComparison.Ordinal),
            LoggedType.Double => type.StartsWith("double", StringComparison.Ordinal),
            LoggedType.Decimal => type.StartsWith(string.Create(CultureInfo.InvariantCulture, $"decimal({then.Length},{then.Scale})"), StringComparison.Ordinal),
            LoggedType.Bit => type.StartsWith(string.Create(CultureInfo.InvariantCulture, $"bit({then.Length})"), StringComparison.Ordinal),
            LoggedType.Enum or LoggedType.Set => SameMembers(then, now.Type),
            LoggedType.Year => type.StartsWith("year", StringComparison.Ordinal),
            LoggedType.Date => type == "date",
            LoggedType.Time or LoggedType.OldTime => type == Timed("time", then.Scale),
            LoggedType.DateTime or LoggedType.OldDateTime => type == Timed("datetime", then.Scale),
            LoggedType.Timestamp or LoggedType.OldTimestamp => type == Timed("timestamp", then.Scale),
            LoggedType.FixedText => (type.StartsWith("char", StringComparison.Ordinal) || type.StartsWith("binary", StringComparison.Ordinal) || type is "uuid" or "inet6" or "inet4")
                && (then.Charset is null or "binary" ? !isText : then.Charset == now.Charset),
            LoggedType.Text => (type.StartsWith("var", StringComparison.Ordinal) || type.Contains("text", StringComparison.Ordinal) || type.Contains("blob", StringComparison.Ordinal))
                && (then.Charset is null or "binary" ? !isText : then.Charset == now.Charset),
            LoggedType.Geometry => type.Contains("point", StringComparison.Ordinal) || type.Contains("line", StringComparison.Ordinal) || type.Contains("polygon", StringComparison.Ordinal) || type.Contains("geometry", StringComparison.Ordinal),
            _ => false,
        };
    }

    static string Timed(string type, int scale) => scale == 0 ? type : string.Create(CultureInfo.InvariantCulture, $"{type}({scale})");

    static bool SameMembers(LoggedColumn then, string type)
    {
        var word = then.Type == LoggedType.Enum ? "enum" : "set";
        if (!type.StartsWith(word, StringComparison.OrdinalIgnoreCase)) return false;
        if (then.Members.Count == 0) return true;
        var declared = $"{word}({string.Join(',', then.Members.Select(static member => $"'{Encoding.UTF8.GetString(member).Replace("'", "''", StringComparison.Ordinal)}'"))})";
        return string.Equals(type, declared, StringComparison.Ordinal);
    }
}

/// <summary>The facts of a table of one server; null when there is none.</summary>
public delegate TableFacts? TableFactsLookup(string schema, string table);
