using System.Text;
using Headwater.Core.Log;
using Headwater.Core.Statements;
using Headwater.Tests.Consumers;

namespace Headwater.Tests.Simulation;

/// <summary>A statement that reads one row or a whole table; as it is understood by each of the two dictionaries.</summary>
sealed record SimStatement(int Number, byte[] Sql, StatementFacts[] Facts);

/// <summary>Two tables by <c>id</c>. A definition adds or drops the foreign key by which a change of <c>t</c> changes <c>u</c>, which the log does not tell.</summary>
static class SimTables
{
    public const int Keys = 4;
    public static readonly LoggedTable[] Logged = [MadeLog.Table("t"), MadeLog.Table("u")];

    /// <summary>Without the foreign key, and with it.</summary>
    public static readonly Catalogue[] Catalogues = [Make(false), Make(true)];
    public static readonly SimStatement[] Statements = [.. Texts().Select((text, number) => new SimStatement(number, text, [.. Catalogues.Select(catalogue => Classifier.Classify(text, SqlSyntax.Standard, catalogue))]))];

    static IEnumerable<byte[]> Texts()
    {
        foreach (var table in Logged)
        {
            for (var key = 0; key < Keys; key++) yield return Encoding.UTF8.GetBytes($"SELECT v FROM {table.Name} WHERE id = {key}");
            yield return Encoding.UTF8.GetBytes($"SELECT SUM(v) FROM {table.Name}");
        }
    }

    public static int RowOf(int table, int key) => table * (Keys + 1) + key;
    public static int WholeOf(int table) => table * (Keys + 1) + Keys;

    static Catalogue Make(bool cascades) => Catalogue.Build([], [], [], tables: new DictionaryRows
    {
        Tables = [new("d", "t", "BASE TABLE", "InnoDB"), new("d", "u", "BASE TABLE", "InnoDB")],
        Columns = [new("d", "t", "id", 1, "int(11)", ""), new("d", "u", "id", 1, "int(11)", "")],
        Keys = [new("d", "t", "id"), new("d", "u", "id")],
        ForeignKeys = cascades ? [new("d", "u", "d", "t", "CASCADE", "CASCADE")] : [],
    });
}

/// <summary>An answer: the last transaction of each domain that changed what was read, with its writer, for numbers of a lost branch are given out again.</summary>
readonly record struct SimAnswer(Marks Last, uint FirstWriter, uint SecondWriter)
{
    public uint WriterOf(int domain) => domain == 0 ? FirstWriter : SecondWriter;
}

/// <summary>Which transactions have changed what a statement reads.</summary>
sealed class SimCell
{
    readonly List<(ulong Sequence, uint Writer)>[] _changes = [[], []];

    public void Change(int domain, ulong sequence, uint writer)
    {
        if (_changes[domain] is not [.., var last] || last.Sequence != sequence) _changes[domain].Add((sequence, writer));
    }

    public SimAnswer At(Marks shown)
    {
        var (first, second) = (LastOf(0, shown.First), LastOf(1, shown.Second));
        return new SimAnswer(new Marks(first.Sequence, second.Sequence), first.Writer, second.Writer);
    }

    /// <summary>The transaction that ended the answer in a domain.</summary>
    public ulong EndOf(int domain, ulong sequence)
    {
        var index = _changes[domain].FindIndex(change => change.Sequence > sequence);
        return index < 0 ? ulong.MaxValue : _changes[domain][index].Sequence;
    }

    public bool Had(SimAnswer answer)
    {
        for (var d = 0; d < 2; d++)
            if (answer.Last[d] > 0 && LastOf(d, answer.Last[d]) != (answer.Last[d], answer.WriterOf(d))) return false;
        return true;
    }

    public void Lose(Marks kept)
    {
        for (var d = 0; d < 2; d++) _changes[d].RemoveAll(change => change.Sequence > kept[d]);
    }

    (ulong Sequence, uint Writer) LastOf(int domain, ulong shown)
    {
        var changes = _changes[domain];
        for (var i = changes.Count - 1; i >= 0; i--)
            if (changes[i].Sequence <= shown) return changes[i];
        return default;
    }
}
