using System.Globalization;

namespace Headwater.IntegrationTests.Fixtures;

/// <summary>The seed of this run: HEADWATER_SEED where it is set, else the clock's.</summary>
static class Seeds
{
    public static int Of(string test)
    {
        var seed = uint.TryParse(Environment.GetEnvironmentVariable("HEADWATER_SEED"), CultureInfo.InvariantCulture, out var given) ? (int)(given & int.MaxValue) : Environment.TickCount & int.MaxValue;
        TestContext.Current.TestOutputHelper?.WriteLine($"{test}: HEADWATER_SEED={seed}");
        return seed;
    }
}
