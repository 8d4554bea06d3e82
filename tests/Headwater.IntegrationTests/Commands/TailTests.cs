using System.Net;
using System.Text.Json;
using Headwater.IntegrationTests.Fixtures;

namespace Headwater.IntegrationTests.Commands;

/// <summary><c>headwater tail</c> and the HTTP stream under it, against a cluster that runs.</summary>
public sealed class TailTests
{
    static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_committed_is_printed_and_where_one_tail_ends_the_next_goes_on()
    {
        await using var cluster = await ServedCluster.StartAsync(Ct, "--replicas", "1");
        await using var session = await RawClient.ConnectAsync(cluster.Gateway, cluster.Application, Ct);
        await session.DoAsync("CREATE TABLE t (id int primary key, a varchar(20))", Ct);
        string place;
        await using (var tail = Tail(cluster, "--from", "oldest", "--table", "*.t", "--format", "json"))
        {
            for (var id = 1; id <= 10; id++) await session.DoAsync($"INSERT INTO t VALUES ({id}, 'row {id}')", Ct);
            await Eventually.HoldsAsync(() => Task.FromResult(Ids(tail.LogTail(100)).Count == 10));
            tail.Interrupt();
            await tail.WaitForExitAsync(Ct);
            Assert.Equal(0, tail.ExitCode);
            Assert.Equal(Enumerable.Range(1, 10), Ids(tail.LogTail(100)));
            place = tail.LogTail(1).Split(' ')[^1];
        }
        for (var id = 11; id <= 15; id++) await session.DoAsync($"INSERT INTO t VALUES ({id}, 'row {id}')", Ct);
        Assert.Equal(Enumerable.Range(11, 5), Ids(await PrintedAsync(cluster, 0, "--from", place, "--format", "json", "--count", "5")));
        Assert.Equal(Enumerable.Range(1, 15), Ids(await PrintedAsync(cluster, 0, "--snapshot", "--table", "app.t", "--format", "json", "--count", "16")).Order());
        Assert.Contains("INSERT INTO `app`.`t` (`id`, `a`) VALUES (11, 'row 11');", await PrintedAsync(cluster, 0, "--from", place, "--format", "sql", "--count", "1"), StringComparison.Ordinal);
        Assert.Contains("The store ends at", await PrintedAsync(cluster, 1, "--from", "0-1-4711"), StringComparison.Ordinal);
        Assert.Contains("--from: found \"yesterday\"", await PrintedAsync(cluster, 2, "--from", "yesterday"), StringComparison.Ordinal);

        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{cluster.Run.Gateway.HttpPort}") };
        // A browser says where it was by a header, whatever the address says.
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/feed?from=oldest&count=5");
        request.Headers.Add("Last-Event-ID", place);
        request.Headers.Accept.ParseAdd("application/x-ndjson");
        using var response = await client.SendAsync(request, Ct);
        Assert.Equal("application/x-ndjson", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(Enumerable.Range(11, 5), Ids(await response.Content.ReadAsStringAsync(Ct)));
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, (await client.GetAsync("/api/feed?from=0-1-4711", Ct)).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await client.GetAsync("/api/feed?from=0-77-3", Ct)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await client.GetAsync("/api/feed?from=yesterday", Ct)).StatusCode);
        var status = JsonDocument.Parse(await client.GetStringAsync("/api/status", Ct)).RootElement.GetProperty("feed");
        Assert.True(status.GetProperty("following").GetBoolean());
    }

    static async Task<string> PrintedAsync(ServedCluster cluster, int exitCode, params string[] arguments)
    {
        await using var tail = Tail(cluster, arguments);
        await tail.WaitForExitAsync(Ct).WaitAsync(TimeSpan.FromSeconds(30), Ct);
        await Task.Delay(50, Ct);
        var said = tail.LogTail(200);
        Assert.True(exitCode == tail.ExitCode, said);
        return said;
    }

    static ChildProcess Tail(ServedCluster cluster, params string[] arguments) =>
        ChildProcess.Start(Path.Combine(AppContext.BaseDirectory, "headwater"), ["tail", "--dir", cluster.Directory, .. arguments], Path.Combine(cluster.Directory, "..", $"tail-{Guid.NewGuid()}.log"));

    static List<int> Ids(string lines) => [.. lines.Split('\n').Where(static line => line.StartsWith('{'))
        .Select(static line => JsonDocument.Parse(line).RootElement).Where(static change => change.TryGetProperty("after", out _)).Select(static change => change.GetProperty("after").GetProperty("id").GetInt32())];
}
