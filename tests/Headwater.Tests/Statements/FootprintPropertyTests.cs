using System.Text;
using Headwater.Core.Statements;
using Xunit;

namespace Headwater.Tests.Statements;

/// <summary>Whatever a statement looks like: the footprint covers the tables that were put into it, and its key is that of a WHERE that demands it.</summary>
public class FootprintPropertyTests
{
    static readonly (string Schema, string Name)[] Tables = [("shop", "orders"), ("shop", "lines"), ("shop", "Customers"), ("shop", "prices"), ("shop", "select"), ("shop", "t.u"), ("stock", "items"), ("stock", "orders"), ("stock", "1st"), ("stock", "7")];

    [Fact]
    public void The_footprint_covers_every_table_that_a_statement_was_made_of()
    {
        var seed = ulong.TryParse(Environment.GetEnvironmentVariable("HEADWATER_SEED"), out var given) ? given : (ulong)Environment.TickCount64 << 32;
        var chance = new Seeded(seed);
        int everything = 0, keyed = 0;
        const int Rounds = 20_000;
        for (var round = 0; round < Rounds; round++)
        {
            var writer = new StatementWriter(chance);
            var sql = writer.Query();
            var bytes = Encoding.UTF8.GetBytes(sql);
            var footprint = Classifier.Classify(bytes, SqlSyntax.Standard, FootprintTests.Catalogue).FootprintIn("shop");
            foreach (var table in writer.Read)
                Assert.True(footprint.Touches(TableKey.Of(table.Schema, table.Name)), $"seed {seed}: {table.Schema}.{table.Name} is missing: {sql}");
            if (footprint.IsEverything) everything++;
            if (footprint.Key is not { } key) continue;
            keyed++;
            Assert.True(writer.IsLookup, $"seed {seed}: no lookup: {sql}");
            if (key.TryKey(bytes, SqlSyntax.Standard, out var value)) Assert.True(value == writer.Key, $"seed {seed}: {value} instead of {writer.Key}: {sql}");
        }
        // Else nothing has been shown.
        Assert.InRange(everything, 0, Rounds / 100);
        Assert.InRange(keyed, Rounds / 100, Rounds);
    }

    sealed class StatementWriter(Seeded chance)
    {
        readonly StringBuilder _text = new();
        int _aliases, _queries;
        bool _only = true, _demandsText;

        public HashSet<(string Schema, string Name)> Read { get; } = [];

        /// <summary>One query over one table whose WHERE is a conjunction with the key in it.</summary>
        public bool IsLookup => _only && _queries == 1 && (Key is not null || _demandsText);
        public long? Key { get; private set; }

        public string Query()
        {
            Select(0);
            return _text.ToString();
        }

        StatementWriter Say(string text)
        {
            _text.Append(text);
            if (chance.OneIn(12)) _text.Append(Pick(" /* FROM nowhere */ ", "\n", " -- JOIN nowhere\n", " # , nowhere\n", "\t", " /*!40000 */ ", " /*M! */ "));
            return this;
        }

        T Pick<T>(params T[] of) => of[chance.Below(of.Length)];

        void Select(int depth)
        {
            _queries++;
            if (depth < 2 && chance.OneIn(8))
            {
                _only = false;
                var name = Pick("x1", "orders", "x2");
                Say("WITH " + name + " AS (");
                Select(depth + 1);
                Say(") ");
            }
            Say(Pick("SELECT ", "select ", "SELECT DISTINCT ", "SELECT ALL "));
            for (var i = chance.Below(3); i >= 0; i--)
            {
                Value(depth);
                Say(i > 0 ? ", " : " ");
            }
            Say(Pick("FROM ", "from "));
            var tables = chance.OneIn(2) ? 1 : 1 + chance.Below(3);
            if (tables > 1) _only = false;
            for (var i = 0; i < tables; i++)
            {
                if (i > 0) Say(Pick(", ", " JOIN ", " LEFT JOIN ", " STRAIGHT_JOIN ", ",", " CROSS JOIN "));
                Source(depth);
            }
            if (!chance.OneIn(4)) Where(depth);
            if (chance.OneIn(5)) Say(" GROUP BY a").Say(Pick("", " HAVING COUNT(*) > 1"));
            if (chance.OneIn(5)) Say(" ORDER BY b LIMIT 3");
            if (depth > 1 || !chance.OneIn(8)) return;
            _only = false;
            Say(Pick(" UNION ", " UNION ALL ", " EXCEPT ", " INTERSECT "));
            Select(depth + 1);
        }

