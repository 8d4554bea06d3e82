using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Headwater.Gateway;

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
    public FeedAnswers? Feed { get; init; }
}

/// <summary>Which request gets which answer.</summary>
sealed class HttpAnswers(HttpSources sources, bool onLoopback, ILogger log)
{
    const string Index = """
        Headwater
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
        POST /api/control/switchover?to=SERVER&dry_run=true, …/failover?accept_loss=true&dry_run=true, …/maintenance?server=SERVER&on=true, …/pause, …/resume, …/audit?apply=true, …/recover?server=SERVER&dry_run=true, …/rebuild?server=SERVER&from=SERVER&dry_run=true&overwrite=true, …/add-replica?address=HOST:PORT&name=NAME  (from this machine)
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
        var path = context.Request.Path.Value ?? "";
        var method = context.Request.Method;
        if (path == "/api/reload") return method == "POST" ? ReloadAsync(context) : Refuse(context, "POST");
        if (path.StartsWith("/api/control/", StringComparison.Ordinal)) return method == "POST" ? ControlAsync(context, path["/api/control/".Length..]) : Refuse(context, "POST");
        if (method is not ("GET" or "HEAD")) return Refuse(context, "GET, HEAD");
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
            case "/api/feed" when sources.Feed is { } feed: return feed.AnswerAsync(context);
            case "/api/feed": return Text(context, 404, "The log is not followed here: feed.enabled is false.\n");
            case "/api/alerts": return Json(context, 200, sources.Alerts(), ApiJson.Default.AlertsJson);
            case "/api/read_audit": return Json(context, 200, sources.ReadAudit(), ApiJson.Default.ReadAuditJson);
            case "/api/digests": return Json(context, 200, sources.Digests(), ApiJson.Default.IReadOnlyListDigestSummary);
            default: return Text(context, 404, $"Nothing is here. What there is:\n\n{Index}");
        }
    }

    /// <summary>
    /// Only from this machine, and not by a web page that happens to be open on it: browsers send Origin or Sec-Fetch-Site with
    /// what a page makes them send, and they cannot be made to leave both out.
    /// </summary>
    static string? WhyNotChange(HttpContext context) =>
        context.Connection.RemoteIpAddress is not { } remote || !IPAddress.IsLoopback(remote) ? "This may be asked for from this machine only.\n"
        : context.Request.Headers.Origin.Count > 0 || context.Request.Headers.ContainsKey("Sec-Fetch-Site") ? "This may not be asked for by a web page.\n"
        : null;

    async Task ControlAsync(HttpContext context, string action)
    {
        if (WhyNotChange(context) is { } refusal) await Text(context, 403, refusal);
        else if (sources.Control is null) await Json(context, 422, new OutcomeJson(false, ["Nobody controls here: control.mode is off."]), ApiJson.Default.OutcomeJson);
        else if (action == "audit") await Json(context, 200, await sources.Control.AuditAsync(context.Request.Query["apply"] == "true", context.RequestAborted), ApiJson.Default.AuditJson);
        else if (action == "recover") await Json(context, 200, await sources.Control.RecoverAsync(name => context.Request.Query[name].FirstOrDefault()), ApiJson.Default.RecoverJson);
        else if (action is "rebuild" or "add-replica") await Json(context, 200, await sources.Control.RebuildAsync(action, name => context.Request.Query[name].FirstOrDefault()), ApiJson.Default.RebuildJson);
        else if (await sources.Control.DoAsync(action, name => context.Request.Query[name].FirstOrDefault(), context.RequestAborted) is { } outcome)
            await Json(context, outcome.Applied ? 200 : 422, outcome, ApiJson.Default.OutcomeJson);
        else await Text(context, 404, $"Nothing is here. What there is:\n\n{Index}");
    }

    Task ReloadAsync(HttpContext context)
    {
        if (WhyNotChange(context) is { } refusal) return Text(context, 403, refusal);
        var outcome = sources.Reload();
        return Json(context, outcome.Applied ? 200 : 422, outcome, ApiJson.Default.OutcomeJson);
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
