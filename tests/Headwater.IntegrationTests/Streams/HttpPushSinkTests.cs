using System.Net;
using System.Text.Json;
using Headwater.IntegrationTests.Fixtures;
using Headwater.Streams.Consumers;
using Headwater.Streams.Sinks;

namespace Headwater.IntegrationTests.Streams;

/// <summary>Changes pushed to a receiver that refuses, breaks off, and forgets to answer, at random.</summary>
public sealed class HttpPushSinkTests
{
    const int Batch = 50;

    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(PushFormat.Batch, 150)]
    [InlineData(PushFormat.Structured, 40)]
    public async Task A_receiver_that_fails_at_random_gets_everything_in_order(PushFormat format, int transactions)
    {
        var seed = Seeds.Of(nameof(HttpPushSinkTests));
        var port = FreePort.Next();
        using var listener = new HttpListener();
        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        listener.Start();
        var (came, failed) = (new List<JsonElement>(), 0);
        var receiving = Task.Run(async () =>
        {
            var random = new Random(seed);
            while (listener.IsListening)
            {
                HttpListenerContext context;
                try
                {
                    context = await listener.GetContextAsync();
                }
                catch (Exception) when (!listener.IsListening)
                {
                    return;
                }
                var fate = random.Next(format == PushFormat.Batch ? 12 : 100);
                if (fate != 0) Take(context.Request, format, came);
                // 0: refused before it was taken; 1: taken, and refused; 2: taken, and never answered.
                if (fate < 3) failed++;
                if (fate == 2) context.Response.Abort();
                else
                {
                    context.Response.StatusCode = fate < 2 ? 503 : 204;
                    context.Response.Close();
                }
            }
        }, Ct);
        await using (var followed = await FollowedServer.StartAsync(new SinkOptions
        {
            Name = "push",
            Kind = SinkKind.Http,
            Url = new Uri($"http://127.0.0.1:{port}/changes"),
            From = BeginKind.Oldest,
            Format = format,
            Batch = Batch,
            Tables = ["d.count*"],
        }))
        {
            await followed.CountUpAsync(seed, writers: 2, transactions);
            await followed.HandedOnAsync();
            listener.Stop();
            await receiving;
            var judged = HandedOn.Judge(followed.All(tables: new(["d.count*"])), came);
            TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}: {judged.Sent} changes, {judged.Lost} lost, {judged.Duplicates} duplicates, {failed} failures");
            Assert.Equal(0, judged.Lost);
            // One event a request is one that may come twice.
            Assert.InRange(judged.MostRepeated, 0, format == PushFormat.Batch ? Batch : 1);
            HandedOn.Counted(came);
        }
    }

    [Fact]
    public async Task A_sink_that_begins_with_a_copy_gives_the_table_while_others_write()
    {
        var seed = Seeds.Of(nameof(HttpPushSinkTests));
        var port = FreePort.Next();
        using var listener = new HttpListener();
        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        listener.Start();
        var came = new List<JsonElement>();
        var receiving = Task.Run(async () =>
        {
            for (var number = 0; listener.IsListening; number++)
            {
                HttpListenerContext context;
                try
                {
                    context = await listener.GetContextAsync();
                }
                catch (Exception) when (!listener.IsListening)
                {
                    return;
                }
                Take(context.Request, PushFormat.Batch, came);
                // The second request is in the midst of the copy, which is begun anew.
                context.Response.StatusCode = number == 1 ? 500 : 200;
                context.Response.Close();
            }
        }, Ct);
        await using var followed = await FollowedServer.StartAsync();
        await followed.CountUpAsync(seed, 1, 20);
        await followed.HandedOnAsync();
        await followed.Feed.DisposeAsync();
        var writing = followed.CountUpAsync(seed, writers: 2, 200);
        followed.Begin(new SinkOptions { Name = "copy", Kind = SinkKind.Http, Url = new Uri($"http://127.0.0.1:{port}/"), From = BeginKind.Snapshot, Batch = Batch, Tables = ["d.counters"] });
        await writing;
        await followed.HandedOnAsync();
        listener.Stop();
        await receiving;

        var copy = new Dictionary<int, int>();
        foreach (var change in came)
        {
            var isCopied = change.GetProperty("kind").GetString() is "snapshot" or "snapshot_end";
            if (isCopied && change.TryGetProperty("begin", out _)) copy.Clear();
            if (!change.TryGetProperty("after", out var after)) continue;
            var (id, n) = (after.GetProperty("id").GetInt32(), after.GetProperty("n").GetInt32());
            // No gap between the copy and what follows, and no repetition.
            if (!isCopied) Assert.Equal(copy[id] + 1, n);
            copy[id] = n;
        }
        Assert.Equal(2, came.Count(static change => change.GetProperty("kind").GetString() == "snapshot" && change.TryGetProperty("begin", out _)));
        Assert.Single(came, static change => change.GetProperty("kind").GetString() == "snapshot_end");
        var table = (await followed.Server.ExecuteAsync("SELECT id, n FROM d.counters")).Rows.ToDictionary(static row => int.Parse(row[0]!, System.Globalization.CultureInfo.InvariantCulture), static row => int.Parse(row[1]!, System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(table, copy);
    }

    static void Take(HttpListenerRequest request, PushFormat format, List<JsonElement> came)
    {
        Assert.StartsWith(format == PushFormat.Batch ? "application/cloudevents-batch+json" : "application/cloudevents+json", request.ContentType, StringComparison.Ordinal);
        var body = JsonDocument.Parse(request.InputStream).RootElement;
        foreach (var one in format == PushFormat.Batch ? [.. body.EnumerateArray()] : new[] { body })
        {
            Assert.Equal("1.0", one.GetProperty("specversion").GetString());
            Assert.Equal("/headwater/c", one.GetProperty("source").GetString());
            Assert.Equal(one.GetProperty("id").GetString(), one.GetProperty("data").GetProperty("id").GetString());
            came.Add(one.GetProperty("data"));
        }
    }
}
