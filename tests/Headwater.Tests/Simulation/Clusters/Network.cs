namespace Headwater.Tests.Simulation.Clusters;

/// <summary>
/// Who can reach whom, each direction by itself. Connections are TCP's: in order, late when packets are lost, and what is sent into a cut waits for its end
/// (or for the death of the sender's host).
/// </summary>
sealed class Network(Clockwork clock, Seeded chance, int nodes)
{
    readonly int[,] _cuts = new int[nodes, nodes];
    readonly long[,] _last = new long[nodes, nodes];
    readonly List<Action>?[,] _parked = new List<Action>?[nodes, nodes];

    /// <summary>One way, in microseconds.</summary>
    public int Latency = 200;

    /// <summary>Of a thousand messages so many are lost at first and come 200 ms later.</summary>
    public int LostPerMille;

    public bool Open(int from, int to) => _cuts[from, to] == 0;
    public bool OpenBothWays(int a, int b) => Open(a, b) && Open(b, a);

    public void Send(int from, int to, Action arrive)
    {
        if (!Open(from, to))
        {
            (_parked[from, to] ??= []).Add(arrive);
            return;
        }
        var late = LostPerMille > 0 && chance.Below(1000) < LostPerMille ? 200 * Clockwork.Millisecond : 0;
        var at = Math.Max(clock.Now + Latency / 2 + chance.Below(Latency) + late, _last[from, to] + 1);
        _last[from, to] = at;
        clock.In(at - clock.Now, arrive);
    }

    public void Cut(int from, int to) => _cuts[from, to]++;

    public void Mend(int from, int to)
    {
        if (--_cuts[from, to] > 0 || _parked[from, to] is not { Count: > 0 } parked) return;
        _parked[from, to] = null;
        foreach (var arrive in parked) Send(from, to, arrive);
    }

    /// <summary>The host lost its power: what it had not yet brought out is gone.</summary>
    public void Forget(int from)
    {
        for (var to = 0; to < nodes; to++) _parked[from, to] = null;
    }
}
