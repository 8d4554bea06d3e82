using System.Diagnostics;
using System.Text;
using Headwater.Gateway.Backends;

namespace Headwater.Gateway.Sessions;

/// <summary>
/// A statement as a span, for whoever listens to the source <c>Headwater.Gateway</c>, under the trace that the client names: a W3C
/// traceparent in a comment (<c>/* traceparent='00-…' */</c>, as sqlcommenter writes it) or in a connection attribute.
/// A session without one has a trace of its own. Source: https://www.w3.org/TR/trace-context/#traceparent-header .
/// </summary>
internal static class StatementTrace
{
    public static readonly ActivitySource Source = new("Headwater.Gateway");
    const int Length = 55, LookWithin = 16 * 1024;

    /// <summary>The first traceparent in a statement's text; false when there is none that can be read.</summary>
    public static bool TryFind(ReadOnlySpan<byte> text, out ActivityContext context)
    {
        context = default;
        text = text[..Math.Min(text.Length, LookWithin)];
        var at = text.IndexOf("traceparent"u8);
        if (at < 0) return false;
        text = text[(at + "traceparent"u8.Length)..];
        var start = text.IndexOfAnyExcept(" ='\":\t"u8);
        return start >= 0 && text.Length >= start + Length
            && ActivityContext.TryParse(Encoding.ASCII.GetString(text.Slice(start, Length)), null, isRemote: true, out context);
    }

    public static void Record(ClientSession session, Backend backend, long ticks, bool failed)
    {
        var parent = session.TraceOf(session.Request.Payload);
        using var activity = Source.StartActivity(
            session.Facts.Kind.ToString(), ActivityKind.Server, parent, startTime: DateTimeOffset.UtcNow - Stopwatch.GetElapsedTime(0, ticks));
        if (activity is null) return;
        activity.SetTag("db.system.name", "mariadb").SetTag("db.query.summary", session.Facts.Digest).SetTag("server.address", backend.Server.Id.Name)
            .SetTag("headwater.session", session.Id).SetTag("headwater.route", session.ReasonOf(backend).ToString()).SetTag("headwater.level", session.Level.ToString())
            .SetTag("headwater.position", backend.Server.Timeline.Applied.ToString());
        if (failed) activity.SetStatus(ActivityStatusCode.Error);
    }
}
