using Headwater.Core.Caching;

namespace Headwater.Tests.Caching;

public class GhostQueueTests
{
    [Fact]
    public void It_remembers_exactly_the_last_ones_until_they_are_taken()
    {
        for (var seed = 1UL; seed <= 200; seed++)
        {
            var random = new Seeded(seed);
            var ghosts = new GhostQueue(1 + random.Below(40));
            var all = new List<ulong?>();
            for (var step = 0; step < 1_000; step++)
            {
                // Few starts in the index, so that chains are long and wrap around.
                var hash = (random.Next() % 6 << 32) + random.Next() % 12;
                var last = 1 + random.Below(ghosts.Length);
                var at = all.LastIndexOf(hash);
                if (random.OneIn(3))
                {
                    Assert.True(ghosts.Take(hash, last) == (at >= 0 && at >= all.Count - last), $"seed {seed}, step {step}");
                    if (at >= 0) all[at] = null;
                }
                else
                {
                    ghosts.Add(hash);
                    if (at >= 0) all[at] = null;
                    all.Add(hash);
                }
            }
        }
    }
}
