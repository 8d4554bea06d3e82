using System.Text.Json;
using System.Text.Json.Serialization;

namespace Headwater.IntegrationTests.Fixtures;

/// <summary>What a script can learn from <c>run.json</c>. Read by names, as a user's script would, and not through the product's own type.</summary>
internal sealed record RunFile(
    [property: JsonPropertyName("gateway")] RunFile.GatewayEntry Gateway,
    [property: JsonPropertyName("servers")] IReadOnlyList<RunFile.ServerEntry> Servers,
    [property: JsonPropertyName("application")] RunFile.AccountEntry Application,
    [property: JsonPropertyName("administrator")] RunFile.AccountEntry Administrator)
{
    internal sealed record GatewayEntry(
        [property: JsonPropertyName("address")] string Address,
        [property: JsonPropertyName("port")] int Port,
        [property: JsonPropertyName("socket")] string? Socket,
        [property: JsonPropertyName("http_port")] int? HttpPort,
        [property: JsonPropertyName("pid")] int Pid);

    internal sealed record ServerEntry(
        [property: JsonPropertyName("name")] string Name,
        [property: JsonPropertyName("role")] string Role,
        [property: JsonPropertyName("address")] string Address,
        [property: JsonPropertyName("port")] int Port,
        [property: JsonPropertyName("socket")] string? Socket,
        [property: JsonPropertyName("pid")] int Pid,
        [property: JsonPropertyName("data_directory")] string? DataDirectory);

    internal sealed record AccountEntry(
        [property: JsonPropertyName("user")] string User,
        [property: JsonPropertyName("password")] string Password,
        [property: JsonPropertyName("schema")] string? Schema);

    public static RunFile Parse(string json) => JsonSerializer.Deserialize<RunFile>(json) ?? throw new InvalidDataException("run.json is empty.");
}
