using System.Text;
using Headwater.Core.Log;
using Headwater.Core.Statements;
using Headwater.Tests.Consumers;

namespace Headwater.Bench.CacheCheck;

/// <summary>A statement as sessions send it, and what it reads as it is understood by each of the two dictionaries.</summary>
sealed record Statement(int Number, byte[] Sql, StatementFacts[] Facts);

/// <summary>
/// The tables <c>t</c>, <c>u</c> and <c>calm</c>, by <c>id</c>. A definition adds or drops a foreign key by which a change of a row of <c>t</c> changes that of <c>u</c>,
/// which the log does not tell. The statements read one row, or the whole table.
/// </summary>
sealed class Tables
{
    public const int Keys = 512;
    const string Schema = "d";
    public const int T = 0, U = 1, Calm = 2;
    static readonly string[] Names = ["t", "u", "calm"];

    public readonly LoggedTable[] Logged = [.. Names.Select(name => MadeLog.Table(name))];

    /// <summary>Without the foreign key, and with it.</summary>
    public readonly Catalogue[] Catalogues = [Make(false), Make(true)];
    public readonly Statement[] Statements;

    public Tables()
    {
        var statements = new List<Statement>();
        for (var table = 0; table < Names.Length; table++)
        {
            for (var key = 0; key < Keys; key++) Add($"SELECT v FROM {Names[table]} WHERE id = {key}");
            Add($"SELECT MAX(v) FROM {Names[table]}");
        }
        Statements = [.. statements];

        void Add(string sql)
        {
            var bytes = Encoding.UTF8.GetBytes(sql);
            statements.Add(new Statement(statements.Count, bytes, [.. Catalogues.Select(catalogue => Classifier.Classify(bytes, SqlSyntax.Standard, catalogue))]));
        }
    }

    public static int RowOf(int table, int key) => table * (Keys + 1) + key;
    public static int WholeOf(int table) => table * (Keys + 1) + Keys;

    static Catalogue Make(bool cascades) => Catalogue.Build([], [], [], tables: new DictionaryRows
    {
        Tables = [.. Names.Select(name => new CatalogueTable(Schema, name, "BASE TABLE", "InnoDB"))],
        Columns = [.. Names.Select(name => new CatalogueColumn(Schema, name, "id", 1, "int(11)", ""))],
        Keys = [.. Names.Select(name => new CatalogueKey(Schema, name, "id"))],
        ForeignKeys = cascades ? [new(Schema, "u", Schema, "t", "CASCADE", "CASCADE")] : [],
    });
}
