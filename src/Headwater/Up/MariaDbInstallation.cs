using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Headwater.Up;

/// <summary>The MariaDB server programs of this machine.</summary>
internal sealed partial record MariaDbInstallation(string Server, string ShareDirectory, string Version)
{
    static readonly string[] Folders = ["/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/usr/bin", "/usr/local/bin", "/usr/local/mysql/bin"];

    /// <summary>Major and minor number: data is carried over within one such series only.</summary>
    public string Series => SeriesOf(Version);

    public static string SeriesOf(string version) => string.Join('.', version.Split('.', '-').Take(2));

    public static MariaDbInstallation Find()
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        var server = path.Concat(Folders).Select(folder => Path.Combine(folder, "mariadbd")).FirstOrDefault(File.Exists)
            ?? throw new UpException(
                "No MariaDB server is installed (mariadbd was looked for in PATH and " + string.Join(", ", Folders) + ").\n"
                + "Install it with:  apt-get install mariadb-server");
        var root = Path.GetDirectoryName(Path.GetDirectoryName(Path.GetFullPath(server)))!;
        var share = new[] { Path.Combine(root, "share/mysql"), Path.Combine(root, "share/mariadb"), "/usr/share/mysql", "/usr/share/mariadb" }
            .FirstOrDefault(folder => File.Exists(Path.Combine(folder, "mysql_system_tables.sql")) || File.Exists(Path.Combine(folder, "mariadb_system_tables.sql")))
            ?? throw new UpException($"{server} is installed, but not the SQL files that make its system tables (mysql_system_tables.sql).\n"
                + "Install them with:  apt-get install mariadb-server");
        return new MariaDbInstallation(server, share, VersionOf(server));
    }

    /// <summary>The system tables' SQL; the files were renamed in MariaDB 11.</summary>
    public string Sql(string name)
    {
        var renamed = Path.Combine(ShareDirectory, "mariadb_" + name);
        return File.ReadAllText(File.Exists(renamed) ? renamed : Path.Combine(ShareDirectory, "mysql_" + name));
    }

    static string VersionOf(string server)
    {
        using var process = Process.Start(new ProcessStartInfo(server, ["--no-defaults", "--version"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        var version = VersionText().Match(said);
        if (!version.Success || !said.Contains("MariaDB", StringComparison.Ordinal))
            throw new UpException($"{server} --version does not look like a MariaDB server: \"{said.Trim()}\"");
        return version.Groups[1].Value;
    }

    [GeneratedRegex(@"Ver (\d+\.\d+\.\d+\S*)")]
    private static partial Regex VersionText();
}
