using System.Text.Json;
using System.Text.Json.Serialization;

namespace Headwater.Bench.Lab;

sealed record Account(string User, string Password, string? Schema)
{
    public override string ToString() => User;
}

sealed record GatewayInfo(string Address, int Port, string? Socket, int? HttpPort, int Pid);

sealed record ServerInfo(string Name, string Role, string Address, int Port, string Socket, int Pid, string DataDirectory);

/// <summary>run.json of <c>headwater up</c>, as any script reads it.</summary>
sealed record RunInfo
{
    public required string Cluster { get; init; }
    public required int Pid { get; init; }
    public required GatewayInfo Gateway { get; init; }
    public required IReadOnlyList<ServerInfo> Servers { get; init; }
    public required Account Application { get; init; }
    public required Account Administrator { get; init; }

    [JsonIgnore]
    public ServerInfo Primary => Servers.First(static server => server.Role == "primary");

    [JsonIgnore]
    public IReadOnlyList<ServerInfo> Replicas => [.. Servers.Where(static server => server.Role != "primary")];

    /// <summary>Null while there is none, or while it is being replaced.</summary>
    public static RunInfo? TryRead(string file)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(file), RunJson.Default.RunInfo);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(RunInfo))]
[JsonSerializable(typeof(Dictionary<string, Account>))]
sealed partial class RunJson : JsonSerializerContext;
