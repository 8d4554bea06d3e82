using Headwater.Tests;

namespace Headwater.Bench.Eviction;

/// <summary>Loads that differ in what makes a key worth keeping; each from its own seed.</summary>
sealed class Traces(ulong seed, int accesses)
{
    const int Million = 1_000_000;
    const int ScanLength = 10_000;

    /// <summary>How much larger a loop is than the cache.</summary>
    public const double LoopExcess = 1.1;

    public IEnumerable<Func<Trace>> All =>
    [
        () => Popular(0.6),
        () => Popular(0.8),
        () => Popular(1.0),
        () => Popular(1.2),
        () => WithScans(10),
        () => WithScans(50),
        Shifting,
        Wonders,
        Bursts,
        Sized,
        Invalidated,
        Mixed,
    ];

    /// <summary>A cache of some share of a million keys, and a loop that does not fit.</summary>
    public Trace Loop(double share)
    {
        var keys = (int)(Million * share * LoopExcess);
        return Of("loop of 1.1 × cache", keys, (_, n) => n % keys);
    }

    Trace Popular(double alpha)
    {
        var zipf = new Zipf(Million, alpha);
        return Of($"Zipf {alpha:0.0}", Million, (random, _) => zipf.Draw(random));
    }

    Trace WithScans(int percent)
    {
        var zipf = new Zipf(Million, 1.0);
        var (next, left) = (0, 0);
        return Of($"Zipf 1.0, {percent} % scans", 2 * Million, (random, _) =>
        {
            if (left == 0 && random.Share() < percent / (100.0 - percent) / ScanLength) left = ScanLength;
            if (left == 0) return zipf.Draw(random);
            left--;
            return Million + next++ % Million;
        });
    }

    Trace Shifting()
    {
        var zipf = new Zipf(Million, 1.0);
        var every = Math.Max(1, accesses / 10);
        return Of("shifting hot set", Million, (random, n) => (zipf.Draw(random) + n / every * 7919) % Million);
    }

    Trace Wonders()
    {
        var zipf = new Zipf(100_000, 1.0);
        var next = 100_000;
        return Of("70 % one-hit wonders", 100_000 + accesses, (random, _) => random.Below(100) < 70 ? next++ : zipf.Draw(random));
    }

    // What somebody looks at twice or three times in a row, and nobody ever again.
    Trace Bursts()
    {
        var zipf = new Zipf(100_000, 1.0);
        var recent = new int[64];
        var next = 100_000;
        Array.Fill(recent, next);
        return Of("70 % bursts of 1 to 3", 100_001 + accesses, (random, _) =>
        {
            if (random.Below(100) >= 70) return zipf.Draw(random);
            ref var mine = ref recent[random.Below(recent.Length)];
            if (random.OneIn(2)) mine = ++next;
            return mine;
        });
    }

    Trace Sized()
    {
        var zipf = new Zipf(Million, 0.9);
        return Of("Zipf 0.9, log-normal sizes", Million, (random, _) => zipf.Draw(random)) with { Sizes = LogNormal(Million) };
    }

    Trace Invalidated()
    {
        var zipf = new Zipf(Million, 0.9);
        return Of("Zipf 0.9, 5 % invalidations", Million, (random, _) => random.Below(100) < 5 ? ~zipf.Draw(random) : zipf.Draw(random));
    }

    // What a site sees: sizes, invalidations, reports that scan, news that displace old news.
    Trace Mixed()
    {
        var zipf = new Zipf(Million, 0.9);
        var every = Math.Max(1, accesses / 20);
        var (next, left) = (0, 0);
        return Of("all of these at once", 2 * Million, (random, n) =>
        {
            if (left == 0 && random.Share() < 0.1 / ScanLength) left = ScanLength;
            if (left > 0)
            {
                left--;
                return Million + next++ % Million;
            }
            var key = (zipf.Draw(random) + n / every * 997) % Million;
            return random.Below(100) < 5 ? ~key : key;
        }) with
        { Sizes = LogNormal(2 * Million) };
    }

    Trace Of(string name, int keys, Func<Seeded, int, int> draw)
    {
        var random = new Seeded(seed);
        var events = new int[accesses];
        for (var n = 0; n < accesses; n++) events[n] = draw(random, n);
        return new Trace(name, events, keys);
    }

    // Median 600 bytes, mean 1,600, at most 1 MiB.
    int[] LogNormal(int keys)
    {
        var random = new Seeded(seed + 1);
        var sizes = new int[keys];
        for (var key = 0; key < keys; key++)
        {
            var normal = Math.Sqrt(-2 * Math.Log(1 - random.Share())) * Math.Cos(2 * Math.PI * random.Share());
            sizes[key] = (int)Math.Clamp(600 * Math.Exp(1.4 * normal), 100, 1 << 20);
        }
        return sizes;
    }
}
