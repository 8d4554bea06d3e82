namespace Headwater.Gateway;

/// <summary>What a gateway gets from the process that served before it, and whose sessions that one keeps.</summary>
/// <param name="Listeners">Descriptors of sockets that listen, by the name that the configuration gives them (an address, or a path). Owned by whoever gets them.</param>
/// <param name="LastSession">The highest number that a session has had: numbers go on from there, so that KILL means one session.</param>
/// <param name="Kill">Ends what a session of the predecessor runs, or it: <see cref="GatewayServer.KillAsync"/>. Null: nobody is there.</param>
public sealed record TakenOver(IReadOnlyDictionary<string, int> Listeners, uint LastSession, Func<uint, bool, string, bool, Task<ushort>>? Kill)
{
    public static TakenOver None { get; } = new(new Dictionary<string, int>(), 0, null);
}
