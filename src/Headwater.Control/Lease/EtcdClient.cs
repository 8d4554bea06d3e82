using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Headwater.Control.Lease;

/// <summary>etcd did not answer, or refused: what became of the request is not known.</summary>
sealed class EtcdException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>
/// The six calls that are needed of etcd, by its JSON gateway: a gRPC library and generated code would be many times this page, for nothing that is used.
/// A member that does not answer within the patience is left for the next; each is tried once.
/// </summary>
sealed class EtcdClient : IDisposable
{
    readonly EtcdOptions _options;
    readonly TimeSpan _patience;
    readonly HttpClient _http;
    int _endpoint;
    string? _token;

    /// <param name="patience">How long one member may take to answer one request.</param>
    public EtcdClient(EtcdOptions options, TimeSpan patience)
    {
        (_options, _patience) = (options, patience);
        var tls = new SslClientAuthenticationOptions();
        if (options.Authorities is { } authorities)
        {
            tls.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            tls.CertificateChainPolicy.CustomTrustStore.AddRange(authorities);
        }
        if (options.Certificate is { } own) tls.ClientCertificates = [own];
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, SslOptions = tls, ConnectTimeout = patience, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30) }) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Which of the endpoints is asked now.</summary>
    public int Member => Volatile.Read(ref _endpoint);

    public Task<GrantResponse> GrantAsync(long seconds, CancellationToken ct) => CallAsync("lease/grant", new GrantRequest(seconds), EtcdJson.Default.GrantRequest, EtcdJson.Default.GrantResponse, ct);

    /// <summary>Ttl 0: etcd does not have that lease any more.</summary>
    public async Task<GrantResponse> KeepAliveAsync(long lease, CancellationToken ct) =>
        (await CallAsync("lease/keepalive", new LeaseRequest(lease), EtcdJson.Default.LeaseRequest, EtcdJson.Default.KeepAliveResponse, ct)).Result ?? throw new EtcdException("etcd answered a renewal with nothing");

    public Task RevokeAsync(long lease, CancellationToken ct) => CallAsync("lease/revoke", new LeaseRequest(lease), EtcdJson.Default.LeaseRequest, EtcdJson.Default.GrantResponse, ct);

    /// <summary>A linearizable read: a majority stood behind the leader after it was asked.</summary>
    public Task<RangeResponse> RangeAsync(RangeRequest request, CancellationToken ct) => CallAsync("kv/range", request, EtcdJson.Default.RangeRequest, EtcdJson.Default.RangeResponse, ct);

    public Task<PutResponse> PutAsync(PutRequest request, CancellationToken ct) => CallAsync("kv/put", request, EtcdJson.Default.PutRequest, EtcdJson.Default.PutResponse, ct);

    public Task<TxnResponse> TxnAsync(TxnRequest request, CancellationToken ct) => CallAsync("kv/txn", request, EtcdJson.Default.TxnRequest, EtcdJson.Default.TxnResponse, ct);

    /// <summary>What changes from <see cref="WatchCreate.StartRevision"/> on, until the connection ends or is cancelled by etcd.</summary>
    public async IAsyncEnumerable<WatchResponse> WatchAsync(WatchCreate what, [EnumeratorCancellation] CancellationToken ct)
    {
        using var response = await SendAsync("watch", new WatchRequest(what), EtcdJson.Default.WatchRequest, HttpCompletionOption.ResponseHeadersRead, ct);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(ct));
        while (true)
        {
            WatchResponse? message;
            try
            {
                if (await lines.ReadLineAsync(ct) is not { } line) yield break;
                message = JsonSerializer.Deserialize(line, EtcdJson.Default.WatchMessage)?.Result;
            }
            catch (Exception e) when (e is IOException or HttpRequestException or JsonException)
            {
                throw new EtcdException($"the watch ended: {e.Message}", e);
            }
            if (message is null or { Canceled: true }) yield break;
            yield return message;
        }
    }

    async Task<TAnswer> CallAsync<TRequest, TAnswer>(string path, TRequest request, JsonTypeInfo<TRequest> asked, JsonTypeInfo<TAnswer> answered, CancellationToken ct)
    {
        using var response = await SendAsync(path, request, asked, HttpCompletionOption.ResponseContentRead, ct);
        try
        {
            return JsonSerializer.Deserialize(await response.Content.ReadAsByteArrayAsync(ct), answered) ?? throw new JsonException("it is empty");
        }
        catch (JsonException e)
        {
            throw new EtcdException($"etcd's answer to {path} is not understood: {e.Message}", e);
        }
    }

    async Task<HttpResponseMessage> SendAsync<TRequest>(string path, TRequest request, JsonTypeInfo<TRequest> asked, HttpCompletionOption until, CancellationToken ct)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(request, asked);
        string? trouble = null;
        for (var attempt = 0; attempt < _options.Endpoints.Count; attempt++)
        {
            var at = Volatile.Read(ref _endpoint);
            var endpoint = _options.Endpoints[at];
            try
            {
                return await SendAsync(endpoint, path, body, until, ct);
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !ct.IsCancellationRequested)
            {
                trouble = $"{(trouble is null ? "" : trouble + "; ")}{endpoint} {(e is OperationCanceledException ? $"has not answered within {_patience.TotalMilliseconds:0} ms" : $"does not answer ({e.Message})")}";
                // Whoever failed first has moved on for all.
                Interlocked.CompareExchange(ref _endpoint, (at + 1) % _options.Endpoints.Count, at);
            }
        }
        throw new EtcdException($"etcd: {trouble}");
    }

    async Task<HttpResponseMessage> SendAsync(Uri endpoint, string path, byte[] body, HttpCompletionOption until, CancellationToken ct)
    {
        for (var attempt = 0; ; attempt++)
        {
            var token = _options.User is null ? null : Volatile.Read(ref _token) ?? await LogInAsync(endpoint, ct);
            var response = await PostAsync(endpoint, path, body, token, until, ct);
            if (response.IsSuccessStatusCode) return response;
            EtcdError? error = null;
            try
            {
                error = JsonSerializer.Deserialize(await response.Content.ReadAsByteArrayAsync(ct), EtcdJson.Default.EtcdError);
            }
            catch (JsonException)
            {
                // A proxy's page, say: the status tells enough.
            }
            var status = response.StatusCode;
            response.Dispose();
            // A member that has started anew does not know the token.
            if (token is not null && attempt == 0 && (status == HttpStatusCode.Unauthorized || error?.Message?.Contains("auth token", StringComparison.Ordinal) == true))
            {
                Volatile.Write(ref _token, null);
                continue;
            }
            // Lost its leader, or is starting: as good as not there.
            throw new HttpRequestException($"HTTP {(int)status}: {error?.Message ?? error?.Error ?? "no reason given"}");
        }
    }

    async Task<string> LogInAsync(Uri endpoint, CancellationToken ct)
    {
        var login = JsonSerializer.SerializeToUtf8Bytes(new AuthRequest(_options.User!, _options.Password), EtcdJson.Default.AuthRequest);
        using var response = await PostAsync(endpoint, "auth/authenticate", login, null, HttpCompletionOption.ResponseContentRead, ct);
        if (!response.IsSuccessStatusCode) throw new HttpRequestException($"it refuses the user {_options.User} (HTTP {(int)response.StatusCode})");
        var token = JsonSerializer.Deserialize(await response.Content.ReadAsByteArrayAsync(ct), EtcdJson.Default.AuthResponse)?.Token ?? throw new HttpRequestException("it gave no token");
        Volatile.Write(ref _token, token);
        return token;
    }

    async Task<HttpResponseMessage> PostAsync(Uri endpoint, string path, byte[] body, string? token, HttpCompletionOption until, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(_patience);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(endpoint, $"/v3/{path}")) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (token is not null) request.Headers.TryAddWithoutValidation("Authorization", token);
        return await _http.SendAsync(request, until, patience.Token);
    }

    public void Dispose() => _http.Dispose();
}
