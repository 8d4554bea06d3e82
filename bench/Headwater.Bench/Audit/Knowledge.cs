namespace Headwater.Bench.Audit;

/// <summary>
/// What one session has written and read, as far as it obliges its next reads. A version that it knows proves a place in the log: everything
/// acknowledged before that version's commit was sent stands before it. So one instant covers all keys, and a session that jumps back in time
/// is caught at whichever key it looks at next.
/// </summary>
sealed class Knowledge(int registers)
{
    readonly long[] _read = new long[registers];
    readonly long[] _written = new long[registers];
    long _readInstant, _writtenInstant;

    public void Wrote(int key, Register register, long version)
    {
        _written[key] = Math.Max(_written[key], version);
        _writtenInstant = Math.Max(_writtenInstant, register.SentAt(version));
    }

    public void Read(int key, Register register, long version)
    {
        _read[key] = Math.Max(_read[key], version);
        _readInstant = Math.Max(_readInstant, register.SentAt(version));
    }

    /// <summary>The oldest version that a read of <paramref name="key"/>, begun at <paramref name="begun"/>, may show.</summary>
    public long Oldest(in AskedLevel level, int key, Register register, long begun) => level.Kind switch
    {
        LevelKind.Eventual => 0,
        LevelKind.Bounded => register.LastAcknowledgedBefore(begun - level.BoundTicks),
        LevelKind.Monotonic => Math.Max(_read[key], register.LastAcknowledgedBefore(_readInstant)),
        LevelKind.Session => AsSession(key, register),
        LevelKind.Strong => Math.Max(AsSession(key, register), register.LastAcknowledgedBefore(begun)),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    public long AsSession(int key, Register register) =>
        Math.Max(Math.Max(_read[key], _written[key]), register.LastAcknowledgedBefore(Math.Max(_readInstant, _writtenInstant)));
}
