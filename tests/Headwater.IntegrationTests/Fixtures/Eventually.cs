namespace Headwater.IntegrationTests.Fixtures;

/// <summary>What a real server comes to by itself, in a time that is not known.</summary>
static class Eventually
{
    /// <summary>Within 10 s, asked every 20 ms.</summary>
    public static async Task HoldsAsync(Func<Task<bool>> what)
    {
        for (var i = 0; i < 500; i++)
        {
            if (await what()) return;
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
        Assert.Fail("not within 10 s");
    }
}
