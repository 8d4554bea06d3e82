namespace Headwater.Tests.Gateway;

/// <summary>The short form; the long one is <c>dotnet run -c Release --project bench/fuzz -- --minutes 10</c>.</summary>
public class InputFuzzTests(ITestOutputHelper output)
{
    [Fact]
    public void Changed_inputs_are_read_or_refused_in_time_and_keep_nothing()
    {
        var seed = (ulong)Random.Shared.NextInt64(1, 1_000_000_000);
        var fuzz = new InputFuzz(seed);
        fuzz.Run(TimeSpan.FromSeconds(3));
        output.WriteLine($"seed {seed}: {fuzz.Summary}");
        Assert.True(fuzz.Findings.Count == 0, string.Join('\n', fuzz.Findings));
    }
}
