using System.Globalization;
using System.Net;

namespace Headwater.WebConsole;

/// <summary>What a request says of itself, for <see cref="Access"/> and the journal.</summary>
static class Requests
{
    /// <summary>Set by our own pages on whatever changes something: a form cannot, and a foreign page's script would have to ask first.</summary>
    public const string OwnHeader = "X-Headwater";

    static readonly string[] PassedOn = ["X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via"];

    public static RequestFacts Of(HttpContext context, Caller? session)
    {
        var headers = context.Request.Headers;
        var isLocal = context.Connection.RemoteIpAddress is { } remote && IPAddress.IsLoopback(remote) && !PassedOn.Any(headers.ContainsKey);
        var (origin, site) = (headers.Origin.ToString(), headers["Sec-Fetch-Site"].ToString());
        var fromBrowser = headers.Origin.Count > 0 || headers.ContainsKey("Sec-Fetch-Site");
        var own = Uri.TryCreate(origin, UriKind.Absolute, out var page) && page.Authority == context.Request.Host.Value && site is "" or "same-origin" && page is not null && headers.ContainsKey(OwnHeader);
        var host = context.Request.Host.Host.Trim('[', ']');
        return new RequestFacts(isLocal, fromBrowser, own, host == "localhost" || IPAddress.TryParse(host, out _), session);
    }

    /// <summary>Cookies know no ports, and two gateways on one host are two.</summary>
    public static string CookieName(HttpContext context) => string.Create(CultureInfo.InvariantCulture, $"headwater_{context.Connection.LocalPort}");

    public static bool IsSecure(HttpContext context) => context.Request.IsHttps || context.Request.Headers["X-Forwarded-Proto"] == "https";

    public static string From(HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? "?";

    /// <summary>A page, for whoever shows pages; others get text.</summary>
    public static bool WantsPage(HttpContext context) => context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
}
