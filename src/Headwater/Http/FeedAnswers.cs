using System.Text;
using System.Text.Json;
using Headwater.Core.Consumers;
using Headwater.Streams.Consumers;
using Headwater.Wire.MySql.Binlog;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Headwater.Http;

/// <summary>Why the feed cannot be read, or not on.</summary>
/// <param name="Error">purged, diverged, behind, snapshot, or damaged.</param>
sealed record FeedErrorJson(string Error, string Sentence, string? Begin, string End);

/// <summary>
/// GET /api/feed: the changes as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), whose id is the place to go on from, or as lines
/// of JSON. Each reader reads the store at its own pace: what it is slow to take stays on the disk, and nothing is kept for it in memory.
/// </summary>
sealed class FeedAnswers(FeedSource source, TimeProvider time)
{
    const int MostUnsent = 64 << 10;
    static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(5);

    public async Task AnswerAsync(HttpContext context)
    {
        if (FeedRequest.Parse(context.Request, out var problem) is not { } asked)
        {
            await RefuseAsync(context, 400, new FeedErrorJson("request", problem, null, source.Store.End.Position.ToString()));
            return;
        }
        // Whoever takes nothing for an hour still gets all of it afterwards.
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate) rate.MinDataRate = null;
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        context.Response.ContentType = asked.AsEvents ? "text/event-stream" : "application/x-ndjson";
        try
        {
            if (context.Request.Method == "HEAD") return;
            await StreamAsync(context, asked, context.RequestAborted);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // It has hung up.
        }
        catch (Exception trouble) when (trouble is BinlogException or SnapshotException)
        {
            await TellAsync(context, asked, trouble);
        }
    }

    async Task StreamAsync(HttpContext context, FeedRequest asked, CancellationToken ct)
    {
        var writer = new FeedWriter(context.Response, asked);
        FeedPlace place;
        if (asked.Begin.Kind == BeginKind.Snapshot)
        {
            place = default;
            var copied = new CopiedSoFar(time);
            await foreach (var row in source.SnapshotAsync(asked.Tables, ct, copied.Begin))
            {
                if (row.Kind == ChangeKind.Snapshot && copied.Add() is { } shown) writer.Show(shown);
                writer.Add(row);
                place = row.Place;
                if (writer.IsFull) break;
                if (writer.Unsent >= MostUnsent) await writer.SendAsync(ct);
            }
            await writer.SendAsync(ct);
            if (writer.IsFull) return;
        }
        else
        {
            var begins = source.PlaceOfAsync(asked.Begin, ct);
            while (!begins.IsCompleted && await IsLateAsync(begins, ct)) await writer.BeatAsync(null, ct);
            place = await begins;
        }
        using var reader = source.Read(asked.Tables, place);
        // The headers go out at once: who asked knows that it is heard, and from where.
        await writer.BeatAsync(reader.Place, ct);
        while (true)
        {
            if (reader.TryNext() is { } change)
            {
                writer.Add(change);
                if (writer.IsFull) break;
                if (writer.Unsent >= MostUnsent) await writer.SendAsync(ct);
                continue;
            }
            await writer.SendAsync(ct);
            var moved = reader.MovedAsync(ct);
            while (!moved.IsCompleted && await IsLateAsync(moved, ct)) await writer.BeatAsync(reader.Place, ct);
            await moved;
        }
        await writer.SendAsync(ct);
    }

    /// <summary>True when it has not ended within a heartbeat.</summary>
    async Task<bool> IsLateAsync(Task awaited, CancellationToken ct)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var late = Task.Delay(Heartbeat, time, enough.Token);
        var first = await Task.WhenAny(awaited, late);
        await enough.CancelAsync();
        ct.ThrowIfCancellationRequested();
        return first == late;
    }

    async Task TellAsync(HttpContext context, FeedRequest asked, Exception trouble)
    {
        var (status, error, what) = trouble is not BinlogException log ? (503, "snapshot", "") : log.Trouble switch
        {
            BinlogTrouble.Purged => (410, "purged", " Begin anew with from=snapshot, or from=oldest if you can do without what lies between; feed.retain says how much is kept."),
            BinlogTrouble.Diverged => (409, "diverged", " What you have of it beyond was lost with a primary: take it back, and go on from the last position that both have."),
            BinlogTrouble.Behind => (416, "behind", " It is another cluster's position, or the copy of the log has not come that far yet: try again."),
            _ => (500, "damaged", ""),
        };
        var body = new FeedErrorJson(error, trouble.Message + what, source.Store.Begin?.ToString(), source.Store.End.Position.ToString());
        if (!context.Response.HasStarted)
        {
            await RefuseAsync(context, status, body);
            return;
        }
        var json = JsonSerializer.Serialize(body, FeedAnswersJson.Default.FeedErrorJson);
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(asked.AsEvents ? $"event: error\ndata: {json}\n\n" : json + "\n"));
    }

    static async Task RefuseAsync(HttpContext context, int status, FeedErrorJson error)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(error, FeedAnswersJson.Default.FeedErrorJson));
    }
}

[System.Text.Json.Serialization.JsonSourceGenerationOptions(PropertyNamingPolicy = System.Text.Json.Serialization.JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)]
[System.Text.Json.Serialization.JsonSerializable(typeof(FeedErrorJson))]
[System.Text.Json.Serialization.JsonSerializable(typeof(CopiedJson))]
sealed partial class FeedAnswersJson : System.Text.Json.Serialization.JsonSerializerContext;