        void Source(int depth)
        {
            if (depth < 2 && chance.OneIn(5))
            {
                _only = false;
                Say("(");
                Select(depth + 1);
                Say($") AS d{_aliases++}");
                return;
            }
            Table(Tables[chance.Below(Tables.Length)]);
            if (chance.OneIn(2)) Say(Pick(" ", " AS ", " as ") + $"a{_aliases++}");
        }

        void Table((string Schema, string Name) table)
        {
            Read.Add(table);
            var quoted = table.Name is "select" or "t.u" or "lines" || chance.OneIn(3);
            if (table.Schema != "shop" || chance.OneIn(3)) Say(Pick(table.Schema, $"`{table.Schema}`", table.Schema.ToUpperInvariant()) + Pick(".", ".", " . ", ". "));
            else if (chance.OneIn(30)) Say(".");
            // A name that begins with a digit must stand right behind its point, or be quoted.
            if (char.IsDigit(table.Name[0])) quoted = true;
            Say(quoted ? $"`{table.Name}`" : Pick(table.Name, table.Name.ToUpperInvariant()));
        }

        void Where(int depth)
        {
            Say(" WHERE ");
            for (var i = chance.Below(3); i >= 0; i--)
            {
                Condition(depth);
                if (i == 0) break;
                var joint = Pick(" AND ", " and ", " AND ", " OR ", " XOR ", " && ", " || ");
                if (joint.Trim() is not ("AND" or "and")) _only = false;
                Say(joint);
            }
        }

        void Condition(int depth)
        {
            switch (chance.Below(depth < 2 ? 11 : 9))
            {
                case 0 or 1:
                    var value = chance.Below(2000) - 1000;
                    // Of several only the first is looked at, and each would do.
                    Key ??= value;
                    Say(Pick("id", "ID", "`id`")).Say(Pick("=", " = ", " =")).Say($"{value}");
                    break;
                case 2: Say("a BETWEEN 1 AND 2"); break;
                case 3: Say("b IN (1, 2, 'x')"); break;
                case 4: Say("c IS NOT NULL"); break;
                case 5: Say("d = 'FROM prices WHERE id = 7'"); break;
                case 6:
                    Say(Pick("NOT (id = 3)", "IF(a, id = 3, 1)", "id = 3 + 1", "id = 3 = 1", "CASE WHEN id = 3 THEN 1 END", "id = 3 BETWEEN 0 AND 1", "a = id = 3", "id = 3 IS NULL", "id > 3"));
                    break;
                case 7: Say("(e = 1 AND f = 2)"); break;
                case 8:
                    _demandsText = true;
                    Say("id = '3'");
                    break;
                case 9:
                    _only = false;
                    Say(Pick("EXISTS (", "g IN (", "g = (", "g > ALL ("));
                    Select(depth + 1);
                    Say(")");
                    break;
                default: Say("h LIKE 'x%'"); break;
            }
        }

        void Value(int depth)
        {
            switch (chance.Below(depth < 2 ? 9 : 8))
            {
                case 0: Say("*"); break;
                case 1: Say("COUNT(*)"); break;
                case 2: Say("a AS b"); break;
                case 3: Say("'it''s FROM nowhere'"); break;
                case 4: Say("SUBSTRING(a FROM 2)"); break;
                case 5: Say("(1), (2)"); break;
                case 6: Say("RANK() OVER (PARTITION BY a ORDER BY b)"); break;
                case 7: Say("1.5e3"); break;
                default:
                    _only = false;
                    Say("(");
                    Select(depth + 1);
                    Say(")");
                    break;
            }
        }
    }
}
