using System.Runtime.InteropServices;

namespace Headwater.Streams.Store;

/// <summary>A new file's name is on the disk only when its directory is: fsync(2). .NET opens no directories.</summary>
static partial class DirectorySync
{
    const int ReadOnlyDirectory = 0x10000; // O_RDONLY | O_DIRECTORY

    public static void Of(string directory)
    {
        var descriptor = Open(directory, ReadOnlyDirectory);
        if (descriptor < 0) return;
        _ = Sync(descriptor);
        _ = Close(descriptor);
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
