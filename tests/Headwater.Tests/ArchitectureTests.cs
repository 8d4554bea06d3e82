using System.Xml.Linq;

namespace Headwater.Tests;

/// <summary>Who may reference whom (ARCHITECTURE.md): arrows point down only, and Gateway and Control meet in Core's values.</summary>
public class ArchitectureTests
{
    [Theory]
    [InlineData("Headwater.Core", "")]
    [InlineData("Headwater.Wire", "Headwater.Core")]
    [InlineData("Headwater.Servers", "Headwater.Core Headwater.Wire")]
    [InlineData("Headwater.Gateway", "Headwater.Core Headwater.Servers Headwater.Wire")]
    [InlineData("Headwater.Control", "Headwater.Core Headwater.Servers")]
    [InlineData("Headwater.Streams", "Headwater.Core Headwater.Servers Headwater.Wire")]
    public void A_project_references_only_what_lies_below_it(string project, string allowed)
    {
        var file = XDocument.Load(Path.Combine(RepositoryFiles.Root, $"src/{project}/{project}.csproj"));
        var references = file.Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value));
        Assert.Empty(references.Except(allowed.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
    }

    [Fact]
    public void Core_needs_no_package_but_the_analyzer_that_keeps_it_pure()
    {
        var file = XDocument.Load(Path.Combine(RepositoryFiles.Root, "src/Headwater.Core/Headwater.Core.csproj"));
        var packages = file.Descendants("PackageReference").Where(p => p.Attribute("PrivateAssets")?.Value != "all").Select(p => p.Attribute("Include")!.Value);
        Assert.Empty(packages);
    }
}
