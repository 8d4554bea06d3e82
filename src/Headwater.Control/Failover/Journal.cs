using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Headwater.Core.Failover;
using Headwater.Core.Positions;
using Headwater.Core.Topology;

namespace Headwater.Control.Failover;

/// <summary>One line of the journal: what the record became, or what was found or done.</summary>
/// <param name="Kind">One of <see cref="Kinds"/>.</param>
public sealed record JournalEntry(DateTimeOffset At, string Kind, string Rule, string? Server, string Sentence, RecordLine? Record = null)
{
    public static IReadOnlyList<(string Kind, string Meaning)> Kinds { get; } =
    [
        ("record", "what the controller remembers from now on: written before anything is done about it"),
        ("followed", "a record that another process wrote, and that this one goes by"),
        ("finding", "what was found; `rule` is the finding's"),
        ("effect", "what was begun on a server; `rule` is the effect's"),
        ("failed", "an effect that failed, with the reason"),
        ("lease", "who holds the lease: `taken`, `follows` or `silent` (etcd does not answer)"),
        ("operator", "what an operator asked for, and who that was"),
        ("recovery", "the report of a recovered tail: `recover` or `dry-run`"),
        ("rebuild", "a replica made anew: `begun`, `done`, `failed` or `dry-run`"),
    ];
}

/// <summary>A <see cref="ControlRecord"/> as it stands in the journal.</summary>
public sealed record RecordLine(
    long Epoch, string? Primary, string AppointedAt, IReadOnlyList<string> Acknowledgers, IReadOnlyList<string> InMaintenance, bool Paused,
    string? Change = null, string? From = null, string? To = null, string? Step = null, string? Goal = null, IReadOnlyList<string>? Proof = null, uint Number = 0, uint InheritedFrom = 0, bool LossAccepted = false,
    IReadOnlyList<string>? History = null, IReadOnlyList<CoWriter>? RingWriters = null)
{
    public static RecordLine Of(ControlRecord record) => new(
        record.Epoch.Number, record.Primary?.Name, record.AppointedAt.ToString(), Names(record.Acknowledgers), Names(record.InMaintenance), record.Paused,
        record.Change?.Kind.ToString(), record.Change?.From.Name, record.Change?.To?.Name, record.Change?.Step.ToString(), record.Change?.Goal.ToString(), record.Change?.Proof, record.Number,
        record.InheritedFrom, record.LossAccepted, [.. record.History.Select(static gtid => gtid.ToString())],
        record.RingWriters.IsEmpty ? null : [.. record.RingWriters]);

    public ControlRecord ToRecord() => new()
    {
        Epoch = new Epoch(Epoch),
        Primary = Id(Primary),
        Number = Number,
        AppointedAt = At(AppointedAt),
        History = [.. (History ?? []).Select(static text => At(text)[0])],
        RingWriters = [.. RingWriters ?? []],
        InheritedFrom = InheritedFrom,
        Acknowledgers = [.. Acknowledgers.Select(static name => new ServerId(name))],
        InMaintenance = [.. InMaintenance.Select(static name => new ServerId(name))],
        Paused = Paused,
        LossAccepted = LossAccepted,
        Change = Change is null ? null : new Change
        {
            Kind = Enum.Parse<ChangeKind>(Change),
            From = new ServerId(From!),
            To = Id(To),
            Step = Enum.Parse<ChangeStep>(Step!),
            Goal = At(Goal),
            Proof = [.. Proof ?? []],
        },
    };

    static string[] Names(ImmutableArray<ServerId> ids) => [.. ids.Select(static id => id.Name)];
    static ServerId? Id(string? name) => name is null ? null : new ServerId(name);
    static Position At(string? text) => Position.TryParse(text ?? "", out var position) ? position : throw new FormatException($"'{text}' is no position");
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(JournalEntry))]
sealed partial class JournalJson : JsonSerializerContext;

/// <summary>
/// The controller's memory, as a file of lines of JSON that only grows: what it intends is on the disk before it is done. The last record counts;
/// a line that a crash cut off was never acted upon. Holding the journal is the right to act where no lease is shared: a second process is refused. Where one is,
/// it is this process's own account of what it did, and the last record that it saw. When it has grown large, it becomes the older one, which replaces the one
/// before, and begins anew with the last record.
/// </summary>
public sealed class Journal : IDisposable
{
    public const string FileName = "control.journal";
    /// <summary>What stood in the journal before it became too large.</summary>
    public const string OlderName = FileName + ".1";
    const string LockName = "control.lock", NewEnding = ".new";
    const long DefaultMost = 16 << 20;
    readonly FileStream _lock;
    readonly TimeProvider _time;
    readonly string _path;
    readonly long _most;
    FileStream _file;

    Journal(FileStream held, FileStream file, ControlRecord record, TimeProvider time, long most) => (_lock, _file, _path, Record, _time, _most) = (held, file, file.Name, record, time, most);

    /// <summary>The last record written.</summary>
    public ControlRecord Record { get; private set; }

