using Microsoft.Extensions.Logging;

namespace Headwater.Streams;

/// <summary>All that Streams says, with stable numbers.</summary>
static partial class Log
{
    [LoggerMessage(4000, LogLevel.Information, "the log: {Sentence}")]
    public static partial void Follows(ILogger log, string sentence);

    [LoggerMessage(4001, LogLevel.Warning, "the log of {Source} does not come: {Sentence}")]
    public static partial void DoesNotFollow(ILogger log, string source, string sentence);

    [LoggerMessage(4002, LogLevel.Warning, "{Count} transactions were cut off behind {Position}, for the history of {Source} does not have them: {Reason}")]
    public static partial void CutBack(ILogger log, int count, string position, string source, string reason);

    [LoggerMessage(4003, LogLevel.Error, "the store of the log starts anew with what {Source} has now, for it stood at {Position} and what follows is gone: {Reason}")]
    public static partial void StartsAnew(ILogger log, string source, string position, string reason);

    [LoggerMessage(4004, LogLevel.Warning, "what has changed in the tables is gathered anew: {Reason}")]
    public static partial void FoldBegins(ILogger log, string reason);

    [LoggerMessage(4005, LogLevel.Warning, "connection {Thread} to the witness sent what is no packet of the protocol, and is closed: {Reason}")]
    public static partial void Malformed(ILogger log, uint thread, string reason);

    [LoggerMessage(4009, LogLevel.Warning, "the witness cannot take another connection: {Reason}")]
    public static partial void CannotAccept(ILogger log, string reason);

    [LoggerMessage(4006, LogLevel.Information, "connection {Thread} is given the log behind {Position}")]
    public static partial void Dumps(ILogger log, uint thread, string position);

    [LoggerMessage(4007, LogLevel.Information, "sink {Sink}: {Sentence}")]
    public static partial void SinkRuns(ILogger log, string sink, string sentence);

    [LoggerMessage(4008, LogLevel.Warning, "sink {Sink} stands still and is tried again: {Sentence}")]
    public static partial void SinkFails(ILogger log, string sink, string sentence);
}
