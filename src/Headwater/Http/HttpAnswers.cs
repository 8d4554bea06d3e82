using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Headwater.Gateway;
using Headwater.WebConsole;

namespace Headwater.Http;

/// <summary>What the answers are made of; functions, so that this side knows neither the gateway nor the configuration.</summary>
sealed record HttpSources
{
    public required Func<Readiness> Readiness { get; init; }
    public required Func<StatusJson> Status { get; init; }
    public required Action<PrometheusText> Metrics { get; init; }

    public required Func<IReadOnlyList<SessionFigures>> Sessions { get; init; }
    public required Func<StatsJson> Stats { get; init; }
    public required Func<AlertsJson> Alerts { get; init; }
    public required Func<ReadAuditJson> ReadAudit { get; init; }
    public required Func<IReadOnlyList<DigestSummary>> Digests { get; init; }
    public required Func<OutcomeJson> Reload { get; init; }

    /// <summary>Null where there is no controller.</summary>
    public ControlAnswers? Control { get; init; }

    /// <summary>Null where the log is not followed.</summary>
    public Func<FeedAnswers?> Feed { get; init; } = static () => null;

    /// <summary>The web console; null where there is only the API.</summary>
    public ConsoleAnswers? Console { get; init; }
}

/// <summary>Which request gets which answer.</summary>
sealed class HttpAnswers(HttpSources sources, bool onLoopback, ILogger log)
{
    const string Index = """
        Headwater
        /               in a browser: the console
        /metrics        Prometheus text
        /healthz        200 while the process lives
        /readyz         200 while sessions can be served, else 503 and why
        /api/status     cluster, servers, listeners
        /api/servers    servers with role, health, lag, position
        /api/sessions   sessions: user, level, backend held and why
        /api/stats      counters by level, reason, server
        /api/digests    statements by digest
        /api/alerts     what is amiss, and by which rules
        /api/read_audit reads that were looked at again, violations first
        /api/feed       every change as it is committed: ?from=now|oldest|snapshot|POSITION&table=PATTERN&format=json|text|sql&count=N, as server-sent events or application/x-ndjson
        /api/control    what the controller remembers and finds
        /api/picture    what the console shows now: what needs attention, servers, promise
        /api/live       what the console shows, each second, as server-sent events
        /api/history    changes of primary as timelines, the journal's newest entries, views
        /api/explain    where a statement would go and why, without running it: ?statement=…&level=…&schema=…&floor=now|POSITION
        /api/verify     the last comparison of replicas with their primary
        /api/lab        the lab's scenarios, and with ?scenario=NAME the last report of one; &lang=en|ko
        /api/quarantine rows of recovered tails that were not applied
        POST /api/control/switchover?to=SERVER&dry_run=true, …/failover?accept_loss=true&dry_run=true, …/maintenance?server=SERVER&on=true, …/pause, …/resume, …/audit?apply=true, …/recover?server=SERVER&dry_run=true, …/rebuild?server=SERVER&from=SERVER&dry_run=true&overwrite=true, …/verify?server=SERVER&tables=schema.table&dry_run=true, …/add-replica?address=HOST:PORT&name=NAME, …/lab?scenario=NAME&stop=true&dry_run=true  (from this machine)
        POST /api/reload  (from this machine) applies the changed configuration file

        """;

    public async Task AnswerAsync(HttpContext context)
    {
        try
        {
            context.Response.Headers.CacheControl = "no-store";
            context.Response.Headers.XContentTypeOptions = "nosniff";
            if (IsForeign(context)) await Text(context, 403, "Ask by address or as localhost: this endpoint is for this machine only.\n");
            else await RouteAsync(context);
        }
        catch (Exception trouble) when (trouble is not OperationCanceledException && !context.Response.HasStarted)
        {
            HttpLog.Failed(log, context.Request.Path, trouble);
            await Text(context, 500, "This answer could not be made; the log says why.\n");
        }
    }

    Task RouteAsync(HttpContext context)
    {
        var (path, method, console) = (context.Request.Path.Value ?? "", context.Request.Method, sources.Console);
        var facts = Requests.Of(context, console?.Session(context));
        var see = Access.ToSee(in facts, console?.HasUsers == true);
        if (console?.Answer(context, path, method, in see) is { } answer) return answer;
        if (path == "/api/reload" || path.StartsWith("/api/control/", StringComparison.Ordinal))
        {
            if (method != "POST") return Refuse(context, "POST");
            var change = Access.ToChange(in facts, console?.HasUsers == true);
            // To look at settings, or at what would be done, changes nothing.
            if (change.Caller is null && facts is { Session: not null } and not { FromBrowser: true, FromOwnPage: false } && IsHarmless(context, path)) change = see;
            return change.Caller is { } caller ? ChangeAsync(context, path, caller) : Text(context, change.Status, change.Why + "\n");
        }
        if (method is not ("GET" or "HEAD")) return Refuse(context, "GET, HEAD");
        if (see.Caller is null && path.StartsWith("/api/", StringComparison.Ordinal)) return Text(context, see.Status, see.Why + "\n");
        if (see.Caller is { } onlooker && console?.AnswerSeen(context, path, onlooker) is { } seen) return seen;
        switch (path)
        {
            case "/": return Text(context, 200, Index);
            case "/healthz": return Text(context, 200, "alive\n");
            case "/readyz":
                var readiness = sources.Readiness();
                return Text(context, readiness.Ready ? 200 : 503, readiness.Sentence + "\n");
            case "/metrics":
                var metrics = new PrometheusText();
                sources.Metrics(metrics);
                return Text(context, 200, metrics.ToString(), PrometheusText.ContentType);
            case "/api/status": return Json(context, 200, sources.Status(), ApiJson.Default.StatusJson);
            case "/api/servers": return Json(context, 200, sources.Status().Servers, ApiJson.Default.IReadOnlyListServerJson);
            case "/api/sessions": return Json(context, 200, sources.Sessions(), ApiJson.Default.IReadOnlyListSessionFigures);
            case "/api/stats": return Json(context, 200, sources.Stats(), ApiJson.Default.StatsJson);
            case "/api/control" when sources.Control is { } control: return Json(context, 200, control.Now(), ApiJson.Default.ControlJson);
            case "/api/feed" when sources.Feed() is { } feed: return feed.AnswerAsync(context);
            case "/api/feed": return Text(context, 404, "The log is not followed here: feed.enabled is false.\n");
            case "/api/alerts": return Json(context, 200, sources.Alerts(), ApiJson.Default.AlertsJson);
            case "/api/read_audit": return Json(context, 200, sources.ReadAudit(), ApiJson.Default.ReadAuditJson);
            case "/api/digests": return Json(context, 200, sources.Digests(), ApiJson.Default.IReadOnlyListDigestSummary);
            default: return Text(context, 404, $"Nothing is here. What there is:\n\n{Index}");
        }
    }