    /// <summary>Throws <see cref="IOException"/> where another process holds it, <see cref="InvalidDataException"/> where it cannot be understood.</summary>
    /// <param name="most">Bytes; when it is larger, what is old is moved away.</param>
    public static Journal Open(string directory, TimeProvider time, long most = DefaultMost)
    {
        Directory.CreateDirectory(directory);
        var path = Path.Combine(directory, FileName);
        // A file of its own: the journal may be read while it is held.
        FileStream held;
        try
        {
            held = new FileStream(Path.Combine(directory, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new IOException($"another process controls from {directory}: {e.Message}", e);
        }
        FileStream? file = null;
        try
        {
            if (!File.Exists(path) && File.Exists(path + NewEnding)) File.Move(path + NewEnding, path);
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            var (entries, end) = Read(file, path);
            // Behind the last whole line stands at most what a crash cut off.
            file.SetLength(end);
            file.Position = end;
            return new Journal(held, file, entries.LastOrDefault(static entry => entry.Record is not null)?.Record?.ToRecord() ?? new ControlRecord(), time, most);
        }
        catch
        {
            file?.Dispose();
            held.Dispose();
            throw;
        }
    }

    /// <summary>All entries of a journal that may be in use, oldest first.</summary>
    public static IReadOnlyList<JournalEntry> ReadAll(string directory)
    {
        return [.. Of(OlderName), .. Of(FileName)];

        List<JournalEntry> Of(string name)
        {
            var path = Path.Combine(directory, name);
            if (!File.Exists(path)) return [];
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return Read(file, path).Entries;
        }
    }

    /// <summary>The newest entries of a journal that may be in use, oldest first, out of the last <paramref name="most"/> bytes: for people who look on, however long it has grown.</summary>
    public static IReadOnlyList<JournalEntry> ReadNewest(string directory, int most)
    {
        var (bytes, path) = (Array.Empty<byte>(), Path.Combine(directory, FileName));
        foreach (var name in new[] { FileName, OlderName })
        {
            if (bytes.Length >= most || !File.Exists(Path.Combine(directory, name))) break;
            using var file = new FileStream(Path.Combine(directory, name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var part = new byte[Math.Min(file.Length, most - bytes.Length)];
            file.Position = file.Length - part.Length;
            file.ReadExactly(part);
            // The first line of a part is a whole one only where the file begins.
            if (part.Length < file.Length) part = part[(part.AsSpan().IndexOf((byte)'\n') + 1)..];
            bytes = [.. part, .. bytes];
        }
        using var stream = new MemoryStream(bytes);
        return Read(stream, path).Entries;
    }

    public static string Line(JournalEntry entry) => JsonSerializer.Serialize(entry, JournalJson.Default.JournalEntry);

    static (List<JournalEntry> Entries, long End) Read(Stream file, string path)
    {
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        var entries = new List<JournalEntry>();
        var start = 0;
        while (bytes.AsSpan(start).IndexOf((byte)'\n') is >= 0 and var length)
        {
            try
            {
                entries.Add(JsonSerializer.Deserialize(bytes.AsSpan(start, length), JournalJson.Default.JournalEntry)!);
            }
            catch (JsonException e)
            {
                throw new InvalidDataException($"{path}, line {entries.Count + 1}, is no entry of a journal: {e.Message}", e);
            }
            start += length + 1;
        }
        return (entries, start);
    }

    /// <summary>On the disk when it returns.</summary>
    public void Write(ControlRecord record, string rule, string? server, string sentence, string kind = "record")
    {
        Append(_file, new JournalEntry(_time.GetUtcNow(), kind, rule, server, sentence, RecordLine.Of(record)));
        _file.Flush(flushToDisk: true);
        Record = record;
        if (_file.Length > _most) BeginAnew();
    }

    /// <summary>
    /// The file takes the older one's name, and one that begins with the record takes its own: that one is whole and on the disk before, and is found under its first name
    /// by whoever opens the journal after a crash between the two. Where it cannot be done, all stays as it is until the next record.
    /// </summary>
    void BeginAnew()
    {
        FileStream? file = null;
        try
        {
            file = new FileStream(_path + NewEnding, FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            Append(file, new JournalEntry(_time.GetUtcNow(), "record", "journal", null, "the journal begins anew; what stood in it is in the older one", RecordLine.Of(Record)));
            file.Flush(flushToDisk: true);
            File.Move(_path, OlderPath, overwrite: true);
            File.Move(_path + NewEnding, _path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            if (!File.Exists(_path) && File.Exists(OlderPath)) File.Move(OlderPath, _path);
            return;
        }
        _file.Dispose();
        _file = file;
    }

    string OlderPath => Path.Combine(Path.GetDirectoryName(_path)!, OlderName);

    /// <summary>For people to read later; nothing depends on it.</summary>
    public void Note(string kind, string rule, string? server, string sentence)
    {
        Append(_file, new JournalEntry(_time.GetUtcNow(), kind, rule, server, sentence));
        _file.Flush(flushToDisk: false);
    }

    // A line that fits only in part (the disk is full) must not stand before a later one.
    static void Append(FileStream file, JournalEntry entry)
    {
        var at = file.Position;
        try
        {
            file.Write(JsonSerializer.SerializeToUtf8Bytes(entry, JournalJson.Default.JournalEntry));
            file.WriteByte((byte)'\n');
            file.Flush();
        }
        catch
        {
            file.SetLength(at);
            file.Position = at;
            throw;
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        _lock.Dispose();
    }
}
