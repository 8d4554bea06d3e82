using System.Text;
using Headwater.Configuration;
using Xunit;

namespace Headwater.Tests.Configuration;

public class BadFileTests
{
    static readonly string Transcript = Path.Combine(RepositoryFiles.Root, "tests/Headwater.Tests/Configuration/bad-files.txt");

    sealed record Case(string Name, string Yaml, string Said);

    [Fact]
    public void Each_problem_of_a_bad_file_names_line_column_key_and_what_is_allowed()
    {
        Environment.SetEnvironmentVariable("HEADWATER_TEST_SECRET", "hunter2");
        var directory = Directory.CreateTempSubdirectory("headwater-test-").FullName;
        var told = Cases().Select(each => each with { Said = Say(each.Yaml, directory) }).ToList();
        Directory.Delete(directory);

        Assert.True(told.Count >= 12);
        Assert.All(told, static each => Assert.NotEqual("", each.Said));
        Assert.All(told, static each => Assert.DoesNotContain("hunter2", each.Said));
        if (RepositoryFiles.Rewrite) Write(told);
        foreach (var (expected, actual) in Cases().Zip(told)) Assert.Equal($"{expected.Name}\n{expected.Said}", $"{actual.Name}\n{actual.Said}");
    }

    static string Say(string yaml, string directory)
    {
        var reading = ConfigFile.Parse(yaml.Replace("$DIR", directory).Replace("---8<---", "---"), "headwater.yaml", directory);
        Assert.Null(reading.Config);
        return string.Concat(reading.Problems.Select(problem => problem.ToString().Replace(directory, "$DIR") + "\n"));
    }

    static List<Case> Cases()
    {
        var parts = File.ReadAllText(Transcript).Split("\n=== ");
        return [.. parts.Skip(1).Select(static part =>
        {
            var name = part[..part.IndexOf('\n')];
            var separator = part.LastIndexOf("---\n", StringComparison.Ordinal);
            return new Case(name, part[(name.Length + 1)..separator], part[(separator + 4)..].TrimEnd('\n') is { Length: > 0 } said ? said + "\n" : "");
        })];
    }

    static void Write(List<Case> cases)
    {
        var text = new StringBuilder(File.ReadAllText(Transcript).Split("\n=== ")[0]).Append('\n');
        text.AppendJoin('\n', cases.Select(static each => $"=== {each.Name}\n{each.Yaml}---\n{each.Said}"));
        File.WriteAllText(Transcript, text.ToString());
    }
}
