using Headwater.Gateway.Reactor;
using Headwater.Wire;

namespace Headwater.Gateway.Transport;

/// <summary>Reads the PROXY protocol header with which a trusted balancer begins a connection. The client says nothing before our greeting, so nothing may follow it.</summary>
internal sealed class ProxyPreface(Endpoint endpoint) : IEndpointOwner
{
    readonly byte[] _bytes = new byte[4096];
    int _length;
    Signal<bool>? _read;

    /// <summary>Who is behind the balancer; null for a connection of its own.</summary>
    public string? ClientHost { get; private set; }

    public Signal<bool> ReadAsync(TimeSpan limit)
    {
        _read = new Signal<bool>().Within(endpoint.Loop, limit);
        endpoint.Owner = this;
        if (endpoint.MaybeReadable) OnReadable();
        return _read;
    }

    public void OnReadable()
    {
        var received = endpoint.Receive(_bytes.AsSpan(_length));
        if (received == 0) return;
        if (received < 0)
        {
            _read!.Set(false);
            return;
        }
        _length += received;
        var read = ProxyHeader.Read(_bytes.AsSpan(0, _length), out var header, out var consumed);
        if (read == ProxyHeaderRead.Incomplete && _length < _bytes.Length) return;
        ClientHost = header?.Source?.Address.ToString();
        _read!.Set(read == ProxyHeaderRead.Complete && consumed == _length);
    }

    public void OnDrained() { }
}
