using System.Collections.Immutable;
using System.Globalization;
using System.Threading.Channels;
using Headwater.Core.Verify;
using Headwater.Servers;

namespace Headwater.Verify;

/// <summary>
/// Compares one table. Each chunk is read on the primary, then on each replica once that shows all that the primary's read can have shown. When they are
/// equal, the chunk is. When they are not, it may have been written to in between: such chunks are looked at again after the pass
/// (<see cref="Examination"/>). So chunks that nobody writes to, which are nearly all, cost one plain read on each server and no lock anywhere.
/// The primary is one or two chunks ahead of the slowest replica, never more.
/// </summary>
sealed class TableComparison(VerifiedServer primary, VerifiedTable table, IReadOnlyList<CopyTally> copies, ChunkSql sql, VerifyOptions options, VerifyProgress progress)
{
    readonly record struct Chunk(KeyRange Range, Checksum Checksum, string Position);

    long _slowestReplicaTicks;

    public long Rows { get; private set; }
    public long Chunks { get; private set; }

    /// <param name="leftOut">Told about each replica that could not be followed any more.</param>
    public async Task RunAsync(Action<VerifiedServer, string> leftOut, CancellationToken ct)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var channels = copies.Select(static _ => Channel.CreateBounded<Chunk>(1)).ToList();
        var followers = copies.Select((copy, i) => UntilEndAsync(FollowAsync(copy, channels[i].Reader, leftOut, ended.Token), channels[i].Writer)).ToList();
        try
        {
            await ReadPrimaryAsync(chunk => Task.WhenAll(channels.Select(channel => channel.Writer.WriteAsync(chunk, ct).AsTask())), ct);
            foreach (var channel in channels) channel.Writer.TryComplete();
            await Task.WhenAll(followers);
        }
        catch (ChannelClosedException)
        {
            // A follower has ended by what nobody expected; that is what there is to tell.
            await Task.WhenAll(followers);
            throw;
        }
        finally
        {
            await ended.CancelAsync();
            await Task.WhenAll(followers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Nobody waits for a follower that has failed.</summary>
    static async Task UntilEndAsync(Task follower, ChannelWriter<Chunk> writer)
    {
        try
        {
            await follower;
        }
        finally
        {
            writer.TryComplete();
        }
    }

    async Task ReadPrimaryAsync(Func<Chunk, Task> give, CancellationToken ct)
    {
        var size = ChunkSize.First(options.ChunkTime);
        for (KeyRange? rest = KeyRange.All; rest is not null;)
        {
            await YieldToWorkAsync(ct);
            ImmutableArray<string?>? end = null;
            if (table.HasKey && (await primary.QueryAsync(sql.Boundary(rest, size.Rows), ct)).Rows is [{ } boundary]) end = [.. boundary];
            var range = rest.Until(end);
            var began = progress.Elapsed;
            var (checksum, position) = await primary.ChecksumAsync(sql.Checksum(range), withPosition: true, ct);
            var took = progress.Elapsed - began;
            await give(new Chunk(range, checksum, position));
            var slowest = TimeSpan.FromTicks(Interlocked.Read(ref _slowestReplicaTicks));
            size = size.After(checksum.Rows, took > slowest ? took : slowest);
            Rows += checksum.Rows;
            Chunks++;
            progress.Read(checksum.Rows);
            rest = end is { } found ? rest.Behind(found) : null;
        }
    }

    /// <summary>Waits while the primary has its hands full.</summary>
    async Task YieldToWorkAsync(CancellationToken ct)
    {
        var paused = false;
        while (int.Parse((await primary.QueryAsync("SHOW GLOBAL STATUS LIKE 'Threads_running'", ct)).Rows[0][1]!, CultureInfo.InvariantCulture) is var running && running > options.MaxRunning)
        {
            paused = true;
            progress.Pause(string.Create(CultureInfo.InvariantCulture, $"{running} statements run on {primary.Name}"));
            await progress.RestAsync(TimeSpan.FromMilliseconds(200), ct);
        }
        if (paused) progress.Pause("");
    }

    async Task FollowAsync(CopyTally copy, ChannelReader<Chunk> chunks, Action<VerifiedServer, string> leftOut, CancellationToken ct)
    {
        var lost = false;
        await foreach (var chunk in chunks.ReadAllAsync(ct))
        {
            // What is left is taken off the channel all the same: the primary's reading must not stop for it.
            if (lost) continue;
            try
            {
                await copy.Replica.FollowAsync(chunk.Position, options, progress, ct);
                var began = progress.Elapsed;
                var (checksum, _) = await copy.Replica.ChecksumAsync(sql.Checksum(chunk.Range), withPosition: false, ct);
                Slowest((progress.Elapsed - began).Ticks);
                if (checksum != chunk.Checksum) copy.Suspicious.Add(chunk.Range);
            }
            catch (Exception trouble) when (trouble is LeftOutException or ServerException or ServerUnreachableException)
            {
                lost = true;
                copy.Unproven($"from {chunk.Range.Show(table.Key)} on: {trouble.Message}");
                leftOut(copy.Replica, trouble.Message);
            }
        }
    }

    void Slowest(long ticks) => Interlocked.Exchange(ref _slowestReplicaTicks, ticks);
}
