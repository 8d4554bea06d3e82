using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Headwater.Lab;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Headwater.WebConsole;

/// <summary>What the console's answers are made of beside the live picture.</summary>
sealed record ConsoleSources
{
    public required Live Live { get; init; }
    public required LoginDesk Logins { get; init; }
    public required Func<EventsJson> Events { get; init; }
    public required Func<Func<string, string?>, ExplainJson> Explain { get; init; }
    public required Func<CancellationToken, Task<QuarantineJson>> Quarantine { get; init; }
    public required VerifyDesk Verify { get; init; }
    public required LabDesk Lab { get; init; }

    /// <summary>Who asked for what, for the journal.</summary>
    public required Action<string, string> Note { get; init; }
}

/// <summary>The console's own requests: its page and files, the live stream, login, and what only it asks for.</summary>
sealed class ConsoleAnswers(ConsoleSources sources, ILogger log)
{
    // Nothing from anywhere else, no script in the page, in nobody's frame.
    const string Policy = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);
    const int LongestLogin = 4096;
    // Compressed when first asked for: a gateway that nobody looks at starts without.
    readonly Lazy<WebAssets> _assets = new();
    readonly CancellationTokenSource _stopping = new();

    public bool HasUsers => sources.Logins.HasUsers;

    public Caller? Session(HttpContext context) => sources.Logins.Find(context.Request.Cookies[Requests.CookieName(context)]);

    /// <summary>Null for what is none of the console's; else its answer.</summary>
    public Task? Answer(HttpContext context, string path, string method, in Admission see) => (path, method) switch
    {
        ("/", "GET" or "HEAD") when Requests.WantsPage(context) => PageAsync(context),
        (_, "GET" or "HEAD") when path.StartsWith("/web/", StringComparison.Ordinal) => FileAsync(context, path["/web/".Length..]),
        ("/api/me", "GET") => Json(context, 200, Me(context, see), ConsoleJson.Default.MeJson),
        ("/api/login", "POST") => LoginAsync(context),
        ("/api/logout", "POST") => LogoutAsync(context),
        _ => null,
    };

    /// <summary>As <see cref="Answer"/>, for those who may see.</summary>
    public Task? AnswerSeen(HttpContext context, string path, Caller caller) => path switch
    {
        "/api/live" => LiveAsync(context),
        "/api/picture" => PictureAsync(context),
        "/api/history" => Json(context, 200, sources.Events(), ConsoleJson.Default.EventsJson),
        "/api/explain" => Json(context, 200, sources.Explain(name => context.Request.Query[name].FirstOrDefault()), ConsoleJson.Default.ExplainJson),
        "/api/verify" => Json(context, 200, sources.Verify.Last ?? new VerifyOutcome(false, ["Nothing was compared yet."], null), ConsoleJson.Default.VerifyOutcome),
        "/api/lab" => LabAsync(context),
        // Rows of tables, and not only figures about them.
        "/api/quarantine" => caller.Role == ConsoleRole.Operator || !HasUsers ? QuarantineAsync(context) : Json(context, 200, new QuarantineJson("Its rows are shown to operators.", [], []), ConsoleJson.Default.QuarantineJson),
        _ => null,
    };

    async Task PictureAsync(HttpContext context) => await Json(context, 200, await sources.Live.PictureAsync(), ConsoleJson.Default.LiveJson);

    public async Task VerifyAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var tables = (query["tables"].FirstOrDefault() ?? "").Split([',', ' '], StringSplitOptions.RemoveEmptyEntries);
        var outcome = await sources.Verify.RunAsync(tables, query["server"].FirstOrDefault() is { Length: > 0 } only ? only : null, query["dry_run"] == "true", _stopping.Token);
        await Json(context, outcome.Applied || outcome.Report is not null || context.Request.Headers.ContainsKey(Requests.OwnHeader) ? 200 : 422, outcome, ConsoleJson.Default.VerifyOutcome);
    }

    Task LabAsync(HttpContext context)
    {
        var language = context.Request.Query["lang"] == "ko" ? LabLanguage.Ko : LabLanguage.En;
        if (context.Request.Query["scenario"].FirstOrDefault() is not { } scenario) return Json(context, 200, LabListJson.Of(sources.Lab, language), ConsoleJson.Default.LabListJson);
        return sources.Lab.Last(scenario) is { } report ? Json(context, 200, LabReportJson.Of(report, language), ConsoleJson.Default.LabReportJson)
            : Plain(context, 404, "Of this there is no report.\n");
    }

    /// <summary>Begins or stops a run of the lab; it is answered at once, and how far it has come is in the live picture.</summary>
    public Task PlayAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var dryRun = query["dry_run"] == "true";
        var outcome = query["stop"] == "true" ? sources.Lab.Stop(dryRun) : sources.Lab.Run(query["scenario"].FirstOrDefault() ?? "", dryRun);
        return Json(context, outcome.Applied || context.Request.Headers.ContainsKey(Requests.OwnHeader) ? 200 : 422, outcome, ConsoleJson.Default.OutcomeJson);
    }

    /// <summary>To be called for whatever changes something, before it is done.</summary>
    public void Note(HttpContext context, Caller caller, string action)
    {
        ConsoleLog.Asked(log, caller.Name, Requests.From(context), action);
        sources.Note(action.Split(' ')[0], $"{caller.Name} from {Requests.From(context)} asked for {action}");
    }

    public void Acted() => sources.Live.Acted();

    public void Stop() => _stopping.Cancel();

    Task PageAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-cache";
        headers.Vary = "Accept";
        return SendAsync(context, _assets.Value.Page);
    }

    Task FileAsync(HttpContext context, string rest)
    {
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || _assets.Value.Find(rest[(slash + 1)..]) is not { } asset) return Plain(context, 404, "There is no such file.\n");
        // Another version's address: a page that was open while the gateway was replaced. It gets what there is, not for ever.
        context.Response.Headers.CacheControl = rest[..slash] == _assets.Value.Version ? "public, max-age=31536000, immutable" : "no-cache";
        return SendAsync(context, asset);
    }

    static async Task SendAsync(HttpContext context, WebAsset asset)
    {
        var (request, response) = (context.Request, context.Response);
        response.Headers.ETag = asset.Tag;
        if (request.Headers.IfNoneMatch.ToString().Contains(asset.Tag, StringComparison.Ordinal))
        {
            response.StatusCode = 304;
            return;
        }
        var compressed = request.Headers.AcceptEncoding.ToString().Contains("br", StringComparison.Ordinal);
        response.Headers.Append("Vary", "Accept-Encoding");
        if (compressed) response.Headers.ContentEncoding = "br";
        response.ContentType = asset.Type;
        var body = compressed ? asset.Compressed : asset.Body;
        response.ContentLength = body.Length;
        if (request.Method != "HEAD") await response.Body.WriteAsync(body);
    }

    MeJson Me(HttpContext context, in Admission see)
    {
        var may = Access.ToChange(Requests.Of(context, Session(context)) with { FromOwnPage = true }, HasUsers);
        return new MeJson(Session(context)?.Name, may.Caller is null ? "viewer" : "operator", see.Caller is null, Session(context) is not null, may.Caller is null ? may.Why : null);
    }

    async Task LoginAsync(HttpContext context)
    {
        var facts = Requests.Of(context, null);
        if (!facts.FromOwnPage)
        {
            await Plain(context, 403, "This may not be asked for but by the console's own page.\n");
            return;
        }
        LoginJson? asked = null;
        try
        {
            if (context.Request.ContentLength is > 0 and <= LongestLogin) asked = await JsonSerializer.DeserializeAsync(context.Request.Body, ConsoleJson.Default.LoginJson, context.RequestAborted);
        }
        catch (JsonException)
        {
            // Refused below.
        }
        if (asked is not { User: { } name, Password: { } password })
        {
            await Plain(context, 400, "A body of {\"user\": …, \"password\": …} is needed.\n");
            return;
        }
        var outcome = await sources.Logins.LoginAsync(name, password, Requests.From(context), context.RequestAborted);
        if (outcome is { Cookie: { } cookie, Caller: { } caller })
        {
            ConsoleLog.LoggedIn(log, caller.Name, Requests.From(context), caller.Role);
            context.Response.Cookies.Append(Requests.CookieName(context), cookie, Cookie(context));
            await Json(context, 200, new MeJson(caller.Name, caller.Role == ConsoleRole.Operator ? "operator" : "viewer", false, true), ConsoleJson.Default.MeJson);
            return;
        }
        ConsoleLog.LoginRefused(log, name.Length > 64 ? name[..64] : name, Requests.From(context), outcome.Why);
        await Json(context, outcome.Status, new MeJson(null, "viewer", true, false, outcome.Why), ConsoleJson.Default.MeJson);
    }

    Task LogoutAsync(HttpContext context)
    {
        if (!Requests.Of(context, null).FromOwnPage) return Plain(context, 403, "This may not be asked for but by the console's own page.\n");
        sources.Logins.Logout(context.Request.Cookies[Requests.CookieName(context)]);
        context.Response.Cookies.Delete(Requests.CookieName(context), Cookie(context));
        return Json(context, 200, new MeJson(null, "viewer", HasUsers, false), ConsoleJson.Default.MeJson);
    }

    static CookieOptions Cookie(HttpContext context) => new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Secure = Requests.IsSecure(context), Path = "/", IsEssential = true };

    async Task LiveAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate) rate.MinDataRate = null;
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        context.Response.ContentType = "text/event-stream";
        if (context.Request.Method == "HEAD") return;
        var pictures = sources.Live.Watch(out var leave);
        var (ct, body) = (context.RequestAborted, context.Response.Body);
        try
        {
            await body.WriteAsync(await pictures.ReadAsync(ct), ct);
            await body.WriteAsync(Encoding.UTF8.GetBytes($"event: history\ndata: {sources.Live.History.ToJson()}\n\n"), ct);
            while (true)
            {
                // Whoever is logged in no more sees no more.
                if (Access.ToSee(Requests.Of(context, Session(context)), HasUsers).Caller is null) return;
                await body.WriteAsync(await pictures.ReadAsync(ct).AsTask().WaitAsync(Heartbeat, ct), ct);
            }
        }
        catch (Exception end) when (end is OperationCanceledException or IOException or TimeoutException or System.Threading.Channels.ChannelClosedException)
        {
            // It has hung up, or this process ends; a page asks again by itself.
        }
        finally
        {
            leave();
        }
    }

    async Task QuarantineAsync(HttpContext context) => await Json(context, 200, await sources.Quarantine(context.RequestAborted), ConsoleJson.Default.QuarantineJson);

    static Task Plain(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text)).AsTask();
    }

    static Task Json<T>(HttpContext context, int status, T value, JsonTypeInfo<T> type)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(value, type)).AsTask();
    }
}
