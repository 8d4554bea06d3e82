namespace Headwater.IntegrationTests.Fixtures;

/// <summary>Tests run from the artifacts folder; the scripts that they run lie in the sources.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder != null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Headwater.slnx")))
                return folder.FullName;
        throw new InvalidOperationException($"No Headwater.slnx above {AppContext.BaseDirectory}: the tests run from a build of the repository.");
    }
}
