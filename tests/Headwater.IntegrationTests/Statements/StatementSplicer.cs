using System.Text;
using System.Text.RegularExpressions;

namespace Headwater.IntegrationTests.Statements;

/// <summary>
/// Makes statements that nobody wrote: half by moving pieces of text between given ones, half by filling queries with what is and what is not pure,
/// spelled in all the ways that the lexer allows.
/// </summary>
sealed partial class StatementSplicer(string[] statements, int seed)
{
    static readonly string[] Expressions =
    [
        "a", "b", "t.a", "1", "'x'", "\"x\"", "1.5", "0xFF", "NULL", "count(*)", "max(a)", "concat(a, b)", "substring(a from 1 for 2)", "trim(leading 'x' from a)", "@a", "now()",
        "(select max(a) from u)", "exists (select 1 from v)", "case when a then b else 1 end", "cast(a as char(5))", "row_number() over (order by a)", "if(a, b, 1)", "a in (1, 2)",
        "json_extract('{}', '$.a')", "`a`", "`t`.`a`", "a--1", "a#x\n", "a-- x\n", "/* bump(1) */1", "'bump(1)'", "'it''s bump(1)'", "'\\' bump(1)'", "interval(1, 2)", "date '2026-01-01'",
        "bump(1)", "app.bump(1)", "`bump`(1)", "bump (1)", "bump/**/(1)", "app./**/bump(1)", "app.`bump`(1)", "`app`.bump (1)", "count (1)", "count/*x*/(1)", "count\n(1)", "COUNT -- \n(1)", "app.count(1)",
        "@a:=1", "@a := 1", "@`a`:=1", "get_lock('q', 0)", "nextval(s)", "next value for s", "next/**/value for s", "(select bump(1))", "last_insert_id(9)", "last_insert_id (9)",
        "/*!bump(1)*/", "/*!50000 bump*/(1)", "/*M!100100 bump(1)*/", "/*!99999 1 +*/ 1", "1.5 + bump(1)", "'x' + bump(1)", "'\\\\' + bump(1) + '\\\\'", "(select a from counting_view limit 1)", "default(a)",
        "1e0+bump(1)", "-bump(1)", "!bump(1)", "a=bump(1)", "bump(bump(1))", "_utf8'x' + bump(1)", "x'41' + bump(1)", "N'x' + bump(1)", "/*! 'x */ + bump(1) /*'*/", "\"x\\\" + \" + bump(1)",
    ];

    static readonly string[] Tables =
    [
        "t", "app.t", "`t`", "t, u as x", "t join u on t.a = u.a", "t as of_t", "(select a, b from t) as t", "t left join v using (a, b)", "plain_view as t", "t use index (i1)", "(t)", "t straight_join u",
        "counting_view as t", "app.counting_view as t", "`view_over_view` as t", "t, counting_view", "t join (u, view_over_view as z)", "(select * from counting_view) as t", "t natural join view_over_view",
    ];

    static readonly string[] Tails =
    [
        "", "", "", " order by 1", " limit 1", " group by 1 with rollup", " -- end", " # end", ";", " union select 1, 2", " where a = 1", " where b = 'x'",
        " for update", " for/**/update", "/*!for update*/", " /*!50000 for*/ update", " lock in share mode", " lock/**/in share mode", " into @x, @a", "/*!50000 into @x, @a*/", " limit 1 into @x, @a",
        " where a = 1for update", " where a = 1.5for update", " where a = 'x'for update", " where a = `a`for update", " where a = 1e1for update", " -- x\nfor update", " for -- x\n update", " limit 1 procedure analyse()",
    ];

    readonly Random _random = new(seed);
    readonly string[] _pieces = [.. statements.SelectMany(statement => Pieces().Matches(statement).Select(match => match.Value)).Distinct()];

    public string Next() => _random.Next(2) == 0 ? Spliced() : Filled();

    string Filled()
    {
        var text = $"select {Pick(Expressions)}, {Pick(Expressions)} from {Pick(Tables)}{Pick(Tails)}";
        text = _random.Next(6) switch
        {
            0 => $"({text})",
            1 => $"with c as ({text.TrimEnd(';')}\n) select * from c",
            2 => $"select (select count(*) from ({text.TrimEnd(';')}\n) as d)",
            3 => $"explain {text}",
            _ => text,
        };
        return RandomCase(text);
    }

    string RandomCase(string text)
    {
        var result = new StringBuilder(text);
        var upper = _random.Next(3);
        for (var i = 0; i < result.Length; i++)
        {
            // names of tables are case-sensitive: only keywords that no table has in its name
            if (upper == 0 && i + 6 <= text.Length && text.AsSpan(i, 6) is "select" or "update")
                result[i] = char.ToUpperInvariant(result[i]);
            else if (upper == 1 && result[i] == ' ' && _random.Next(8) == 0)
                result[i] = "\n\t\r"[_random.Next(3)];
        }
        return result.ToString();
    }

    string Spliced()
    {
        var text = Pick(statements);
        for (var changes = _random.Next(1, 3); changes > 0; changes--)
        {
            var matches = Pieces().Matches(text);
            if (matches.Count == 0)
                break;
            var at = matches[_random.Next(matches.Count)];
            var piece = _random.Next(3) == 0 ? Pick(Expressions) : Pick(_pieces);
            text = _random.Next(3) switch
            {
                0 => text[..at.Index] + piece + text[(at.Index + at.Length)..],
                1 => text[..at.Index] + piece + text[at.Index..],
                _ => text[..(at.Index + at.Length)] + " " + piece + text[(at.Index + at.Length)..],
            };
        }
        return text;
    }

    string Pick(string[] from) => from[_random.Next(from.Length)];

    [GeneratedRegex(@"[\w@$]+(\s*\([^()]*\))?|'[^']*'|`[^`]*`|\S")]
    private static partial Regex Pieces();
}
