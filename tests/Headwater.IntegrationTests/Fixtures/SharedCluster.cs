using Headwater.IntegrationTests.Fixtures;

[assembly: Xunit.AssemblyFixture(typeof(SharedCluster))]

namespace Headwater.IntegrationTests.Fixtures;

/// <summary>One cluster for all tests that do not break it: started when the first asks, stopped after the last. Tests that kill servers start their own.</summary>
public sealed class SharedCluster : IAsyncDisposable
{
    static readonly Lock Gate = new();
    static Task<ServedCluster>? s_started;

    internal static Task<ServedCluster> StartedAsync()
    {
        lock (Gate) return s_started ??= ServedCluster.StartAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await Target.StopPlainAsync();
        Task<ServedCluster>? started;
        lock (Gate) (started, s_started) = (s_started, null);
        if (started == null) return;
        try
        {
            await (await started).DisposeAsync();
        }
        catch (InvalidOperationException)
        {
            // it has never served: each test that asked for it has failed with the reason
        }
    }
}
