using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Headwater.Up;

/// <summary>
/// The folder that holds a cluster: who is in it, its passwords, one folder per server. One <c>headwater up</c> at a time
/// owns it, by a lock that the kernel gives back when the owner dies, however it dies.
/// </summary>
internal sealed class StateDirectory : IDisposable
{
    // Linux' sockaddr_un holds 108 bytes with the closing zero, unix(7).
    const int LongestSocketPath = 107;

    // EWOULDBLOCK, which .NET keeps in HResult when flock(2) says that somebody holds the lock.
    const int WouldBlock = 11;
    const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    const UnixFileMode OwnerFolder = OwnerOnly | UnixFileMode.UserExecute;

    readonly FileStream _lock;

    StateDirectory(string path, string sockets, FileStream @lock)
    {
        Path = path;
        Sockets = sockets;
        _lock = @lock;
    }

    public string Path { get; }

    /// <summary>Where the sockets are: the state directory itself unless its path is too long for a socket's name.</summary>
    public string Sockets { get; }
    public string GatewaySocket => System.IO.Path.Combine(Sockets, "gateway.sock");
    public string RunFile => System.IO.Path.Combine(Path, "run.json");
    public string ClusterFile => System.IO.Path.Combine(Path, "cluster.json");
    public string AccountsFile => System.IO.Path.Combine(Path, "accounts.json");
    public string ProcessesFile => System.IO.Path.Combine(Path, "processes.json");
    public ServerFolder Server(string name) => new(System.IO.Path.Combine(Path, name), System.IO.Path.Combine(Sockets, name + ".sock"));

    /// <summary>Takes the directory for this process; made when missing.</summary>
    public static StateDirectory Open(string directory)
    {
        var path = System.IO.Path.GetFullPath(directory);
        try
        {
            Directory.CreateDirectory(path, OwnerFolder);
            // Passwords and sockets of an account with all rights live here: an older, wider mode is narrowed.
            File.SetUnixFileMode(path, OwnerFolder);
            return new StateDirectory(path, SocketFolder(path), Lock(path));
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new UpException($"The state directory {path} cannot be used: {e.Message}\nName a folder that you may write to with --dir.", e);
        }
    }

    public T? Read<T>(string file, JsonTypeInfo<T> type) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(file), type);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (JsonException e)
        {
            throw new UpException($"{file} cannot be read: {e.Message}\nIt was not written by this version of headwater, or was damaged. Use another --dir, or remove {Path} to lose the cluster in it.", e);
        }
    }

    /// <summary>Replaces a file whole and durably, readable by the owner only: after a crash there is the old one or the new one.</summary>
    public static void Write<T>(string file, T value, JsonTypeInfo<T> type) => WriteText(file, JsonSerializer.Serialize(value, type) + "\n");

    public static void WriteText(string file, string text)
    {
        var fresh = file + ".new";
        File.Delete(fresh);
        using (var stream = new FileStream(fresh, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }

        File.Move(fresh, file, overwrite: true);
    }

    public void Dispose() => _lock.Dispose();

    static FileStream Lock(string path)
    {
        // The owner's id stands in a file of its own: .NET would also lock what it only reads.
        var owner = System.IO.Path.Combine(path, "up.pid");
        FileStream held;
        try
        {
            // FileShare.None is flock(2) with LOCK_EX here.
            held = new FileStream(System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e.HResult == WouldBlock)
        {
            var pid = File.Exists(owner) ? File.ReadAllText(owner).Trim() : "unknown";
            throw new UpException($"Another headwater up (process {pid}) runs in {path}.\nStop it first (kill {pid}), or start a second cluster with another --dir.", e);
        }

        WriteText(owner, Environment.ProcessId + "\n");
        return held;
    }

    static string SocketFolder(string path)
    {
        if (Encoding.UTF8.GetByteCount(path) + "/gateway.sock".Length + 8 <= LongestSocketPath) return path;
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path)))[..16];
        var folder = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"headwater-{Environment.UserName}-{name}");
        Directory.CreateDirectory(folder, OwnerFolder);
        // Somebody else's folder of this name refuses this, which is the check that it is ours.
        File.SetUnixFileMode(folder, OwnerFolder);
        return folder;
    }
}

/// <summary>What one server has in the state directory.</summary>
internal sealed record ServerFolder(string Path, string Socket)
{
    public string Data => System.IO.Path.Combine(Path, "data");

    /// <summary>A server that starts removes every temporary table it finds in its tmpdir, also those of another server that runs: so each has its own.</summary>
    public string Temporary => System.IO.Path.Combine(Path, "tmp");
    public string Settings => System.IO.Path.Combine(Path, "server.cnf");
    public string Log => System.IO.Path.Combine(Path, "server.log");
    public string InitFile => System.IO.Path.Combine(Path, "init.sql");

    /// <summary>The last lines that the server wrote since its log was <paramref name="from"/> bytes long, errors first of all: for messages to people.</summary>
    public string LogTail(long from, int lines = 10)
    {
        try
        {
            using var stream = new FileStream(Log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            stream.Position = Math.Min(from, stream.Length);
            using var reader = new StreamReader(stream);
            var all = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
            var last = all.TakeLast(lines).ToList();
            var errors = all.SkipLast(lines).Where(line => line.Contains("[ERROR]", StringComparison.Ordinal)).TakeLast(4);
            return all.Length == 0 ? "    (nothing was written)" : string.Join('\n', errors.Concat(last).Select(line => "    " + line));
        }
        catch (IOException)
        {
            return "    (nothing was written)";
        }
    }
}
