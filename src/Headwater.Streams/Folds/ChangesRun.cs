using Headwater.Core.Consumers;
using Headwater.Core.Positions;
using Headwater.Core.Statements;
using Headwater.Streams.Store;
using Headwater.Wire.MySql.Binlog;
using Microsoft.Extensions.Logging;

namespace Headwater.Streams.Folds;

/// <summary>
/// Runs the fold of last changes over a store. Its state is not kept: the store is, and what the last of it says is folded in anew in moments.
/// </summary>
public sealed class ChangesRun(LogStore store, LastChanges changes, TimeProvider time, ILogger log)
{
    // Transactions that lie ready are applied before readers are told, up to this many.
    const int MostUnpublished = 256;
    // Asked for again when it has not come: the look may have failed.
    static readonly TimeSpan AskAgainAfter = TimeSpan.FromMilliseconds(500);

    sealed record Offered(DataDictionary Dictionary, Position From, Position To);

    Offered? _offered;
    TaskCompletionSource _wake = new(TaskCreationOptions.RunContinuationsAsynchronously);
    long _askedAt;
    bool _asked;

    /// <summary>Raised when the dictionary is not that of the log any more: somebody should look at the tables. Handlers must not block.</summary>
    public event Action? DictionaryWanted;

    /// <summary>What a look at the tables has found: <see cref="LastChanges.Offer"/>. From any thread.</summary>
    public void Offer(DataDictionary dictionary, Position from, Position to)
    {
        Volatile.Write(ref _offered, new Offered(dictionary, from, to));
        Interlocked.Exchange(ref _wake, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    public async Task RunAsync(CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await FoldAsync(ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception trouble)
            {
                // Cut back, or begun anew, or a file that cannot be read just now; whatever it is, it is not the end of proofs for ever. What was claimed of the lost branch is claimed no more before anything else is.
                Log.FoldBegins(log, trouble.Message);
                changes.Begin(Position.Empty);
                await Task.Delay(TimeSpan.FromMilliseconds(100), time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    async Task FoldAsync(CancellationToken ct)
    {
        await BeforeTheFirstAsync(ct);
        // A segment or two back: enough for replicas that are behind.
        var segments = store.Segments;
        var from = segments[Math.Max(0, segments.Length - 2)].Before;
        using var reader = new StoreReader(store, from);
        changes.Begin(from);
        for (var unpublished = 0; ;)
        {
            // Taken before what it tells of is looked at: nothing offered from here on is missed.
            var wake = Volatile.Read(ref _wake).Task;
            TakeOffered();
            if (reader.TryNext() is { } piece)
            {
                changes.Apply(piece);
                if (piece.IsLast && ++unpublished < MostUnpublished || !piece.IsLast) continue;
            }
            changes.Publish();
            if (changes.Extent.Dictionary is null) AskForDictionary();
            else _asked = false;
            if (unpublished >= MostUnpublished)
            {
                unpublished = 0;
                ct.ThrowIfCancellationRequested();
                continue;
            }
            unpublished = 0;
            // What was not waited to its end is ended, or it would pile up where the store tells of its next move.
            using var waiting = CancellationTokenSource.CreateLinkedTokenSource(ct);
            var more = reader.MovedAsync(waiting.Token);
            await await (changes.Extent.Dictionary is null ? Task.WhenAny(more, wake, Task.Delay(AskAgainAfter, time, waiting.Token)) : Task.WhenAny(more, wake));
            await waiting.CancelAsync();
        }
    }

    /// <summary>Nothing has come yet since the primary was asked where it stands, and where it stands is a position too: what has not been changed since is unchanged.</summary>
    async Task BeforeTheFirstAsync(CancellationToken ct)
    {
        for (var begun = false; store.IsEmpty;)
        {
            var (end, wake) = (store.End, Volatile.Read(ref _wake).Task);
            if (!begun && store.Begin is { } begin)
            {
                changes.Begin(begin);
                begun = true;
            }
            TakeOffered();
            changes.Publish();
            if (begun && changes.Extent.Dictionary is null) AskForDictionary();
            using var waiting = CancellationTokenSource.CreateLinkedTokenSource(ct);
            await await Task.WhenAny(store.MovedAsync(end, waiting.Token), wake, Task.Delay(AskAgainAfter, time, waiting.Token));
            await waiting.CancelAsync();
        }
    }

    void TakeOffered()
    {
        if (Interlocked.Exchange(ref _offered, null) is { } offered) changes.Offer(offered.Dictionary, offered.From, offered.To);
    }

    void AskForDictionary()
    {
        if (_asked && time.GetElapsedTime(_askedAt) < AskAgainAfter) return;
        (_asked, _askedAt) = (true, time.GetTimestamp());
        DictionaryWanted?.Invoke();
    }
}
