using System.Globalization;
using System.Text.Json.Serialization;
using Headwater.Core.Verify;

namespace Headwater.Verify;

/// <summary>The report for people.</summary>
static class VerifyText
{
    // More are in the JSON.
    const int MostRows = 20;

    public static void Print(VerifyReport report, bool applied, TextWriter output)
    {
        foreach (var table in report.Tables)
        {
            if (table.Skipped is { } why) output.WriteLine($"{table.Table}: rows not compared: {why}.");
            foreach (var copy in table.Copies.Where(static copy => !copy.Equal || copy.Rows.Length > 0)) Print(table, copy, output);
        }
        foreach (var trouble in report.Troubles) output.WriteLine(trouble);
        var compared = string.Create(CultureInfo.InvariantCulture,
            $"{(report.Tables.Count(static table => table.Skipped is null) is var tables && tables == 1 ? "1 table" : $"{tables} tables")}, {report.Rows:N0} rows, on {string.Join(", ", report.Replicas)} against {report.Primary}, in {report.Seconds:0.0} s{(report.PausedSeconds >= 0.1 ? $" ({report.PausedSeconds:0.0} s of them paused)" : "")}");
        var mended = report.Tables.Sum(static table => table.Copies.Sum(static copy => copy.Mended));
        output.WriteLine(report.Equal
            ? mended > 0 ? $"Equal now (rows mended: {mended}): {compared}." : $"Equal: {compared}."
            : report.Tables.Any(static table => table.Copies.Any(static copy => !copy.Schema.IsEmpty || copy.Missing + copy.Extra + copy.Changed > copy.Mended))
                ? $"NOT EQUAL: {compared}." : $"NOT ALL COMPARED, and nothing found that differs: {compared}.");
        if (!applied && report.Tables.Any(static table => table.Copies.Any(static copy => copy.Rows.Any(static row => row.Mend is not null))))
            output.WriteLine("To mend the replicas as proposed, each row being compared again: headwater verify --apply. By hand, on the replica named: SET SESSION sql_log_bin=0; and then the statement.");
    }

    static void Print(TableReport table, CopyReport copy, TextWriter output)
    {
        foreach (var sentence in copy.Schema) output.WriteLine($"{table.Table} on {copy.Replica}: {sentence}.");
        if (copy.Missing + copy.Extra + copy.Changed > 0)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{table.Table} on {copy.Replica}: rows that differ: {copy.Changed}, missing: {copy.Missing}, too many: {copy.Extra}{(copy.Mended > 0 ? $"; mended: {copy.Mended}" : "")}."));
        foreach (var row in copy.Rows.Take(MostRows))
        {
            output.WriteLine($"  {row.Key}: {row.Kind switch { "missing" => "missing on the replica", "extra" => "only on the replica", _ => "differs" }}{(row.Outcome is { } outcome ? $"; {outcome}" : "")}");
            foreach (var column in row.Columns) output.WriteLine($"    {column.Column}: primary {column.Primary}, replica {column.Replica}");
            if (row.Mend is { } mend && row.Outcome is null) output.WriteLine($"    mends it: {mend};");
        }
        if (copy.Missing + copy.Extra + copy.Changed is var all && all > Math.Min(MostRows, copy.Rows.Length))
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  and {all - Math.Min(MostRows, copy.Rows.Length)} more; --json names up to {new VerifyOptions().MostRows}."));
        foreach (var sentence in copy.Unproven) output.WriteLine($"{table.Table} on {copy.Replica}: not compared: {sentence.TrimEnd('.')}.");
    }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(VerifyReport))]
sealed partial class VerifyJson : JsonSerializerContext;
