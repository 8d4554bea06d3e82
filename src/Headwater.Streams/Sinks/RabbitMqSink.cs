using System.Text;
using Headwater.Core.Consumers;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Headwater.Streams.Sinks;

/// <summary>
/// RabbitMQ: a durable topic exchange, and a durable quorum queue or stream bound to all of it. One channel publishes in order, with confirms; a change is handed on
/// when the broker has it on its disk. Messages are mandatory: what no queue would take is a failure, not lost. After any failure all behind the last confirmed batch
/// is published again by a new connection, in order: of one key, changes come in order, and repeated ones only from where it broke.
/// </summary>
sealed class RabbitMqSink(SinkOptions options) : ISink
{
    // AMQP's short strings.
    const int LongestRoutingKey = 255;
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(15), LongestClose = TimeSpan.FromSeconds(2);
    readonly Confirms _confirms = new();
    IConnection? _connection;
    IChannel? _channel;
    // A channel numbers what is published on it from 1.
    ulong _next = 1;

    public async Task OpenAsync(CancellationToken ct)
    {
        try
        {
            var factory = new ConnectionFactory
            {
                Uri = options.Url,
                ClientProvidedName = $"headwater sink {options.Name}",
                // Who begins anew has to know that it does: what was under way is published again by us.
                AutomaticRecoveryEnabled = false,
                TopologyRecoveryEnabled = false,
                RequestedHeartbeat = TimeSpan.FromSeconds(10),
                RequestedConnectionTimeout = TimeSpan.FromSeconds(10),
            };
            _connection = await factory.CreateConnectionAsync(ct);
            _channel = await _connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: false), ct);
            _channel.BasicAcksAsync += (_, ack) => Told(() => _confirms.Ack(ack.DeliveryTag, ack.Multiple));
            _channel.BasicNacksAsync += (_, nack) => Told(() => _confirms.Fail("the broker refused a message (nack)"));
            _channel.BasicReturnAsync += (_, returned) => Told(() => _confirms.Fail($"no queue takes what is published to exchange {returned.Exchange} with routing key {returned.RoutingKey}: {returned.ReplyText}"));
            _channel.ChannelShutdownAsync += (_, end) => Told(() => _confirms.Fail($"the channel was closed: {end.ReplyText}"));
            await _channel.ExchangeDeclareAsync(options.Exchange, ExchangeType.Topic, durable: true, autoDelete: false, cancellationToken: ct);
            if (options.Queue is not { } queue) return;
            var arguments = new Dictionary<string, object?> { ["x-queue-type"] = options.QueueKind == QueueKind.Stream ? "stream" : "quorum" };
            await _channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: ct);
            await _channel.QueueBindAsync(queue, options.Exchange, "#", cancellationToken: ct);
        }
        catch (Exception trouble) when (IsOfTheBroker(trouble))
        {
            throw new SinkException($"RabbitMQ at {options.Url.Host}:{options.Url.Port} cannot be used: {Innermost(trouble)}", trouble);
        }
    }

    public async Task SendAsync(IReadOnlyList<ChangeRecord> batch, CancellationToken ct)
    {
        // A broker that takes nothing any more stops the writing, not only the confirming.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        try
        {
            var all = _confirms.Expect(_next, batch.Count);
            _next += (ulong)batch.Count;
            foreach (var change in batch)
            {
                if (all.IsFaulted) break;
                await _channel!.BasicPublishAsync(options.Exchange, RoutingKeyOf(change), mandatory: true, PropertiesOf(change), ChangeJson.Of(change), patience.Token);
            }
            await all.WaitAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new SinkException($"RabbitMQ at {options.Url.Host}:{options.Url.Port} has not confirmed what it was given within {Patience.TotalSeconds:0} s", confirmed: _confirms.Done);
        }
        catch (Exception trouble) when (IsOfTheBroker(trouble))
        {
            throw new SinkException($"RabbitMQ at {options.Url.Host}:{options.Url.Port}: {Innermost(trouble)}", trouble, _confirms.Done);
        }
    }

    static BasicProperties PropertiesOf(ChangeRecord change)
    {
        var headers = new Dictionary<string, object?>
        {
            ["cluster"] = change.Cluster,
            ["position"] = change.Place.ToString(),
            ["index"] = change.Index,
        };
        if (change.Gtid is { } gtid) headers["gtid"] = gtid.ToString();
        if (change.IsFirst) headers["begin"] = true;
        if (change.Count is { } count) headers["commit_count"] = count;
        return new BasicProperties
        {
            MessageId = change.Id,
            Persistent = true,
            ContentType = "application/json",
            Type = ChangeJson.KindOf(change.Kind),
            Timestamp = new AmqpTimestamp(change.Seconds),
            Headers = headers,
        };
    }

    /// <summary>schema.table; of what is about no table, the schema, or <c>_</c>.</summary>
    static string RoutingKeyOf(ChangeRecord change)
    {
        var key = change.Table is { } table ? $"{change.Schema}.{table}" : change.Schema.Length > 0 ? change.Schema : "_";
        if (Encoding.UTF8.GetByteCount(key) <= LongestRoutingKey) return key;
        var bytes = Encoding.UTF8.GetBytes(key).AsSpan(0, LongestRoutingKey);
        while ((bytes[^1] & 0xC0) == 0x80) bytes = bytes[..^1];
        return Encoding.UTF8.GetString(bytes[..^1]);
    }

    static Task Told(Action what)
    {
        what();
        return Task.CompletedTask;
    }

    static bool IsOfTheBroker(Exception trouble) => trouble is RabbitMQClientException or IOException or ObjectDisposedException or TimeoutException or System.Net.Sockets.SocketException or SinkException or InvalidOperationException;

    static string Innermost(Exception trouble)
    {
        while (trouble.InnerException is { } inner) trouble = inner;
        return trouble.Message;
    }

    /// <summary>The client waits for answers when it closes, also from a broker that is gone: the sink does not wait for it beyond this.</summary>
    public async ValueTask DisposeAsync() => await Task.WhenAny(Task.Run(CloseAsync), Task.Delay(LongestClose));

    async Task CloseAsync()
    {
        try
        {
            if (_connection is { IsOpen: true }) await _connection.CloseAsync(200, "bye", TimeSpan.FromSeconds(1), abort: true);
            if (_channel is not null) await _channel.DisposeAsync();
            if (_connection is not null) await _connection.DisposeAsync();
        }
        catch (Exception trouble) when (IsOfTheBroker(trouble) || trouble is OperationCanceledException)
        {
            // It is gone, which is what was wanted.
        }
    }
}
