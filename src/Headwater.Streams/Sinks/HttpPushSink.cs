using System.Buffers;
using System.Net.Http.Headers;
using System.Text.Json;
using Headwater.Core.Consumers;

namespace Headwater.Streams.Sinks;

/// <summary>
/// HTTP push: CloudEvents 1.0 as JSON, one request after the other, in order; an answer from 200 to 299 means that all in it are safe. Nothing else is taken for
/// that, a redirect neither. Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md .
/// </summary>
sealed class HttpPushSink(SinkOptions options) : ISink
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false }) { Timeout = Patience };

    // There is no asking without sending.
    public Task OpenAsync(CancellationToken ct) => Task.CompletedTask;

    public async Task SendAsync(IReadOnlyList<ChangeRecord> batch, CancellationToken ct)
    {
        if (options.Format == PushFormat.Batch)
        {
            await PostAsync(BodyOf(batch), "application/cloudevents-batch+json", ct);
            return;
        }
        for (var i = 0; i < batch.Count; i++)
            try
            {
                await PostAsync(Written(json => Event(json, batch[i])), "application/cloudevents+json", ct);
            }
            catch (SinkException refused)
            {
                throw new SinkException(refused.Message, refused, confirmed: i);
            }
    }

    async Task PostAsync(ReadOnlyMemory<byte> body, string type, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, options.Url) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(type) { CharSet = "utf-8" };
        try
        {
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ct);
            if (!response.IsSuccessStatusCode) throw new SinkException($"{options.Url.Host}:{options.Url.Port} answers with {(int)response.StatusCode} {response.ReasonPhrase}");
        }
        catch (HttpRequestException trouble)
        {
            throw new SinkException($"{options.Url.Host}:{options.Url.Port} cannot be reached: {trouble.Message}", trouble);
        }
        catch (TaskCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new SinkException($"{options.Url.Host}:{options.Url.Port} has not answered within {Patience.TotalSeconds:0} s");
        }
    }

    static ReadOnlyMemory<byte> BodyOf(IReadOnlyList<ChangeRecord> batch) => Written(json =>
    {
        json.WriteStartArray();
        foreach (var change in batch) Event(json, change);
        json.WriteEndArray();
    });

    static ReadOnlyMemory<byte> Written(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(buffer, ChangeJson.Options)) write(json);
        return buffer.WrittenMemory;
    }

    static void Event(Utf8JsonWriter json, ChangeRecord change)
    {
        json.WriteStartObject();
        json.WriteString("specversion", "1.0");
        json.WriteString("id", change.Id);
        json.WriteString("source", $"/headwater/{change.Cluster}");
        json.WriteString("type", $"headwater.change.{ChangeJson.KindOf(change.Kind)}");
        if (change.Table is { } table) json.WriteString("subject", $"{change.Schema}.{table}");
        else if (change.Schema.Length > 0) json.WriteString("subject", change.Schema);
        if (change.Gtid is not null) json.WriteString("time", ChangeJson.TimeOf(change));
        json.WriteString("datacontenttype", "application/json");
        json.WritePropertyName("data");
        ChangeJson.Write(json, change);
        json.WriteEndObject();
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }
}
