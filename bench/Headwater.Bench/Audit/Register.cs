using System.Diagnostics;

namespace Headwater.Bench.Audit;

/// <summary>
/// One value in the database with one writer, who gives it the versions 1, 2, 3, … The auditor's own clock notes when each was sent and
/// acknowledged, and that alone says what a read may show: nothing here comes from the gateway or from the servers.
/// One thread writes, any reads. Only the last versions are remembered; of older ones nothing is demanded, so forgetting can
/// hide a violation that is thousands of versions old, never invent one.
/// </summary>
sealed class Register
{
    const int Remembered = 4096;
    readonly long[] _sentAt = new long[Remembered];
    readonly long[] _acknowledgedAt = new long[Remembered];
    long _attempted, _acknowledged;

    /// <summary>The newest version that may exist anywhere.</summary>
    public long Attempted => Volatile.Read(ref _attempted);

    /// <summary>The newest version whose commit the writer was told of.</summary>
    public long Acknowledged => Volatile.Read(ref _acknowledged);

    /// <summary>Called right before the statement that commits is sent.</summary>
    public long Attempt()
    {
        var version = _attempted + 1;
        _acknowledgedAt[version % Remembered] = long.MaxValue;
        _sentAt[version % Remembered] = Stopwatch.GetTimestamp();
        Volatile.Write(ref _attempted, version);
        return version;
    }

    /// <summary>A version that was attempted and never acknowledged may or may not exist: nothing is demanded of it.</summary>
    public void Acknowledge(long version)
    {
        Volatile.Write(ref _acknowledgedAt[version % Remembered], Stopwatch.GetTimestamp());
        Volatile.Write(ref _acknowledged, version);
    }

    /// <summary>When a version's commit was sent: all that had been acknowledged by then stands before it in the log.</summary>
    public long SentAt(long version) => version == 0 || Attempted - version >= Remembered - 1 ? 0 : _sentAt[version % Remembered];

    public long LastAcknowledgedBefore(long instant)
    {
        var newest = Acknowledged;
        for (var version = newest; version > 0 && newest - version < Remembered - 64; version--)
            if (Volatile.Read(ref _acknowledgedAt[version % Remembered]) <= instant) return version;
        return 0;
    }

    /// <summary>How long at <paramref name="instant"/> there had been something newer than <paramref name="version"/>, in clock ticks.</summary>
    public long AgeOf(long version, long instant)
    {
        var newest = Acknowledged;
        if (newest - version >= Remembered - 64) return 0;
        for (var next = version + 1; next <= newest; next++)
        {
            var at = Volatile.Read(ref _acknowledgedAt[next % Remembered]);
            if (at != long.MaxValue) return Math.Max(0, instant - at);
        }
        return 0;
    }
}
