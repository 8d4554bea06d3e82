using Headwater.Core.Caching;
using Headwater.Core.Positions;
using Headwater.Gateway.Reactor;

namespace Headwater.Gateway.Caching;

/// <summary>A read that is under way, and the sessions of its reactor that ask for the same.</summary>
/// <param name="from">What the server was known to show when the read began.</param>
internal sealed class Flight(ulong hash, byte[] key, Position from)
{
    readonly List<Signal<CachedResult?>> _waiting = [];

    public ulong Hash => hash;
    public byte[] Key => key;
    public Position From => from;

    public Signal<CachedResult?> Wait(EventLoop loop, TimeSpan limit)
    {
        var signal = new Signal<CachedResult?>().Within(loop, limit);
        _waiting.Add(signal);
        return signal;
    }

    /// <param name="result">Null: it came to nothing that others could have.</param>
    public void Land(CachedResult? result)
    {
        foreach (var signal in _waiting.ToArray()) signal.Set(result);
        _waiting.Clear();
    }
}
