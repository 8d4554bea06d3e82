using Headwater.Gateway.Reactor;

namespace Headwater.Gateway.Transport;

/// <summary>Waits until the other side has taken all that was sent to it (true), or is gone (false).</summary>
internal sealed class Drained : IEndpointOwner
{
    readonly Endpoint _endpoint;
    readonly Signal<bool> _signal = new();

    Drained(Endpoint endpoint) => _endpoint = endpoint;

    public static Signal<bool> Of(Endpoint endpoint)
    {
        var drained = new Drained(endpoint);
        if (endpoint.IsHungUp || endpoint.IsClosed) drained._signal.Set(false);
        else if (endpoint.PendingOutput == 0) drained._signal.Set(true);
        else endpoint.Owner = drained;
        return drained._signal;
    }

    void IEndpointOwner.OnReadable()
    {
        if (_endpoint.IsHungUp) _signal.Set(false);
    }

    public void GiveUp() => _signal.Set(false);

    void IEndpointOwner.OnDrained() => _signal.Set(true);
}
