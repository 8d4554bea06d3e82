using Headwater.Wire.MySql;

namespace Headwater.IntegrationTests.Fixtures;

/// <summary>
/// What a client is pointed at. Every expectation of a client is checked against the primary directly first, so that what
/// then differs through the gateway is the gateway's.
/// </summary>
internal sealed record Target(string Name, Reachable At, Reachable Primary, Account Account, Account Administrator, bool OffersTls)
{
    /// <summary>For clients that are to come by Unix socket.</summary>
    public string? Socket { get; init; }


    static readonly Lock Gate = new();
    static Task<RealServer>? s_plain;

    /// <summary>With HEADWATER_TEST_PLAIN=1 the tests prove themselves: one plain server, no Headwater.</summary>
    static bool PlainOnly => Environment.GetEnvironmentVariable("HEADWATER_TEST_PLAIN") == "1";

    public static IReadOnlyList<string> Names => PlainOnly ? ["plain"] : ["direct", "gateway"];

    /// <summary>The target with fresh schemas, the first of which the account is bound to.</summary>
    public static async Task<Target> PrepareAsync(string name, CancellationToken ct, params string[] schemas)
    {
        if (name == "plain") return await PrepareAsync(await PlainAsync(), schemas, ct);
        var cluster = await SharedCluster.StartedAsync();
        Account? account = null;
        foreach (var schema in schemas.Reverse()) account = await cluster.FreshSchemaAsync(schema, ct);
        var at = name == "direct" ? cluster.Primary : cluster.Gateway;
        return new Target(name, at, cluster.Primary, account!, cluster.Administrator, await OffersTlsAsync(at, account!, ct)) { Socket = name == "direct" ? at.Socket : cluster.Run.Gateway.Socket };
    }

    /// <summary>Returns when each copy has what the primary has: what one session wrote, another's position does not speak of.</summary>
    public async Task CaughtUpAsync(CancellationToken ct)
    {
        if (Name != "plain") await (await SharedCluster.StartedAsync()).CaughtUpAsync(ct);
    }

    static async Task<Target> PrepareAsync(RealServer server, string[] schemas, CancellationToken ct)
    {
        var address = new Reachable("127.0.0.1", server.Port);
        await using var root = await RawClient.ConnectAsync(address, new(server.Login.User, server.Login.Password), ct);
        await root.DoAsync("CREATE USER IF NOT EXISTS administrator@'%' IDENTIFIED BY 'plain'", ct);
        await root.DoAsync("GRANT ALL PRIVILEGES ON *.* TO administrator@'%' WITH GRANT OPTION", ct);
        await root.DoAsync("CREATE USER IF NOT EXISTS application@'%' IDENTIFIED BY 'plain'", ct);
        foreach (var schema in schemas)
        {
            await root.DoAsync($"DROP DATABASE IF EXISTS {schema}", ct);
            await root.DoAsync($"CREATE DATABASE {schema}", ct);
            await root.DoAsync($"GRANT ALL PRIVILEGES ON {schema}.* TO application@'%'", ct);
        }
        return new Target("plain", address, address, new("application", "plain", schemas[0]), new("administrator", "plain"), OffersTls: false);
    }

    static Task<RealServer> PlainAsync()
    {
        lock (Gate) return s_plain ??= RealServer.StartAsync(1, "--max-allowed-packet=1G", "--character-set-server=utf8mb4", "--innodb-buffer-pool-size=64M");
    }

    internal static async Task StopPlainAsync()
    {
        Task<RealServer>? started;
        lock (Gate) (started, s_plain) = (s_plain, null);
        if (started != null) await (await started).DisposeAsync();
    }

    static async Task<bool> OffersTlsAsync(Reachable at, Account account, CancellationToken ct)
    {
        await using var connection = await RawClient.ConnectAsync(at, account, ct);
        return (connection.Greeting.Capabilities & Capabilities.Ssl) != 0;
    }
}
