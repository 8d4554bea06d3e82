namespace Headwater.Bench.Eviction;

/// <summary>What was hit of what was asked for.</summary>
sealed class Score
{
    long _hits, _asked, _hitBytes, _askedBytes;

    public double Hits => 100.0 * _hits / _asked;
    public double Bytes => 100.0 * _hitBytes / _askedBytes;

    public void Count(bool hit, int bytes)
    {
        _asked++;
        _askedBytes += bytes;
        if (!hit) return;
        _hits++;
        _hitBytes += bytes;
    }
}
