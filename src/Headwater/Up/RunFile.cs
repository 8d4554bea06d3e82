namespace Headwater.Up;

/// <summary>
/// <c>run.json</c> in the state directory: there while the cluster serves, removed when it stops; mode 0600 because of the passwords.
/// Scripts and the other commands (<c>--dir</c>) find everything by it. Names are lower case with underscores:
/// <code>
/// { "format": 1, "cluster": "local", "directory": "/…/.headwater", "pid": 4711, "started": "2026-11-21T04:00:00Z",
///   "gateway": { "address": "127.0.0.1", "port": 4406, "socket": "/…/gateway.sock", "http_port": 4480, "pid": 4711 },
///   "servers": [ { "name": "db1", "role": "primary", "address": "127.0.0.1", "port": 24411, "socket": "/…/db1/server.sock",
///                  "pid": 4712, "data_directory": "/…/db1/data", "log": "/…/db1/server.log" }, … ],
///   "application":   { "user": "application",   "password": "…", "schema": "app" },
///   "administrator": { "user": "administrator", "password": "…", "schema": "app" } }
/// </code>
/// New names may come; these keep their meaning within one <see cref="Format"/>. A server's <c>role</c> and <c>pid</c> are rewritten when they change.
/// </summary>
internal sealed record RunFile
{
    public int Format { get; init; } = 1;
    public required string Cluster { get; init; }

    /// <summary>The state directory, absolute.</summary>
    public required string Directory { get; init; }

    /// <summary>Process id of <c>headwater up</c>.</summary>
    public required int Pid { get; init; }
    public required DateTimeOffset Started { get; init; }
    public required RunGateway Gateway { get; init; }
    public required IReadOnlyList<RunServer> Servers { get; init; }
    public required AccountRecord Application { get; init; }
    public required AccountRecord Administrator { get; init; }
}

/// <summary>Where clients connect. <paramref name="Socket"/> and <paramref name="HttpPort"/> are left out when there is none.</summary>
internal sealed record RunGateway(string Address, int Port, string? Socket, int? HttpPort, int Pid);

/// <summary>A server behind the gateway; <paramref name="Role"/> is <c>primary</c> or <c>replica</c>.</summary>
internal sealed record RunServer(string Name, string Role, string Address, int Port, string Socket, int Pid, string DataDirectory, string Log);
