using System.Reflection;

namespace Headwater;

/// <summary>The program file of this process.</summary>
static class OwnProgram
{
    const string Replaced = " (deleted)";

    /// <summary>What a command line begins with that starts what lies there now.</summary>
    public static IReadOnlyList<string> Words
    {
        get
        {
            var path = Environment.ProcessPath!;
            // The kernel names a file that was replaced meanwhile so: proc(5).
            if (path.EndsWith(Replaced, StringComparison.Ordinal)) path = path[..^Replaced.Length];
            return Path.GetFileNameWithoutExtension(path) == "dotnet" ? [path, Environment.GetCommandLineArgs()[0]] : [path];
        }
    }

    /// <summary>
    /// Takes all of it into memory. Published as one file, the runtime reads each assembly from it when it is first needed, by the file's path: a package that puts another file there would
    /// make what was not needed yet end the process. Does nothing where the assemblies are files of their own.
    /// </summary>
    /// <returns>How many are loaded.</returns>
    public static int TakeIn()
    {
        if (!IsOneFile) return 0;
        var (seen, waiting) = (new HashSet<string>(), new Queue<Assembly>([Assembly.GetEntryAssembly()!]));
        while (waiting.TryDequeue(out var assembly))
            foreach (var name in assembly.GetReferencedAssemblies())
                if (seen.Add(name.FullName) && Load(name) is { } referenced) waiting.Enqueue(referenced);
        return seen.Count;
    }

    // An assembly that lies in a file of its own knows where.
#pragma warning disable IL3000 // that it is empty in one file is what is asked
    static bool IsOneFile => typeof(OwnProgram).Assembly.Location.Length == 0;
#pragma warning restore IL3000

    static Assembly? Load(AssemblyName name)
    {
        try
        {
            return Assembly.Load(name);
        }
        catch (Exception absent) when (absent is IOException or BadImageFormatException)
        {
            // Named for another platform, and not in the file: it cannot be needed.
            return null;
        }
    }
}
