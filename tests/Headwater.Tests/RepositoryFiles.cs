namespace Headwater.Tests;

/// <summary>Finds files of the repository from where the tests were built.</summary>
static class RepositoryFiles
{
    public static string Root { get; } = Find();

    /// <summary>With HEADWATER_REWRITE=1 the transcripts are written anew, to be reviewed as prose in the diff.</summary>
    public static bool Rewrite => Environment.GetEnvironmentVariable("HEADWATER_REWRITE") == "1";

    static string Find()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
            if (File.Exists(Path.Combine(directory.FullName, "Headwater.slnx"))) return directory.FullName;
        throw new InvalidOperationException($"no Headwater.slnx above {AppContext.BaseDirectory}");
    }
}
