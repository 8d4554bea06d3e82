using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Headwater.Configuration;
using Headwater.Gateway;
using Headwater.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Headwater.Tests.Http;

/// <summary>The real server on a port of its own, asked over a real socket.</summary>
public sealed class HttpEndpointTests : IAsyncLifetime
{
    readonly HttpEndpoint _endpoint;
    int _reloads;
    bool _ready = true;

    public HttpEndpointTests()
    {
        var sources = new HttpSources
        {
            Readiness = () => new Readiness(_ready, _ready ? "listening" : "no server was looked at yet"),
            Status = () => new StatusJson("0.1.0", 1, "m", DateTimeOffset.UnixEpoch, null, true, "listening", "shop", 2, 9, "db1", "db1 is writable", ServerJson.All(Views.OfThree()), ["127.0.0.1:4406"]),
            Metrics = static text =>
            {
                ClusterMetrics.Write(text, Views.OfThree());
                ProcessMetrics.Write(text, 0);
            },
            Sessions = static () => [new SessionFigures(1, "app", "127.0.0.1", "shop", "session", null, null, null, null, null, 3)],
            Stats = static () => throw new NotSupportedException("not asked here"),
            Alerts = static () => new AlertsJson([], [], []),
            ReadAudit = static () => new ReadAuditJson(new Dictionary<string, long>(), []),
            Digests = static () => throw new InvalidOperationException("broken on purpose"),
            Reload = () => new OutcomeJson(++_reloads == 1, ["said"]),
        };
        _endpoint = new HttpEndpoint(new ListenAddress("127.0.0.1", 0), new HttpAnswers(sources, onLoopback: true, NullLogger.Instance).AnswerAsync, NullLoggerFactory.Instance);
    }

    public async ValueTask InitializeAsync() => await _endpoint.StartAsync(TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => _endpoint.DisposeAsync();

    async Task<(int Status, string Head, string Body)> Ask(string method, string path, params string[] headers)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _endpoint.Port);
        var request = $"{method} {path} HTTP/1.1\r\nConnection: close\r\n{string.Concat(headers.Append(headers.Any(h => h.StartsWith("Host:", StringComparison.Ordinal)) ? "" : "Host: localhost").Where(h => h.Length > 0).Select(h => h + "\r\n"))}\r\n";
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(client.GetStream());
        var answer = await reader.ReadToEndAsync();
        var split = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return (int.Parse(answer.AsSpan(9, 3)), answer[..split], answer[(split + 4)..]);
    }

    [Fact]
    public async Task Health_readiness_and_metrics_answer()
    {
        Assert.Equal((200, "alive\n"), await StatusAndBody("/healthz"));
        Assert.Equal((200, "listening\n"), await StatusAndBody("/readyz"));
        _ready = false;
        Assert.Equal((503, "no server was looked at yet\n"), await StatusAndBody("/readyz"));
        var (status, head, body) = await Ask("GET", "/metrics");
        Assert.Equal(200, status);
        Assert.Contains("Content-Type: text/plain; version=0.0.4", head);
        Assert.Contains("headwater_cluster_epoch{cluster=\"shop\"} 2\n", body);
    }

    [Fact]
    public async Task Every_sample_of_the_metrics_belongs_to_a_family_with_help_and_type()
    {
        var family = "";
        foreach (var line in (await Ask("GET", "/metrics")).Body.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            if (line.StartsWith("# HELP ", StringComparison.Ordinal)) family = line.Split(' ')[2];
            else if (line.StartsWith("# TYPE ", StringComparison.Ordinal)) Assert.Equal(family, line.Split(' ')[2]);
            else Assert.Matches($"^{family}(\\{{([a-z_]+=\"[^\"]*\",?)+\\}})? [0-9.E+-]+$", line);
    }

    [Fact]
    public async Task The_api_is_json_with_names_of_one_kind()
    {
        using var status = JsonDocument.Parse((await Ask("GET", "/api/status")).Body);
        Assert.Equal("db1", status.RootElement.GetProperty("primary").GetString());
        using var servers = JsonDocument.Parse((await Ask("GET", "/api/servers")).Body);
        Assert.Equal(0.04, servers.RootElement[1].GetProperty("lag_seconds").GetDouble());
        Assert.Equal(10, servers.RootElement[1].GetProperty("lag_transactions").GetInt32());
        Assert.False(servers.RootElement[2].TryGetProperty("lag_seconds", out _));
        using var sessions = JsonDocument.Parse((await Ask("GET", "/api/sessions")).Body);
        Assert.Equal("app", sessions.RootElement[0].GetProperty("user").GetString());
    }

    [Fact]
    public async Task What_is_not_there_not_allowed_or_broken_is_said()
    {
        Assert.Equal(404, (await Ask("GET", "/nothing")).Status);
        Assert.Equal(405, (await Ask("POST", "/metrics")).Status);
        Assert.Equal(405, (await Ask("GET", "/api/reload")).Status);
        Assert.Equal((500, "This answer could not be made; the log says why.\n"), await StatusAndBody("/api/digests"));
    }

    [Fact]
    public async Task The_server_does_not_say_what_it_is()
    {
        Assert.DoesNotContain("Server:", (await Ask("GET", "/")).Head);
        var (_, head, body) = await Ask("HEAD", "/healthz");
        Assert.Contains("Content-Length: 6", head);
        Assert.Equal("", body);
    }

    [Fact]
    public async Task A_reload_is_done_for_a_program_and_refused_to_a_web_page()
    {
        var (status, _, body) = await Ask("POST", "/api/reload");
        Assert.Equal(200, status);
        Assert.Contains("\"applied\": true", body);
        Assert.Equal(422, (await Ask("POST", "/api/reload")).Status);
        Assert.Equal(403, (await Ask("POST", "/api/reload", "Origin: http://evil.example")).Status);
        Assert.Equal(403, (await Ask("POST", "/api/reload", "Sec-Fetch-Site: cross-site")).Status);
        Assert.Equal(2, _reloads);
    }

    [Theory]
    [InlineData("evil.example:4480", 403)]
    [InlineData("127.0.0.1:4480", 200)]
    [InlineData("[::1]:4480", 200)]
    [InlineData("localhost", 200)]
    public async Task On_the_loopback_address_a_foreign_name_is_refused(string host, int status) =>
        Assert.Equal(status, (await Ask("GET", "/healthz", $"Host: {host}")).Status);

    async Task<(int, string)> StatusAndBody(string path)
    {
        var (status, _, body) = await Ask("GET", path);
        return (status, body);
    }
}
