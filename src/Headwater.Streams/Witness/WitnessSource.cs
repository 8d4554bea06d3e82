using System.Text.Json;
using System.Text.Json.Serialization;
using Headwater.Streams.Store;

namespace Headwater.Streams.Witness;

/// <summary>Whom a witness follows and how, as CHANGE MASTER and SET GLOBAL have told it. Outlives it, as a server's master.info does.</summary>
sealed record WitnessSource
{
    public string Host { get; init; } = "";
    public int Port { get; init; }
    public string User { get; init; } = "";
    public string Password { get; init; } = "";

    /// <summary>START SLAVE was the last word.</summary>
    public bool Receives { get; init; }

    /// <summary>rpl_semi_sync_slave_enabled.</summary>
    public bool Acknowledges { get; init; }

    [JsonIgnore]
    public bool IsSet => Host.Length > 0;

    public override string ToString() => IsSet ? $"{Host}:{Port} as {User}" : "nobody";

    public static WitnessSource Read(string file) =>
        File.Exists(file) ? JsonSerializer.Deserialize(File.ReadAllText(file), WitnessJson.Default.WitnessSource) ?? new WitnessSource() : new WitnessSource();

    /// <summary>Replaces the file as a whole; only its owner may read it, for a password is in it.</summary>
    public void Write(string file)
    {
        var next = file + ".new";
        using (var stream = new FileStream(next, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
        {
            JsonSerializer.Serialize(stream, this, WitnessJson.Default.WitnessSource);
            stream.Flush(flushToDisk: true);
        }
        File.Move(next, file, overwrite: true);
        // A fence must not be forgotten by a power cut.
        DirectorySync.Of(Path.GetDirectoryName(file)!);
    }
}

[JsonSerializable(typeof(WitnessSource))]
[JsonSourceGenerationOptions(WriteIndented = true)]
sealed partial class WitnessJson : JsonSerializerContext;
