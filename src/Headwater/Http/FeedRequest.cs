using System.Globalization;
using Headwater.Configuration;
using Headwater.Core.Consumers;
using Headwater.Streams.Consumers;

namespace Headwater.Http;

/// <summary>What a reader of the feed asks for.</summary>
sealed record FeedRequest(FeedBegin Begin, TablePatterns Tables, FeedFormat Format, long? Count, bool AsEvents)
{
    /// <summary>Null, and why, when it is not understood.</summary>
    public static FeedRequest? Parse(HttpRequest asked, out string problem)
    {
        problem = "";
        var begin = new FeedBegin(BeginKind.Now);
        // What a browser, or whoever follows its rules, had when the connection broke is newer than what the address says.
        var last = asked.Headers["Last-Event-ID"].FirstOrDefault();
        if ((string.IsNullOrEmpty(last) ? asked.Query["from"].FirstOrDefault() : last) is { } from && !FeedBegin.TryParse(from, out begin))
            problem = $"from: found \"{from}\"; allowed: {FeedBegin.Allowed}";
        var format = FeedFormat.Json;
        if (asked.Query["format"].FirstOrDefault() is { } written && !Notations.Choice(Enum.GetValues<FeedFormat>()).Read(written, out format))
            problem = $"format: found \"{written}\"; allowed: json, text, sql";
        long? count = null;
        if (asked.Query["count"].FirstOrDefault() is { } number)
        {
            if (long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var most) && most > 0) count = most;
            else problem = $"count: found \"{number}\"; allowed: a whole number from 1";
        }
        var lines = asked.Headers.Accept.Any(static accept => accept is not null && accept.Contains("application/x-ndjson", StringComparison.OrdinalIgnoreCase));
        if (lines && format != FeedFormat.Json) problem = "format: only json comes as application/x-ndjson";
        return problem.Length > 0 ? null : new FeedRequest(begin, new TablePatterns(asked.Query["table"].OfType<string>().Where(static pattern => pattern.Length > 0)), format, count, !lines);
    }
}
