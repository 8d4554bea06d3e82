using System.Runtime.CompilerServices;
using Xunit;

namespace Headwater.Tests;

/// <summary>
/// Compares what a test told with the golden file next to it. With HEADWATER_REWRITE=1 the files are rewritten instead,
/// to be reviewed as prose in the diff.
/// </summary>
static class Transcript
{
    public static void Check(string told, string name, [CallerFilePath] string test = "")
    {
        // A deterministic build writes /_/ for the repository's root.
        if (test.StartsWith("/_/", StringComparison.Ordinal)) test = Path.Combine(RepositoryFiles.Root, test[3..]);
        var path = Path.Combine(Path.GetDirectoryName(test)!, name + ".txt");
        told = told.ReplaceLineEndings("\n").TrimEnd() + "\n";
        if (Environment.GetEnvironmentVariable("HEADWATER_REWRITE") == "1")
        {
            File.WriteAllText(path, told);
            return;
        }
        Assert.True(File.Exists(path), $"{path} is missing; HEADWATER_REWRITE=1 writes it");
        Assert.Equal(File.ReadAllText(path).ReplaceLineEndings("\n"), told);
    }
}
