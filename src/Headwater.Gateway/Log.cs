using Headwater.Core.Routing;
using Microsoft.Extensions.Logging;

namespace Headwater.Gateway;

/// <summary>What the gateway writes to the log; event ids are stable. No statement text, only digests: literals may be secrets.</summary>
internal static partial class Log
{
    [LoggerMessage(100, LogLevel.Information, "listening on {Address}")]
    public static partial void Listening(ILogger log, string address);

    [LoggerMessage(101, LogLevel.Error, "a fault on a reactor thread; the connection concerned may hang until it is closed")]
    public static partial void ReactorFault(ILogger log, Exception fault);

    [LoggerMessage(102, LogLevel.Error, "a fault in session {Session}, which is ended")]
    public static partial void SessionFault(ILogger log, uint session, Exception fault);

    [LoggerMessage(104, LogLevel.Information, "TLS with a client at {Host} failed: {Fault}")]
    public static partial void TlsFailed(ILogger log, string host, string fault);

    [LoggerMessage(105, LogLevel.Error, "a read was answered WRONGLY: {Sentence}. Statement: {Digest}; level {Level}, {Reason} (trace {TraceId})")]
    public static partial void ReadViolated(ILogger log, string sentence, string digest, string level, RouteReason reason, string traceId);

    [LoggerMessage(103, LogLevel.Warning, "slow statement of session {Session} ({User}) on {Server}: {Milliseconds} ms: {Digest} (trace {TraceId})")]
    public static partial void SlowStatement(ILogger log, uint session, string user, string server, long milliseconds, string digest, string traceId);
}
