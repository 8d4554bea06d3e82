using System.Diagnostics;
using System.Text;

namespace Headwater.Up;

/// <summary>
/// Where a server's data comes from: the primary's is made by mariadbd --bootstrap, everybody else's is a copy of the
/// primary's while that is at rest. Measured on an idle machine: bootstrap 0.3 s (mariadb-install-db takes 1 s and more,
/// most of it for HELP texts and the disk), a copy of its 17 MB 0.05 s.
/// </summary>
internal static class FirstData
{
    /// <summary>Makes <paramref name="folder"/>'s data anew. It appears whole or not at all.</summary>
    public static async Task BootstrapAsync(MariaDbInstallation installation, ServerFolder folder, ClusterAccounts accounts, CancellationToken ct)
    {
        Directory.CreateDirectory(folder.Temporary);
        // Every table that is made waits for the disk, some hundred times, whatever the settings. In memory it does not; on a
        // machine with busy disks that is 0.5 s instead of 5.
        if (!HasMemory())
        {
            var unfinished = Unfinished(folder);
            await BootstrapInAsync(unfinished, installation, folder, accounts, ct);
            Finish(unfinished, folder);
            return;
        }

        var inMemory = Path.Combine(Memory, "headwater-" + Path.GetRandomFileName());
        Directory.CreateDirectory(inMemory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        try
        {
            await BootstrapInAsync(inMemory, installation, folder, accounts, ct);
            Copy(inMemory, folder);
        }
        finally
        {
            Directory.Delete(inMemory, recursive: true);
        }
    }

    static async Task BootstrapInAsync(string data, MariaDbInstallation installation, ServerFolder folder, ClusterAccounts accounts, CancellationToken ct)
    {
        var start = new ProcessStartInfo(installation.Server) { RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in (string[])[
            "--no-defaults", "--bootstrap", "--datadir=" + data, "--tmpdir=" + folder.Temporary, "--lc-messages-dir=" + installation.ShareDirectory,
            .. RunAs,
            // Nothing of this needs to survive a crash before it is finished, and a small log makes small copies;
            // the server makes itself a larger one when it starts.
            "--innodb-log-file-size=4M", "--innodb-buffer-pool-size=16M", "--innodb-autoextend-increment=1", "--innodb-temp-data-file-path=ibtmp1:1M:autoextend",
            "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--innodb-flush-method=nosync", "--innodb-buffer-pool-dump-at-shutdown=0",
            "--character-set-server=utf8mb4", "--collation-server=utf8mb4_general_ci"])
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var said = Task.WhenAll(process.StandardError.ReadToEndAsync(ct), process.StandardOutput.ReadToEndAsync(ct));
        try
        {
            await process.StandardInput.WriteAsync(Sql(installation, accounts).AsMemory(), ct);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it had read all: what it said tells why.
        }

        try
        {
            await process.WaitForExitAsync(ct);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }

        var output = string.Concat(await said);
        if (process.ExitCode != 0 || output.Contains("ERROR:", StringComparison.Ordinal))
            throw new UpException($"The first data directory could not be made ({installation.Server} --bootstrap ended with {process.ExitCode}). It said:\n"
                + string.Join('\n', output.Split('\n').Where(line => line.Contains("ERROR", StringComparison.Ordinal)).TakeLast(8).Select(line => "    " + line)));
    }

    /// <summary>Copies data that no server runs on, its log included: that is where the copy's server learns its position from (<see cref="ReplicaLink.InitFile"/>).</summary>
    public static void Clone(ServerFolder source, ServerFolder target) => Copy(source.Data, target);

    static void Copy(string source, ServerFolder target)
    {
        var unfinished = Unfinished(target);
        foreach (var folder in Directory.EnumerateDirectories(source, "*", SearchOption.AllDirectories))
            Directory.CreateDirectory(Path.Combine(unfinished, Path.GetRelativePath(source, folder)));
        OnManyThreads(Directory.GetFiles(source, "*", SearchOption.AllDirectories), file => File.Copy(file, Path.Combine(unfinished, Path.GetRelativePath(source, file))));
        Finish(unfinished, target);
    }

    // Nothing above waited for the disk: done once, before the data gets its name.
    static void Finish(string unfinished, ServerFolder folder)
    {
        OnManyThreads(Directory.GetFiles(unfinished, "*", SearchOption.AllDirectories), file =>
        {
            using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite);
            RandomAccess.FlushToDisk(handle);
        });
        Directory.Move(unfinished, folder.Data);
    }

    // They wait for the disk, not for a processor: the pool, which counts processors, would have them queue.
    static void OnManyThreads(string[] files, Action<string> action)
    {
        var next = -1;
        Exception? failed = null;
        var threads = new Thread[Math.Min(16, files.Length)];
        for (var i = 0; i < threads.Length; i++)
        {
            threads[i] = new Thread(() =>
            {
                try
                {
                    for (var at = Interlocked.Increment(ref next); at < files.Length; at = Interlocked.Increment(ref next)) action(files[at]);
                }
                catch (Exception e)
                {
                    failed = e;
                }
            });
            threads[i].Start();
        }

        foreach (var thread in threads) thread.Join();
        if (failed is not null) throw new IOException(failed.Message, failed);
    }

    const string Memory = "/dev/shm";

    static bool HasMemory()
    {
        try
        {
            return Directory.Exists(Memory) && new DriveInfo(Memory) is { DriveFormat: "tmpfs", AvailableFreeSpace: > 128 << 20 };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>mariadbd refuses to run as root unless it is told to; the files are root's then, like everything else here.</summary>
    public static string[] RunAs => Environment.IsPrivilegedProcess ? ["--user=root"] : [];

    static string Unfinished(ServerFolder folder)
    {
        var unfinished = folder.Data + ".new";
        if (Directory.Exists(unfinished)) Directory.Delete(unfinished, recursive: true);
        Directory.CreateDirectory(unfinished);
        return unfinished;
    }

    static string Sql(MariaDbInstallation installation, ClusterAccounts accounts)
    {
        var sql = new StringBuilder("CREATE DATABASE mysql;\nUSE mysql;\n");
        // root comes in by the socket as the operating system's root or this user; never with a password, never by TCP.
        sql.Append("SET @auth_root_socket='").Append(Environment.UserName.Replace("'", "''", StringComparison.Ordinal)).Append("';\n");
        foreach (var file in (string[])["system_tables.sql", "performance_tables.sql", "system_tables_data.sql"]) sql.Append(installation.Sql(file)).Append('\n');
        sql.Append(File.ReadAllText(Path.Combine(installation.ShareDirectory, "maria_add_gis_sp_bootstrap.sql"))).Append('\n');
        sql.Append(installation.Sql("sys_schema.sql")).Append('\n');
        sql.Append("DELETE FROM mysql.proxies_priv;\n");
        sql.AppendJoin('\n', AccountStatements.Create(accounts)).Append('\n');
        return sql.ToString();
    }
}
