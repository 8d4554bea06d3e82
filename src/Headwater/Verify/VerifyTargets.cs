using System.Globalization;
using System.Net.Http;
using System.Text.Json;
using Headwater.Commands;
using Headwater.Configuration;
using Headwater.Core.Topology;
using Headwater.Http;
using Headwater.Servers;
using Headwater.Up;

namespace Headwater.Verify;

/// <summary>Which server is the primary, which are its replicas, and as whom they are read and mended.</summary>
sealed record VerifyTargets(ServerDoor Primary, IReadOnlyList<ServerDoor> Replicas)
{
    /// <summary>The cluster of <c>headwater up --dir</c>: mended as the servers' own root, by their sockets.</summary>
    public static async Task<VerifyTargets> OfDirectoryAsync(string directory, ServerLogin? login, CancellationToken ct)
    {
        var (doors, http) = await DoorsOfDirectoryAsync(directory, login, ct);
        return await ByRoleAsync(doors, http, ct);
    }

    /// <summary>The servers whatever they are, and where their gateway answers.</summary>
    public static async Task<(IReadOnlyList<ServerDoor> Doors, string? Http)> DoorsOfDirectoryAsync(string directory, ServerLogin? login, CancellationToken ct)
    {
        var runFile = Path.Combine(directory, RunningGateway.UpFileName);
        if (!File.Exists(runFile) && RunningGateway.Find(directory).Config is { } config) return DoorsOfConfiguration(config, login);
        try
        {
            var run = JsonSerializer.Deserialize(await File.ReadAllBytesAsync(runFile, ct), UpJson.Default.RunFile) ?? throw new JsonException("it is empty");
            var accounts = JsonSerializer.Deserialize(await File.ReadAllBytesAsync(Path.Combine(directory, "accounts.json"), ct), UpJson.Default.ClusterAccounts) ?? throw new JsonException("accounts.json is empty");
            var reader = login ?? new ServerLogin(accounts.Monitor.User, accounts.Monitor.Password);
            var mender = login ?? new ServerLogin("root", "");
            var doors = run.Servers.Select(server => new ServerDoor(server.Name, new ServerAddress(server.Address, server.Port, server.Socket), reader, mender)).ToList();
            return (doors, run.Gateway.HttpPort is { } port ? $"127.0.0.1:{port}" : null);
        }
        catch (Exception trouble) when (trouble is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Failed, $"{runFile} cannot be used: {trouble.Message.TrimEnd('.')}.");
        }
    }

    /// <summary>The servers of a configuration, read as its monitoring account, or as another that is named.</summary>
    public static async Task<VerifyTargets> OfConfigurationAsync(string file, ServerLogin? login, CancellationToken ct)
    {
        var (doors, http) = DoorsOfConfiguration(file, login);
        return await ByRoleAsync(doors, http, ct);
    }

    /// <inheritdoc cref="DoorsOfDirectoryAsync"/>
    public static (IReadOnlyList<ServerDoor> Doors, string? Http) DoorsOfConfiguration(string file, ServerLogin? login)
    {
        var reading = ConfigFile.Read(Path.GetFullPath(file));
        if (reading.Config is not { } config) throw new CommandException(ExitCode.Usage, reading.Problems[0].ToString());
        var reader = login ?? config.Watch.Monitor;
        List<ServerDoor> doors = [.. config.Watch.Servers.Select(server => new ServerDoor(server.Id.Name, server.Address, reader, reader))];
        string? http = null;
        try
        {
            http = RunningGateway.Find(config.StateDirectory).Http;
        }
        catch (CommandException)
        {
            // Nobody serves by this configuration; the servers themselves say what they are.
        }
        return (doors, http);
    }

    static async Task<VerifyTargets> ByRoleAsync(IReadOnlyList<ServerDoor> doors, string? http, CancellationToken ct)
    {
        if (http is not null && await AskGatewayAsync(http, ct) is { Primary: { } named } status && status.Servers.FirstOrDefault(server => server.Name == named) is { } primary)
            // What the gateway has found beside the servers that are written down belongs to the cluster too.
            return new VerifyTargets(Door(primary), [.. status.Servers.Where(server => server != primary && !server.Tags.Contains("witness")).Select(Door)]);

        var writable = new List<ServerDoor>();
        var troubles = new List<string>();
        foreach (var door in doors)
            try
            {
                await using var connection = await ServerConnection.ConnectAsync(door.Address, door.Reader, ct);
                if ((await connection.QueryAsync("SELECT @@GLOBAL.read_only", ct)).Scalar == "0") writable.Add(door);
            }
            catch (Exception trouble) when (trouble is ServerException or ServerUnreachableException)
            {
                troubles.Add($"{door.Name}: {trouble.Message}");
            }
        return writable switch
        {
            [var one] => new VerifyTargets(one, [.. doors.Where(door => door != one)]),
            [] => throw new CommandException(ExitCode.Failed, $"No server is found that can be written to, so there is no primary to compare with{(troubles.Count > 0 ? $" ({string.Join("; ", troubles)})" : "")}."),
            _ => throw new CommandException(ExitCode.Failed, $"{string.Join(" and ", writable.Select(static door => door.Name))} can be written to: which of them is the primary is not known."),
        };

        ServerDoor Door(ServerJson server)
        {
            if (doors.FirstOrDefault(door => door.Name == server.Name) is { } written) return written;
            var colon = server.Address.LastIndexOf(':');
            return doors[0] with { Name = server.Name, Address = new ServerAddress(server.Address[..colon], int.Parse(server.Address[(colon + 1)..], CultureInfo.InvariantCulture)) };
        }
    }

    static async Task<StatusJson?> AskGatewayAsync(string http, CancellationToken ct)
    {
        try
        {
            var (status, body) = await ApiClient.SendAsync(HttpMethod.Get, http, "/api/status", ct);
            return status == 200 ? JsonSerializer.Deserialize(body, ApiJson.Default.StatusJson) : null;
        }
        catch (Exception trouble) when (trouble is CommandException or JsonException)
        {
            return null;
        }
    }
}
