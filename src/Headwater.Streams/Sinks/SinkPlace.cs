using System.Text;
using Headwater.Core.Consumers;
using Headwater.Streams.Store;

namespace Headwater.Streams.Sinks;

/// <summary>What a sink has handed on, in a file of its own: one line, replaced whole, on the disk when <see cref="Save"/> returns.</summary>
sealed class SinkPlace(string directory, string name)
{
    public string Path { get; } = System.IO.Path.Combine(directory, "sinks", name + ".position");

    /// <summary>Null when nothing was handed on yet.</summary>
    /// <exception cref="SinkException">What is there is no place.</exception>
    public FeedPlace? Read()
    {
        if (!File.Exists(Path)) return null;
        var text = File.ReadAllText(Path).Trim();
        return FeedPlace.TryParse(text, out var place) ? place : throw new SinkException($"{Path} holds no position but \"{text}\"; write the one to go on from into it, or remove it");
    }

    public void Save(in FeedPlace place)
    {
        var folder = System.IO.Path.GetDirectoryName(Path)!;
        Directory.CreateDirectory(folder);
        var unfinished = Path + ".new";
        using (var file = new FileStream(unfinished, FileMode.Create, FileAccess.Write))
        {
            file.Write(Encoding.ASCII.GetBytes(place + "\n"));
            file.Flush(flushToDisk: true);
        }
        File.Move(unfinished, Path, overwrite: true);
        DirectorySync.Of(folder);
    }
}
