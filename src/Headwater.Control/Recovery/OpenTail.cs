using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Headwater.Core.Positions;
using Headwater.Core.Recovery;

namespace Headwater.Control.Recovery;

/// <summary>
/// A tail that was taken back where it came from before it was brought to the primary, because nobody but its server could acknowledge what is brought
/// there. On the disk, beside a copy of the log, until the ledger has all of it.
/// </summary>
public sealed record OpenTail
{
    const string Ending = ".open", CopyEnding = ".binlog", UnfinishedCopy = ".binlog.new";

    public required string Server { get; init; }
    public required string CommonEnd { get; init; }
    public required string First { get; init; }
    public required string Last { get; init; }
    public required TailCounts Counts { get; init; }
    public required long Bytes { get; init; }

    /// <summary>Of the primary, when the copy was made: what is in it is not of the tail.</summary>
    public required IReadOnlyList<string> History { get; init; }
    public required IReadOnlyList<LabelRun> Labels { get; init; }

    public static string CopyOf(string name) => name + CopyEnding;

    /// <summary>Where the copy is made before it is known what it is a copy of: one for each server, which the next attempt replaces.</summary>
    public static string NewCopyOf(string server) => server + UnfinishedCopy;

    /// <summary>The names of those that are open.</summary>
    public static IEnumerable<string> NamesIn(string directory) => Directory.Exists(directory) ? Directory.EnumerateFiles(directory, "*" + Ending).Select(static file => file[..^Ending.Length]) : [];

    public IReadOnlyList<Gtid> KnownHistory => [.. History.Select(static text => Gtid.TryParse(Encoding.ASCII.GetBytes(text), out var gtid) ? gtid : throw new InvalidDataException($"{text} is no GTID"))];

    /// <exception cref="InvalidDataException">It cannot be understood.</exception>
    public static OpenTail Read(string name)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(name + Ending), OpenTailJson.Default.OpenTail) ?? throw new InvalidDataException($"{name}{Ending} is empty");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{name}{Ending} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>On the disk when it returns, and so is the copy. The name is this tail's alone: another of the same server, or the same once more, takes nothing from it.</summary>
    public void Write(string name, string newCopy)
    {
        const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var copy = new FileStream(newCopy, FileMode.Open, FileAccess.ReadWrite)) copy.Flush(flushToDisk: true);
        File.Move(newCopy, CopyOf(name), overwrite: true);
        using (var file = new FileStream(name + Ending + ".new", new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
        {
            JsonSerializer.Serialize(file, this, OpenTailJson.Default.OpenTail);
            file.Flush(flushToDisk: true);
        }
        File.Move(name + Ending + ".new", name + Ending, overwrite: true);
    }

    public static void Close(string name)
    {
        File.Delete(name + Ending);
        File.Delete(CopyOf(name));
    }
}

/// <summary>Transactions of one domain that follow each other and have one label, for one reason.</summary>
public sealed record LabelRun(uint Domain, ulong First, ulong Last, TailLabel Label, string Reason);

/// <summary>The labels of a tail, in its order.</summary>
sealed class LabelRuns
{
    readonly List<LabelRun> _runs = [];

    public LabelRuns()
    {
    }

    public LabelRuns(IEnumerable<LabelRun> runs) => _runs.AddRange(runs);

    public IReadOnlyList<LabelRun> All => _runs;

    public void Add(in Gtid gtid, TailLabel label, string reason)
    {
        if (_runs.Count > 0 && _runs[^1] is var last && last.Domain == gtid.Domain && last.Label == label && last.Reason == reason) _runs[^1] = last with { Last = gtid.Sequence };
        else _runs.Add(new LabelRun(gtid.Domain, gtid.Sequence, gtid.Sequence, label, reason));
    }

    public (TailLabel, string) Of(in Gtid gtid)
    {
        foreach (var run in _runs)
            if (run.Domain == gtid.Domain && run.First <= gtid.Sequence && gtid.Sequence <= run.Last) return (run.Label, run.Reason);
        return (TailLabel.Unknown, "nothing is known of it");
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(OpenTail))]
sealed partial class OpenTailJson : JsonSerializerContext;
