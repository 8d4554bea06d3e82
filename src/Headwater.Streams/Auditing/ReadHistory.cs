using Headwater.Core.Auditing;
using Headwater.Core.Positions;
using Headwater.Streams.Store;
using Headwater.Wire.MySql.Binlog;

namespace Headwater.Streams.Auditing;

/// <summary>What the log tells of a read that the primary answers otherwise than the copy did that was asked.</summary>
public sealed class ReadHistory(LogStore store, TimeProvider time)
{
    static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    // As much is gone through in about a second: a copy that is further behind is judged by the next read.
    const long MostBytes = 256 << 20;

    /// <summary>Whether what is read has changed between the claimed position and <paramref name="until"/>. Never that it agrees.</summary>
    /// <param name="until">All that the primary can have shown when it was asked.</param>
    public Task<AuditJudgement> JudgeAsync(AuditedRead read, Position until, CancellationToken ct) => Task.Run(async () =>
    {
        try
        {
            using var limit = new CancellationTokenSource(LongestWait, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
            if (!await ReachesAsync(until, either.Token)) return Unchecked($"the log is not known here as far as {until}, to which the primary was asked");
            return Search(read, until, either.Token);
        }
        catch (BinlogException trouble)
        {
            return Unchecked(trouble.Message);
        }
        catch (OperationCanceledException)
        {
            return Unchecked($"the log could not be gone through within {LongestWait.TotalSeconds:0} s");
        }
    }, ct);

    async ValueTask<bool> ReachesAsync(Position until, CancellationToken ct)
    {
        try
        {
            while (store.End is var end && !end.Position.Covers(in until)) await store.MovedAsync(end, ct);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    AuditJudgement Search(AuditedRead read, Position until, CancellationToken ct)
    {
        var search = new TouchSearch(read);
        using var reader = new StoreReader(store, read.Claim);
        if (reader.BytesBehind > MostBytes) return Unchecked($"{reader.BytesBehind >> 20} MB of log lie behind {read.Claim}: more than is gone through for one read");
        // A piece of a transaction moves no position: what is behind the last piece is asked for too.
        while (!reader.Position.Covers(in until))
        {
            ct.ThrowIfCancellationRequested();
            if (reader.TryNext() is not { } piece) return Unchecked($"the log here ends at {reader.Position}");
            if (search.Take(piece)) return new AuditJudgement(AuditVerdict.Moved, $"since {read.Claim}, {search.Found}");
        }
        return new AuditJudgement(AuditVerdict.Violated,
            $"{read.Server} answered for {read.Claim}, the primary answers otherwise, and its log has nothing from there to {until} that changes what is read");
    }

    static AuditJudgement Unchecked(string why) => new(AuditVerdict.Unchecked, why);
}
