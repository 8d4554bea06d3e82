using System.Diagnostics;
using System.Text.Json;
using Headwater.IntegrationTests.Fixtures;
using Headwater.Streams.Consumers;
using Headwater.Streams.Sinks;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Headwater.IntegrationTests.Streams;

/// <summary>Changes by way of a real broker, which is killed twice while they go.</summary>
public sealed class RabbitMqSinkTests
{
    const int Batch = 200, Changes = 20_000, PerTransaction = 10;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_broker_that_is_killed_twice_loses_nothing_and_repeats_only_what_was_under_way()
    {
        var seed = Seeds.Of(nameof(RabbitMqSinkTests));
        var clock = Stopwatch.StartNew();
        await using var broker = await RabbitMqServer.StartAsync(Ct);
        var sink = new SinkOptions { Name = "orders", Kind = SinkKind.Rabbitmq, Url = broker.Url, Queue = "orders", From = BeginKind.Oldest, Batch = Batch };
        await using var followed = await FollowedServer.StartAsync(sink);
        var started = clock.Elapsed;
        var writing = followed.CountUpAsync(seed, writers: 4, Changes / PerTransaction);
        await FollowedServer.UntilAsync(() => Task.FromResult(followed.Feed.Sinks[0].Sent > 0), "it begins");
        await broker.KnowsForGoodAsync("orders", Ct);
        foreach (var killAt in new[] { Changes / 4, Changes / 2 })
        {
            await FollowedServer.UntilAsync(() => Task.FromResult(followed.Feed.Sinks[0].Sent >= killAt), "it hands on", () => followed.Feed.Sinks[0].ToString());
            await broker.KillAsync();
            await FollowedServer.UntilAsync(() => Task.FromResult(!followed.Feed.Sinks[0].Runs), "the sink notices");
            await broker.StartAgainAsync(Ct);
        }
        // The process that hands on ends too, once, and begins where it was.
        await FollowedServer.UntilAsync(() => Task.FromResult(followed.Feed.Sinks[0].Sent >= Changes * 3 / 4 || writing.IsCompleted), "it goes on");
        await writing;
        var failures = followed.Feed.Sinks[0].Failures;
        await followed.Feed.DisposeAsync();
        followed.Begin(sink);
        await followed.HandedOnAsync();

        var came = await DrainAsync(broker.Url);
        var judged = HandedOn.Judge(followed.All(), came);
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}: {judged.Sent} changes, {judged.Lost} lost, {judged.Duplicates} duplicates, at most {judged.MostRepeated} at once (stated: {Batch}), {failures} failures; broker up after {started.TotalSeconds:0.0} s, all {clock.Elapsed.TotalSeconds:0.0} s");
        Assert.True(judged.Sent >= Changes, $"{judged.Sent} changes");
        Assert.Equal(0, judged.Lost);
        // At most what was under way at each failure, and when the process ended.
        Assert.InRange(judged.MostRepeated, 0, Batch);
        Assert.InRange(judged.Duplicates, 0, (failures + 1) * Batch);
        Assert.Equal(await CountersAsync(followed), HandedOn.Counted(came));
    }

    static async Task<Dictionary<int, int>> CountersAsync(FollowedServer followed) =>
        (await followed.Server.ExecuteAsync("SELECT id, n FROM d.counters")).Rows.ToDictionary(static row => int.Parse(row[0]!, System.Globalization.CultureInfo.InvariantCulture), static row => int.Parse(row[1]!, System.Globalization.CultureInfo.InvariantCulture));

    static async Task<List<JsonElement>> DrainAsync(Uri url)
    {
        await using var connection = await new ConnectionFactory { Uri = url }.CreateConnectionAsync(Ct);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Ct);
        var came = new List<JsonElement>();
        var consumer = new AsyncEventingBasicConsumer(channel);
        var waiting = await channel.MessageCountAsync("orders", Ct);
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        consumer.ReceivedAsync += (_, message) =>
        {
            var change = JsonDocument.Parse(message.Body.ToArray()).RootElement;
            if (message.BasicProperties.MessageId != change.GetProperty("id").GetString() || !message.BasicProperties.Persistent) all.TrySetException(new InvalidDataException(message.BasicProperties.MessageId));
            came.Add(change);
            if (came.Count == waiting) all.TrySetResult();
            return Task.CompletedTask;
        };
        await channel.BasicConsumeAsync("orders", autoAck: true, consumer, Ct);
        await all.Task.WaitAsync(TimeSpan.FromSeconds(60), Ct);
        return came;
    }
}
