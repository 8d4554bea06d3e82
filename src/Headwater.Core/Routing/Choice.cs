using System.Collections.Immutable;
using System.Numerics;
using Headwater.Core.Topology;

namespace Headwater.Core.Routing;

/// <summary>
/// Power of two choices: two candidates drawn by weight, the less busy one wins. It spreads as well as looking at all of them, and does
/// not send everybody to the same momentary best. Candidates are bits of a word, by index into the view's servers.
/// </summary>
static class Choice
{
    const double OtherZoneIsDearer = 4;
    const double MuchFaster = 2;
    const double MoveFactor = 1.5;
    const double MoveMargin = 2;

    public static int OfTwo(ImmutableArray<ServerView> servers, ReadOnlySpan<ServerLoad> load, ulong candidates, string zone, ulong chance)
    {
        if ((candidates & (candidates - 1)) == 0) return BitOperations.TrailingZeroCount(candidates);
        var near = zone.Length == 0 ? candidates : InZone(servers, candidates, zone);
        var first = Weighted(servers, near != 0 ? near : candidates, chance);
        var second = Weighted(servers, candidates & ~(1UL << first), Mix(chance));
        return Better(servers, load, second, first, zone) ? second : first;
    }

    /// <summary>One candidate, drawn in proportion to weight.</summary>
    public static int Weighted(ImmutableArray<ServerView> servers, ulong candidates, ulong chance)
    {
        if ((candidates & (candidates - 1)) == 0) return BitOperations.TrailingZeroCount(candidates);
        double sum = 0;
        for (var left = candidates; left != 0; left &= left - 1) sum += servers[BitOperations.TrailingZeroCount(left)].Weight;
        var at = (chance >> 11) * (1.0 / (1UL << 53)) * sum;
        var index = 0;
        for (var left = candidates; left != 0; left &= left - 1)
        {
            index = BitOperations.TrailingZeroCount(left);
            at -= servers[index].Weight;
            if (at < 0) break;
        }
        return index;
    }

    /// <summary>Staying is worth something (no sample is needed), so a session moves only when where it is is clearly busier.</summary>
    public static bool WorthMoving(ImmutableArray<ServerView> servers, ReadOnlySpan<ServerLoad> load, int here, int there, string zone)
    {
        var (busyHere, busyThere) = (Cost(servers, load, here, zone), Cost(servers, load, there, zone));
        return busyHere > busyThere * MoveFactor + MoveMargin;
    }

    static bool Better(ImmutableArray<ServerView> servers, ReadOnlySpan<ServerLoad> load, int challenger, int holder, string zone)
    {
        var (c, h) = (Cost(servers, load, challenger, zone), Cost(servers, load, holder, zone));
        var (fast, slow) = (Latency(load, challenger), Latency(load, holder));
        if (fast > 0 && slow > 0)
        {
            // An idle server that is much faster beats an idle one that is slow; otherwise latency scales what is queued.
            if (fast * MuchFaster < slow && c <= h + 1 && SameReach(servers, challenger, holder, zone)) return true;
            if (slow * MuchFaster < fast && h <= c + 1 && SameReach(servers, holder, challenger, zone)) return false;
            (c, h) = (c * fast, h * slow);
        }
        return c < h;
    }

    static bool SameReach(ImmutableArray<ServerView> servers, int challenger, int holder, string zone) =>
        zone.Length == 0 || servers[challenger].Zone == zone || servers[holder].Zone != zone;

    static double Cost(ImmutableArray<ServerView> servers, ReadOnlySpan<ServerLoad> load, int index, string zone)
    {
        var server = servers[index];
        var busy = (uint)index < (uint)load.Length ? load[index].Busy : 0;
        var cost = busy / server.Weight;
        return zone.Length == 0 || server.Zone == zone ? cost : (cost + 1) * OtherZoneIsDearer;
    }

    static double Latency(ReadOnlySpan<ServerLoad> load, int index) => (uint)index < (uint)load.Length ? load[index].LatencyMicroseconds : 0;

    static ulong InZone(ImmutableArray<ServerView> servers, ulong candidates, string zone)
    {
        ulong near = 0;
        for (var left = candidates; left != 0; left &= left - 1)
        {
            var index = BitOperations.TrailingZeroCount(left);
            if (servers[index].Zone == zone) near |= 1UL << index;
        }
        return near;
    }

    // splitmix64's finalizer: one draw gives two that look independent
    static ulong Mix(ulong x)
    {
        x += 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
