namespace Headwater.Tests.Gateway;

/// <summary>The short form; the long one is <c>dotnet run -c Release --project bench/fuzz -- --sessions 100000</c>.</summary>
public class RandomSessionsTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Random_sessions_against_misbehaving_servers_leave_nothing_behind(bool corrupts)
    {
        var seed = (ulong)Random.Shared.NextInt64(1, 1_000_000_000);
        var run = new RandomSessions(seed) { Corrupts = corrupts };
        await run.RunAsync(sessions: 2_000, atMost: TimeSpan.FromSeconds(6));
        output.WriteLine($"seed {seed}: {run.Summary}");
        Assert.True(run.Findings.Count == 0, $"seed {seed}: {run.Summary}\n{string.Join('\n', run.Findings)}");
    }
}
