using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Headwater.WebConsole;
using Xunit;
using Views = Headwater.Tests.Http.Views;

namespace Headwater.Tests.WebConsole;

/// <summary>The console over a real socket, asked as browsers and as others ask.</summary>
public sealed class ConsoleEndpointTests : IAsyncLifetime
{
    const string Password = "open sesame";
    readonly MadeUpConsole _console = new(Views.OfThree()) { Silent = TimeSpan.FromSeconds(12) };
    readonly HttpClient _client = new(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, UseProxy = false });

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    string Own => _console.Address;

    public async ValueTask InitializeAsync() => await _console.StartAsync(Ct);

    public async ValueTask DisposeAsync()
    {
        await _console.DisposeAsync();
        _client.Dispose();
    }

    /// <param name="own">As our page asks.</param>
    async Task<HttpResponseMessage> Ask(HttpMethod method, string path, bool own = false, string? cookie = null, object? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, Own + path);
        if (own)
        {
            request.Headers.Add("Sec-Fetch-Site", "same-origin");
            if (method != HttpMethod.Get) request.Headers.Add("Origin", Own);
            request.Headers.Add("X-Headwater", "console");
        }
        if (cookie is not null) request.Headers.Add("Cookie", cookie);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        if (body is not null) request.Content = JsonContent.Create(body);
        if (request.Content is not null) await request.Content.LoadIntoBufferAsync(Ct);
        return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Ct);
    }

    async Task<string> LoginAsync(string name)
    {
        using var login = await Ask(HttpMethod.Post, "/api/login", own: true, body: new { user = name, password = Password });
        Assert.Equal(HttpStatusCode.OK, login.StatusCode);
        var cookie = Assert.Single(login.Headers.GetValues("Set-Cookie"));
        Assert.Contains("; httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("; samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        return cookie.Split(';')[0];
    }

    [Fact]
    public async Task A_browser_gets_the_page_and_everybody_else_the_list_of_what_there_is()
    {
        using var page = await Ask(HttpMethod.Get, "/", headers: ("Accept", "text/html,*/*;q=0.8"));
        Assert.Equal("text/html", page.Content.Headers.ContentType!.MediaType);
        Assert.StartsWith("default-src 'self'", Assert.Single(page.Headers.GetValues("Content-Security-Policy")));
        using var plain = await Ask(HttpMethod.Get, "/", headers: ("Accept", "*/*"));
        Assert.StartsWith("Headwater\n", await plain.Content.ReadAsStringAsync(Ct));
        Assert.Contains("/api/live", await plain.Content.ReadAsStringAsync(Ct));
    }

    [Fact]
    public async Task Files_are_kept_by_the_browser_and_come_compressed()
    {
        var path = $"/web/{new WebAssets().Version}/js/app.js";
        using var file = await Ask(HttpMethod.Get, path, headers: ("Accept-Encoding", "gzip, br"));
        Assert.Equal("br", Assert.Single(file.Content.Headers.ContentEncoding));
        Assert.Contains("immutable", file.Headers.CacheControl!.ToString());
        using var again = await Ask(HttpMethod.Get, path, headers: ("If-None-Match", file.Headers.ETag!.ToString()));
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
        using var older = await Ask(HttpMethod.Get, "/web/000000000000/js/app.js");
        Assert.DoesNotContain("immutable", older.Headers.CacheControl!.ToString());
        Assert.Equal(HttpStatusCode.NotFound, (await Ask(HttpMethod.Get, "/web/x/../../appsettings.json")).StatusCode);
    }

    [Fact]
    public async Task On_this_machine_nobody_has_to_log_in_and_only_our_page_may_change_anything()
    {
        Assert.Equal(HttpStatusCode.OK, (await Ask(HttpMethod.Post, "/api/reload", own: true)).StatusCode);
        Assert.Contains("somebody at this machine's browser from 127.0.0.1 asked for reload", Assert.Single(_console.Noted));
        Assert.Equal(HttpStatusCode.Forbidden, (await Ask(HttpMethod.Post, "/api/reload", headers: ("Origin", Own))).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await Ask(HttpMethod.Post, "/api/reload", headers: [("Origin", "http://evil.example"), ("X-Headwater", "console")])).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await Ask(HttpMethod.Post, "/api/reload", headers: ("X-Forwarded-For", "10.0.0.9"))).StatusCode);
        Assert.Equal(1, _console.Reloads);
    }

    [Fact]
    public async Task With_users_a_browser_logs_in_and_a_viewer_only_looks()
    {
        _console.Users = [new("olga", ConsoleRole.Operator, PasswordHash.Of(Password)), new("vera", ConsoleRole.Viewer, PasswordHash.Of(Password))];
        foreach (var path in (string[])["/api/live", "/api/history", "/api/status", "/api/sessions", "/api/digests", "/api/feed", "/api/quarantine"])
            Assert.Equal((path, HttpStatusCode.Unauthorized), (path, (await Ask(HttpMethod.Get, path, own: true)).StatusCode));
        Assert.Equal(HttpStatusCode.OK, (await Ask(HttpMethod.Get, "/readyz", own: true)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await Ask(HttpMethod.Get, "/api/digests")).StatusCode);

        var viewer = await LoginAsync("vera");
        Assert.Equal(HttpStatusCode.OK, (await Ask(HttpMethod.Get, "/api/history", own: true, cookie: viewer)).StatusCode);
        Assert.Contains("viewer", await (await Ask(HttpMethod.Get, "/api/me", own: true, cookie: viewer)).Content.ReadAsStringAsync(Ct));
        Assert.Equal(HttpStatusCode.Forbidden, (await Ask(HttpMethod.Post, "/api/reload", own: true, cookie: viewer)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await Ask(HttpMethod.Post, "/api/control/verify?dry_run=true", own: true, cookie: viewer)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await Ask(HttpMethod.Post, "/api/control/audit?apply=true&dry_run=true", own: true, cookie: viewer)).StatusCode);
        Assert.Contains("shown to operators", await (await Ask(HttpMethod.Get, "/api/quarantine", own: true, cookie: viewer)).Content.ReadAsStringAsync(Ct));

        var olga = await LoginAsync("olga");
        Assert.Equal(HttpStatusCode.OK, (await Ask(HttpMethod.Post, "/api/reload", own: true, cookie: olga)).StatusCode);
        Assert.StartsWith("olga from", _console.Noted[^1]);
        Assert.Equal(HttpStatusCode.Forbidden, (await Ask(HttpMethod.Post, "/api/reload", cookie: olga, headers: [("Origin", "http://evil.example"), ("Sec-Fetch-Site", "cross-site")])).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await Ask(HttpMethod.Post, "/api/logout", own: true, cookie: olga)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await Ask(HttpMethod.Post, "/api/reload", own: true, cookie: olga)).StatusCode);
    }

    [Fact]
    public async Task A_wrong_password_opens_nothing()
    {
        _console.Users = [new("olga", ConsoleRole.Operator, PasswordHash.Of(Password))];
        using var wrong = await Ask(HttpMethod.Post, "/api/login", own: true, body: new { user = "olga", password = "guess" });
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        Assert.False(wrong.Headers.Contains("Set-Cookie"));
        Assert.Equal(HttpStatusCode.Forbidden, (await Ask(HttpMethod.Post, "/api/login", body: new { user = "olga", password = Password })).StatusCode);
    }

    [Fact]
    public async Task The_stream_begins_with_a_picture_then_the_history_and_goes_on_each_second()
    {
        using var response = await Ask(HttpMethod.Get, "/api/live", own: true);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Ct));
        using var first = await NextAsync(reader, null);
        Assert.Equal("db1", first.RootElement.GetProperty("primary").GetString());
        var server = first.RootElement.GetProperty("servers")[1];
        Assert.Equal((0.04, 12), (server.GetProperty("lag_seconds").GetDouble(), server.GetProperty("silent_seconds").GetDouble()));
        using var history = await NextAsync(reader, "event: history");
        Assert.True(history.RootElement.TryGetProperty("columns", out _));
        for (var samples = 0; samples < 2;)
        {
            using var next = await NextAsync(reader, null);
            if (!next.RootElement.TryGetProperty("sample", out var sample)) continue;
            samples++;
            Assert.Equal(0, sample.GetProperty("statements").GetDouble());
            Assert.Equal(40, sample.GetProperty("server.db2.lag").GetDouble());
        }
    }

    [Fact]
    public async Task The_lab_lists_its_scenarios_and_is_played_where_that_is_allowed()
    {
        var list = await (await Ask(HttpMethod.Get, "/api/lab?lang=ko")).Content.ReadAsStringAsync(Ct);
        using var told = JsonDocument.Parse(list);
        Assert.Equal(15, told.RootElement.GetProperty("scenarios").GetArrayLength());
        Assert.StartsWith("The lab is off here", told.RootElement.GetProperty("hindrance").GetString());
        Assert.Contains("내 댓글이", told.RootElement.GetProperty("scenarios")[1].GetProperty("title").GetString());
        Assert.Equal(HttpStatusCode.NotFound, (await Ask(HttpMethod.Get, "/api/lab?scenario=analysts")).StatusCode);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, (await Ask(HttpMethod.Post, "/api/control/lab?scenario=analysts")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await Ask(HttpMethod.Post, "/api/control/lab?scenario=analysts", headers: ("X-Forwarded-For", "10.0.0.9"))).StatusCode);
        Assert.Contains("asked for lab scenario=analysts", _console.Noted[^1]);
    }

    [Fact]
    public async Task A_statement_is_explained_without_being_run()
    {
        async Task<JsonElement> Explained(string query)
        {
            using var answer = JsonDocument.Parse(await (await Ask(HttpMethod.Get, "/api/explain?" + query)).Content.ReadAsStringAsync(Ct));
            return answer.RootElement.Clone();
        }
        var read = await Explained("statement=SELECT%201&level=eventual");
        Assert.True(read.GetProperty("plain_read").GetBoolean());
        Assert.Equal(3, read.GetProperty("servers").GetArrayLength());
        var write = await Explained("statement=DELETE%20FROM%20t");
        Assert.Equal("needs_primary", write.GetProperty("reason").GetString());
        Assert.Equal("db1", write.GetProperty("server").GetString());
        Assert.Equal("0-1-110", (await Explained("statement=SELECT%201&floor=now")).GetProperty("floor").GetString());
        Assert.Contains("is not a level", (await Explained("statement=SELECT%201&level=soon")).GetProperty("error").GetString());
    }

    static async Task<JsonDocument> NextAsync(StreamReader reader, string? named)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        patience.CancelAfter(TimeSpan.FromSeconds(10));
        var name = (string?)null;
        while (await reader.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.StartsWith("event:", StringComparison.Ordinal)) name = line;
            if (!line.StartsWith("data: ", StringComparison.Ordinal)) continue;
            if (name == named) return JsonDocument.Parse(line["data: ".Length..]);
            name = null;
        }
        throw new InvalidOperationException("the stream has ended");
    }
}
