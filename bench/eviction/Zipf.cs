using Headwater.Tests;

namespace Headwater.Bench.Eviction;

/// <summary>Ranks from 0, drawn with weight 1 / (rank + 1)^α in constant time (Vose's alias method).</summary>
sealed class Zipf
{
    readonly double[] _stay;
    readonly int[] _alias;

    public Zipf(int ranks, double alpha)
    {
        _stay = new double[ranks];
        _alias = new int[ranks];
        var sum = 0.0;
        for (var rank = 0; rank < ranks; rank++) sum += _stay[rank] = Math.Pow(rank + 1, -alpha);
        var (poor, rich) = (new Stack<int>(), new Stack<int>());
        for (var rank = ranks - 1; rank >= 0; rank--)
        {
            _stay[rank] *= ranks / sum;
            (_stay[rank] < 1 ? poor : rich).Push(rank);
        }
        while (poor.Count > 0 && rich.Count > 0)
        {
            var (less, more) = (poor.Pop(), rich.Pop());
            _alias[less] = more;
            _stay[more] -= 1 - _stay[less];
            (_stay[more] < 1 ? poor : rich).Push(more);
        }
        foreach (var rank in poor.Concat(rich)) _stay[rank] = 1;
    }

    public int Draw(Seeded random)
    {
        var rank = random.Below(_stay.Length);
        return random.Share() < _stay[rank] ? rank : _alias[rank];
    }
}
