using System.Text.Json;
using System.Text.Json.Serialization;

namespace Headwater.Commands;

/// <summary>
/// <c>gateway.json</c> in the state directory of a serving gateway: by it the other commands find it (--dir). There while it
/// serves, removed when it stops. No secrets are in it.
/// </summary>
sealed record RunningGateway(int Format, int Pid, string? Http, string? Config, DateTimeOffset Started)
{
    public const string FileName = "gateway.json";
    public const string UpFileName = "run.json";

    public static string PathIn(string directory) => Path.Combine(directory, FileName);

    public void Write(string directory)
    {
        Directory.CreateDirectory(directory);
        var unfinished = PathIn(directory) + ".new";
        File.WriteAllBytes(unfinished, JsonSerializer.SerializeToUtf8Bytes(this, RunningGatewayJson.Default.RunningGateway));
        File.Move(unfinished, PathIn(directory), overwrite: true);
    }

    public static void Remove(string directory) => File.Delete(PathIn(directory));

    /// <summary>The gateway that serves from this directory, whether <c>serve</c> or <c>up</c> started it.</summary>
    public static RunningGateway Find(string directory)
    {
        foreach (var name in new[] { FileName, UpFileName })
            if (Path.Combine(directory, name) is var path && File.Exists(path))
                try
                {
                    return name == FileName
                        ? JsonSerializer.Deserialize(File.ReadAllBytes(path), RunningGatewayJson.Default.RunningGateway) ?? throw new JsonException("it is empty")
                        : FromUp(File.ReadAllBytes(path));
                }
                catch (Exception trouble) when (trouble is JsonException or InvalidOperationException or KeyNotFoundException or IOException or UnauthorizedAccessException)
                {
                    throw new CommandException(ExitCode.Failed, $"{path} cannot be read: {trouble.Message}");
                }
        throw new CommandException(ExitCode.Failed,
            $"No gateway serves from {Path.GetFullPath(directory)} (neither {FileName} nor {UpFileName} is there). Name its state directory with --dir, or its HTTP address with --http.");
    }

    static RunningGateway FromUp(byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        var gateway = document.RootElement.GetProperty("gateway");
        var http = gateway.TryGetProperty("http_port", out var port) && port.ValueKind == JsonValueKind.Number ? $"127.0.0.1:{port.GetInt32()}" : null;
        return new RunningGateway(1, gateway.GetProperty("pid").GetInt32(), http, null, default);
    }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RunningGateway))]
sealed partial class RunningGatewayJson : JsonSerializerContext;