    static readonly OutcomeJson NobodyControls = new(false, ["Nobody controls here: control.mode is off."]);

    // To a browser a refusal is an error of its own, told on its console; the page shows what the answer says.
    static int StatusOf(HttpContext context, OutcomeJson outcome) => outcome.Applied || context.Request.Headers.ContainsKey(Requests.OwnHeader) ? 200 : 422;

    /// <summary>It only asks what would be done, or how the servers are set.</summary>
    static bool IsHarmless(HttpContext context, string path) => path switch
    {
        "/api/control/audit" => context.Request.Query["apply"] != "true",
        "/api/reload" => false,
        _ => context.Request.Query["dry_run"] == "true",
    };

    async Task ChangeAsync(HttpContext context, string path, Caller caller)
    {
        var harmless = IsHarmless(context, path);
        if (!harmless) sources.Console?.Note(context, caller, $"{path[(path.LastIndexOf('/') + 1)..]} {Uri.UnescapeDataString(context.Request.QueryString.Value?.TrimStart('?') ?? "")}".TrimEnd());
        if (path == "/api/reload") await ReloadAsync(context);
        else await ControlAsync(context, path["/api/control/".Length..]);
        if (!harmless) sources.Console?.Acted();
    }

    async Task ControlAsync(HttpContext context, string action)
    {
        if (action == "verify" && sources.Console is { } console) await console.VerifyAsync(context);
        else if (action == "lab" && sources.Console is { } stage) await stage.PlayAsync(context);
        else if (sources.Control is null) await Json(context, StatusOf(context, NobodyControls), NobodyControls, ApiJson.Default.OutcomeJson);
        else if (action == "audit") await Json(context, 200, await sources.Control.AuditAsync(context.Request.Query["apply"] == "true", context.RequestAborted), ApiJson.Default.AuditJson);
        else if (action == "recover") await Json(context, 200, await sources.Control.RecoverAsync(name => context.Request.Query[name].FirstOrDefault()), ApiJson.Default.RecoverJson);
        else if (action is "rebuild" or "add-replica") await Json(context, 200, await sources.Control.RebuildAsync(action, name => context.Request.Query[name].FirstOrDefault()), ApiJson.Default.RebuildJson);
        else if (await sources.Control.DoAsync(action, name => context.Request.Query[name].FirstOrDefault(), context.RequestAborted) is { } outcome)
            await Json(context, StatusOf(context, outcome), outcome, ApiJson.Default.OutcomeJson);
        else await Text(context, 404, $"Nothing is here. What there is:\n\n{Index}");
    }

    Task ReloadAsync(HttpContext context)
    {
        var outcome = sources.Reload();
        return Json(context, StatusOf(context, outcome), outcome, ApiJson.Default.OutcomeJson);
    }

    /// <summary>
    /// On a loopback address a name in Host means that somebody let a name of theirs point at 127.0.0.1, to read our answers
    /// from a page of theirs (DNS rebinding).
    /// </summary>
    bool IsForeign(HttpContext context)
    {
        if (!onLoopback) return false;
        var host = context.Request.Host.Host.Trim('[', ']');
        return host.Length > 0 && host != "localhost" && !IPAddress.TryParse(host, out _);
    }

    static Task Refuse(HttpContext context, string allowed)
    {
        context.Response.Headers.Allow = allowed;
        return Text(context, 405, $"Allowed here: {allowed}.\n");
    }

    static Task Text(HttpContext context, int status, string text, string type = "text/plain; charset=utf-8") =>
        Bytes(context, status, System.Text.Encoding.UTF8.GetBytes(text), type);

    static Task Json<T>(HttpContext context, int status, T value, JsonTypeInfo<T> type) =>
        Bytes(context, status, JsonSerializer.SerializeToUtf8Bytes(value, type), "application/json");

    static Task Bytes(HttpContext context, int status, byte[] body, string type)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        return context.Request.Method == "HEAD" ? Task.CompletedTask : context.Response.Body.WriteAsync(body).AsTask();
    }
}

static partial class HttpLog
{
    [LoggerMessage(3000, LogLevel.Error, "the answer to {Path} could not be made")]
    public static partial void Failed(ILogger log, string path, Exception trouble);
}
