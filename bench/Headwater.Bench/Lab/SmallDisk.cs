using System.Collections.Concurrent;

namespace Headwater.Bench.Lab;

/// <summary>A file system in memory that can be filled up. Mounted in the mount namespace of our own only, so it is gone with us.</summary>
sealed class SmallDisk : IDisposable
{
    static readonly ConcurrentDictionary<string, bool> _mounted = new();
    readonly string _path;

    SmallDisk(string path) => _path = path;

    /// <summary>Null where mounting is not permitted.</summary>
    public static SmallDisk? TryMount(string path, int megabytes)
    {
        Directory.CreateDirectory(path);
        if (ChildProcess.Run("mount", ["-t", "tmpfs", "-o", $"size={megabytes}m", "headwater-bench", path], TimeSpan.FromSeconds(10)).ExitCode != 0) return null;
        _mounted[path] = true;
        return new SmallDisk(path);
    }

    string Ballast => Path.Combine(_path, "ballast");

    /// <summary>Until not one byte more fits.</summary>
    public void Fill()
    {
        using var file = new FileStream(Ballast, FileMode.Create, FileAccess.Write, FileShare.None, 0);
        for (var piece = new byte[1 << 20]; piece.Length > 0; piece = new byte[piece.Length / 2])
            try
            {
                while (true) file.Write(piece);
            }
            catch (IOException)
            {
                // No more of this size.
            }
    }

    public void Free() => File.Delete(Ballast);

    public static void UnmountAll()
    {
        foreach (var path in _mounted.Keys) ChildProcess.Run("umount", ["--lazy", path], TimeSpan.FromSeconds(10));
        _mounted.Clear();
    }

    public void Dispose()
    {
        if (_mounted.TryRemove(_path, out _)) ChildProcess.Run("umount", ["--lazy", _path], TimeSpan.FromSeconds(10));
    }
}
