using System.Collections.Immutable;
using System.Text.Json;
using Headwater.Configuration;
using Xunit;

namespace Headwater.Tests.Configuration;

public class KeysTests
{
    public static TheoryData<string> Paths() => [.. Keys.All.Select(static key => key.Path)];

    [Theory, MemberData(nameof(Paths))]
    public void Every_key_is_explained_with_meaning_allowed_values_and_default(string path)
    {
        var explanation = ConfigExplanation.Of(Keys.Find(path)!);
        Assert.EndsWith(".", explanation.Meaning);
        Assert.NotEmpty(explanation.Allowed);
        Assert.True(explanation.Required || explanation.Default is not null || explanation.Type == "section", "the default, in words if need be");
        var text = explanation.ToText();
        Assert.StartsWith(path + "\n", text);
        Assert.Contains(explanation.Allowed, text);
    }

    [Theory, MemberData(nameof(Paths))]
    public void Every_default_and_every_example_is_allowed_by_its_own_key(string path)
    {
        if (Keys.Find(path) is not ValueKey key) return;
        if (key.Default is { } value) Assert.True(key.TryRead([value], out _, out _), $"default {value}");
        if (key.Example is { } example && !key.IsSecret)
            Assert.True(key.TryRead(key.IsList ? [.. example.Trim('[', ']').Split(", ")] : [example], out _, out _), $"example {example}");
    }

    [Theory, MemberData(nameof(Paths))]
    public void Every_key_belongs_to_a_section_of_the_table(string path)
    {
        var key = Keys.Find(path)!;
        if (key.Parent.Length > 0) Assert.IsType<SectionKey>(Keys.Find(key.Parent));
    }

    [Fact]
    public void No_path_is_there_twice() => Assert.Equal(Keys.All.Count, Keys.All.Select(static key => key.PlainPath).Distinct().Count());

    [Fact]
    public void The_documentation_is_what_the_table_says()
    {
        var file = Path.Combine(RepositoryFiles.Root, "docs/configuration.md");
        if (RepositoryFiles.Rewrite) File.WriteAllText(file, ConfigDocument.Write());
        Assert.Equal(ConfigDocument.Write(), File.ReadAllText(file));
        Assert.All(Keys.All, static key => Assert.Contains($"`{key.PlainPath}`", ConfigDocument.Write()));
    }

    [Fact]
    public void The_documentation_s_examples_are_good_files()
    {
        var directory = Directory.CreateTempSubdirectory("headwater-test-").FullName;
        File.WriteAllText(Path.Combine(directory, "monitor.password"), "secret\n");
        Environment.SetEnvironmentVariable("HEADWATER_MONITOR_PASSWORD", "secret");
        foreach (var example in new[] { ConfigDocument.SmallestExample, ConfigDocument.FullerExample })
            Assert.Empty(ConfigFile.Parse(example, "headwater.yaml", directory).Problems);
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public void Explanations_are_json_for_programs()
    {
        IReadOnlyList<ConfigExplanation> all = [.. Keys.All.Select(ConfigExplanation.Of)];
        using var parsed = JsonDocument.Parse(JsonSerializer.Serialize(all, ConfigJson.Default.IReadOnlyListConfigExplanation));
        Assert.Equal(Keys.All.Count, parsed.RootElement.GetArrayLength());
        Assert.Equal("cluster", parsed.RootElement[0].GetProperty("key").GetString());
    }
}
