namespace Headwater.Servers;

/// <summary>A server refused what it was asked, in its own words. The connection goes on unless it was being opened.</summary>
public sealed class ServerException(ushort code, string sqlState, string message) : Exception(message)
{
    public ushort Code { get; } = code;
    public string SqlState { get; } = sqlState;
}

/// <summary>What was being done when a server could not be reached any more.</summary>
public enum ServerPhase : byte
{
    Connect,
    Handshake,
    Command,
}

/// <summary>The server did not answer or the connection broke. In <see cref="ServerPhase.Command"/> the command's outcome is unknown.</summary>
public sealed class ServerUnreachableException(ServerPhase phase, string address, Exception cause)
    : IOException($"{address} cannot be reached ({Doing(phase)}): {cause.Message}", cause)
{
    public ServerPhase Phase { get; } = phase;

    static string Doing(ServerPhase phase) => phase switch
    {
        ServerPhase.Connect => "while connecting",
        ServerPhase.Handshake => "while logging in",
        _ => "while a command ran",
    };
}
