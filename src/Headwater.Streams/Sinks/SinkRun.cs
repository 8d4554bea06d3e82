using Headwater.Core.Consumers;
using Headwater.Core.Positions;
using Headwater.Streams.Consumers;
using Headwater.Wire.MySql.Binlog;
using Microsoft.Extensions.Logging;

namespace Headwater.Streams.Sinks;

/// <summary>
/// Hands the feed on to one sink, in order, from where it was. What the sink has confirmed is saved before the next is sent; after any failure it begins anew behind
/// that, so that nothing is lost and what was under way may come twice. It has its own task and its own cursor: nobody waits for it.
/// </summary>
sealed class SinkRun(SinkOptions options, FeedSource source, SinkPlace saved, Func<ISink> make, TimeProvider time, ILogger log)
{
    const int MostBatchBytes = 4 << 20;
    static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100), LongestPause = TimeSpan.FromSeconds(5), SaveIdleEvery = TimeSpan.FromSeconds(1);
    readonly TablePatterns _tables = new(options.Tables);
    readonly List<ChangeRecord> _batch = [];
    SinkState _state = new(options.Name, options.Kind, false, "it has not begun", null, 0, 0);
    ChangeReader? _reader;
    int _failedInARow;

    public SinkState State
    {
        get
        {
            var state = Volatile.Read(ref _state);
            if (state.Place is not { } place) return state;
            var transactions = place.Before.Behind(source.Store.End.Position);
            return state with
            {
                LagTransactions = transactions,
                LagSeconds = transactions == 0 ? 0 : source.Times.Behind(place.Before).TotalSeconds,
                // From where it has read, which is at most a batch beyond what it has handed on.
                LagBytes = transactions == 0 ? 0 : Volatile.Read(ref _reader)?.BytesBehind,
            };
        }
    }

    public async Task RunAsync(CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await HandOnAsync(ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception trouble)
            {
                // Whatever it is, it is this sink's alone, and it is tried again.
                Say(false, SentenceOf(trouble), failed: true);
            }
            var pause = FirstPause * Math.Pow(2, Math.Min(_failedInARow++, 10));
            await Task.Delay(pause < LongestPause ? pause : LongestPause, time, ct).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    async Task HandOnAsync(CancellationToken ct)
    {
        await using var sink = make();
        await sink.OpenAsync(ct);
        if (saved.Read() is not { } place) place = await BeginAsync(sink, ct);
        _state = _state with { Place = place };
        using var reader = _reader = new ChangeReader(source.Store, source.Cluster, _tables, place);
        Say(true, $"it hands on {_tables}");
        var (savedAt, last) = (time.GetTimestamp(), place);
        while (true)
        {
            var isAtEnd = Fill(reader);
            try
            {
                if (_batch.Count > 0) await SendAsync(sink, ct);
            }
            catch (SinkException broken) when (broken.Confirmed > 0)
            {
                var part = _batch[broken.Confirmed - 1].Place;
                saved.Save(part);
                _failedInARow = 0;
                _state = _state with { Place = part, Sent = _state.Sent + broken.Confirmed };
                throw;
            }
            var next = isAtEnd ? reader.Place : _batch[^1].Place;
            // Where nothing was wanted, the way is remembered now and then, so that the store may let go of it.
            if (next != last && (_batch.Count > 0 || time.GetElapsedTime(savedAt) >= SaveIdleEvery))
            {
                saved.Save(next);
                (savedAt, last) = (time.GetTimestamp(), next);
            }
            _state = _state with { Place = next };
            _batch.Clear();
            if (isAtEnd) await reader.MovedAsync(ct);
        }
    }

    /// <summary>True when the store had no more.</summary>
    bool Fill(ChangeReader reader)
    {
        _batch.Clear();
        for (var weight = 0; _batch.Count < options.Batch && weight < MostBatchBytes;)
        {
            if (reader.TryNext() is not { } change) return true;
            _batch.Add(change);
            weight += change.Weight;
        }
        return false;
    }

    async Task SendAsync(ISink sink, CancellationToken ct)
    {
        await sink.SendAsync(_batch, ct);
        _failedInARow = 0;
        _state = _state with { Sent = _state.Sent + _batch.Count };
    }

    async Task<FeedPlace> BeginAsync(ISink sink, CancellationToken ct)
    {
        if (options.From != BeginKind.Snapshot)
        {
            var begin = await source.PlaceOfAsync(new FeedBegin(options.From), ct);
            saved.Save(begin);
            return begin;
        }
        // A copy that broke off is begun anew, at another position: a transaction cannot be taken up again.
        var position = Position.Empty;
        _batch.Clear();
        var weight = 0;
        Say(true, $"it hands on a copy of {_tables}");
        await foreach (var row in source.SnapshotAsync(_tables, ct))
        {
            _batch.Add(row);
            weight += row.Weight;
            position = row.Place.Before;
            if (_batch.Count < options.Batch && weight < MostBatchBytes && row.Kind != ChangeKind.SnapshotEnd) continue;
            await SendAsync(sink, ct);
            _batch.Clear();
            weight = 0;
        }
        var place = new FeedPlace(position);
        saved.Save(place);
        return place;
    }

    string SentenceOf(Exception trouble) => trouble switch
    {
        BinlogException { Trouble: BinlogTrouble.Purged } => $"{trouble.Message} Keep more of the log (feed.retain), and write the position that the other side has from elsewhere into {saved.Path}, or remove that file to begin as feed.sinks[].from says.",
        BinlogException { Trouble: BinlogTrouble.Diverged } => $"{trouble.Message} What it has handed on beyond that was lost with a primary: put the other side right, and write the last position that holds into {saved.Path}.",
        _ => trouble.Message,
    };

    void Say(bool runs, string sentence, bool failed = false)
    {
        var before = _state;
        _state = before with { Runs = runs, Sentence = sentence, Failures = before.Failures + (failed ? 1 : 0) };
        if (before.Runs == runs && before.Sentence == sentence) return;
        if (runs) Log.SinkRuns(log, options.Name, sentence);
        else Log.SinkFails(log, options.Name, sentence);
    }
}
