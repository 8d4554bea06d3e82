using System.Diagnostics;

namespace Headwater.Up;

/// <summary>The few statements that setting up needs, as the administrator over the server's socket.</summary>
internal static class ServerSql
{
    public static async Task<IReadOnlyDictionary<string, string>> RowAsync(EmbeddedServer server, AccountRecord account, string sql, CancellationToken ct)
    {
        var start = new ProcessStartInfo("mariadb", ["--no-defaults", "--batch", "--raw", "--socket=" + server.Folder.Socket, "--user=" + account.User, "--execute=" + sql])
        { RedirectStandardError = true, RedirectStandardOutput = true, Environment = { ["MYSQL_PWD"] = account.Password } };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(ct);
        var error = await process.StandardError.ReadToEndAsync(ct);
        var lines = (await output).Split('\n');
        await process.WaitForExitAsync(ct);
        if (process.ExitCode != 0) throw new UpException($"{server.Name} refused \"{sql}\": {error.Trim()}");
        var row = new Dictionary<string, string>();
        if (lines.Length < 2) return row;
        var values = lines[1].Split('\t');
        foreach (var (name, value) in lines[0].Split('\t').Zip(values)) row[name] = value;
        return row;
    }
}
