using System.Net;
using System.Net.Sockets;
using Headwater.Configuration;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Headwater.Http;

/// <summary>
/// Kestrel with nothing around it: no host, no container, no middleware, no files. It listens where the configuration says and
/// nowhere else (a host would also read ASPNETCORE_URLS), and takes half the memory of the slimmest builder.
/// </summary>
sealed class HttpEndpoint : IHttpApplication<HttpContext>, IAsyncDisposable
{
    readonly RequestDelegate _answer;
    readonly KestrelServer _server;
    Socket? _listening;
    int? _inherited;

    public HttpEndpoint(ListenAddress address, RequestDelegate answer, ILoggerFactory log)
    {
        _answer = answer;
        _server = new KestrelServer(Options.Create(Limits(address)), new SocketTransportFactory(Options.Create(new SocketTransportOptions { IOQueueCount = 1, CreateBoundListenSocket = Bound }), log), log);
    }

    Socket Bound(EndPoint endpoint) => _listening = _inherited is { } descriptor ? new Socket(new SafeSocketHandle(descriptor, ownsHandle: true)) : SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);

    /// <summary>
    /// The other process that had the listening socket has closed it, and .NET closes one on which it waits for connections so that those are reset: an option of the socket itself, which connections
    /// that are accepted here would inherit, and with it the loss of what a client has not read yet when they are closed.
    /// </summary>
    public void Settle() => _listening!.LingerState = new LingerOption(false, 0);

    /// <summary>Of the listening socket, once started: what a successor is given.</summary>
    public int Descriptor => (int)_listening!.Handle;

    /// <summary>The port listened on, once started.</summary>
    public int Port { get; private set; }

    /// <param name="inherited">The descriptor of a socket that listens there already; null: one is made.</param>
    public async Task StartAsync(CancellationToken ct, int? inherited = null)
    {
        _inherited = inherited;
        await _server.StartAsync(this, ct);
        Port = new Uri(_server.Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
    }

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public Task ProcessRequestAsync(HttpContext context) => _answer(context);

    public void DisposeContext(HttpContext context, Exception? exception)
    {
        // Nothing of a context outlives its request.
    }

    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _server.StopAsync(patience.Token);
        _server.Dispose();
    }

    static KestrelServerOptions Limits(ListenAddress address)
    {
        var options = new KestrelServerOptions { AddServerHeader = false };
        options.Limits.MaxConcurrentConnections = 200;
        options.Limits.MaxRequestBodySize = 64 << 10;
        options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        options.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(60);
        options.Listen(IPAddress.Parse(address.Host), address.Port, static listen => listen.Protocols = HttpProtocols.Http1);
        return options;
    }
}
