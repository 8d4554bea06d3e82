using System.Net;
using System.Net.Sockets;
using System.Text;
using Headwater.Control.Alerting;
using Headwater.Core.Failover;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Headwater.Tests.Control.Alerting;

/// <summary>Whoever is to be told is a real HTTP server on loopback.</summary>
public sealed class AlertsTests : IDisposable
{
    readonly HttpListener _receiver = new();
    readonly Uri _url;

    public AlertsTests()
    {
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        _url = new Uri($"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/hook/secret-part");
        free.Stop();
        _receiver.Prefixes.Add($"http://127.0.0.1:{_url.Port}/");
        _receiver.Start();
    }

    public void Dispose() => _receiver.Close();

    static Alert Found(string rule, bool resolved = false) => new(new DateTimeOffset(2026, 11, 21, 15, 0, 0, TimeSpan.Zero), "shop", rule, FindingRules.SeverityOf(rule), "db1", "db1 has not listened for 1000 ms", resolved);

    async Task<string> ReceiveAsync(int status = 200)
    {
        var context = await _receiver.GetContextAsync().WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(context.Request.InputStream, Encoding.UTF8);
        var body = await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
        context.Response.StatusCode = status;
        context.Response.Close();
        return $"{context.Request.HttpMethod} {context.Request.Url!.AbsolutePath} {context.Request.ContentType}: {body}";
    }

    [Fact]
    public async Task What_weighs_enough_is_told_as_JSON_with_all_its_fields()
    {
        await using var alerts = new Alerts(TimeProvider.System, NullLogger.Instance);
        alerts.Apply(new AlertOptions(_url, AlertFormat.Json, Severity.Warning));
        alerts.Tell(Found("appointed"));
        alerts.Tell(Found("primary-silent"));
        Assert.Equal("""POST /hook/secret-part application/json; charset=utf-8: {"at":"2026-11-21T15:00:00+00:00","cluster":"shop","rule":"primary-silent","severity":"critical","server":"db1","sentence":"db1 has not listened for 1000 ms","resolved":false}""", await ReceiveAsync());
    }

    [Fact]
    public async Task As_a_message_it_is_one_line_of_text()
    {
        await using var alerts = new Alerts(TimeProvider.System, NullLogger.Instance);
        alerts.Apply(new AlertOptions(_url, AlertFormat.Slack, Severity.Critical));
        alerts.Tell(Found("replica-broken"));
        alerts.Tell(Found("primary-silent", resolved: true));
        Assert.EndsWith("""{"text":"resolved: shop: db1 has not listened for 1000 ms (primary-silent)"}""", await ReceiveAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_is_overloaded_is_told_again_and_who_refuses_is_not()
    {
        var log = new Lines();
        await using var alerts = new Alerts(TimeProvider.System, log);
        alerts.Apply(new AlertOptions(_url, AlertFormat.Slack, Severity.Warning));
        alerts.Tell(Found("two-writable"));
        alerts.Tell(Found("diverged"));
        Assert.Contains("two-writable", await ReceiveAsync(503), StringComparison.Ordinal);
        Assert.Contains("two-writable", await ReceiveAsync(), StringComparison.Ordinal);
        Assert.Contains("diverged", await ReceiveAsync(404), StringComparison.Ordinal);
        alerts.Tell(Found("replica-broken"));
        Assert.Contains("replica-broken", await ReceiveAsync(), StringComparison.Ordinal);
        Assert.Equal("the alert 'diverged' could not be told to 127.0.0.1: HTTP 404", Assert.Single(log.Told));
    }

    sealed class Lines : ILogger
    {
        public List<string> Told { get; } = [];
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
        public bool IsEnabled(LogLevel logLevel) => true;
        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Told.Add(formatter(state, exception));
    }
}
