using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Headwater.Control.Failover;
using Headwater.Core;
using Headwater.Core.Failover;
using Microsoft.Extensions.Logging;

namespace Headwater.Control.Lease;

/// <summary>What is shared, as this process knows it.</summary>
/// <param name="RecordRevision">The revision of the store that wrote the record; 0 while there is none.</param>
/// <param name="Others">The other live processes.</param>
sealed record Shared(Leadership Leadership, ControlRecord? Record, long RecordRevision, ImmutableArray<Peer> Others);

/// <summary>
/// The lease and the record in etcd. Keys under the prefix: <c>holder</c> (whoever holds the lease; gone when it ends), <c>record</c> (the <see cref="ControlRecord"/>),
/// <c>peers/ID</c> (each live process; gone with its lease). Every process has one lease of etcd's, renewed for as long as it lives, and its keys hang on it.
///
/// A renewal counts only when a linearizable read after it was answered in the same raft term: a leader that is cut off from the majority renews leases
/// for up to an election timeout or two, which its successor knows nothing of.
/// </summary>
sealed class EtcdLease : ILease
{
    const int BeatsBeforeYielding = 4;
    static readonly TimeSpan WatchAgainAfter = TimeSpan.FromMilliseconds(100);
    readonly EtcdOptions _options;
    readonly EtcdClient _etcd;
    readonly TimeProvider _time;
    readonly ILogger _log;
    readonly Action _changed;
    readonly byte[] _holderKey, _recordKey, _prefix, _end;
    readonly string _peers;
    readonly Lock _gate = new();
    readonly Wake _wake = new();
    readonly CancellationTokenSource _stop = new();
    readonly Dictionary<string, Peer> _others = [];
    Shared _current;
    Peer _self;
    Peer? _told;
    long _lease;
    int _seesLess;
    Instant? _vacantSince;
    CancellationTokenSource? _watching;
    bool _complained;
    Task _running = Task.CompletedTask;

    /// <param name="changed">Called, from any thread, when <see cref="Current"/> has changed.</param>
    public EtcdLease(EtcdOptions options, TimeProvider time, ILogger log, Action changed)
    {
        (_options, _time, _log, _changed) = (options, time, log, changed);
        _current = new Shared(new Leadership(options.Ttl), null, 0, []);
        _etcd = new EtcdClient(options, _current.Leadership.RenewEvery);
        (_holderKey, _recordKey, _prefix, _peers) = (Key("holder"), Key("record"), Key(""), options.Prefix + "peers/");
        _end = [.. _prefix];
        _end[^1]++; // a slash is not the last of bytes
        _self = new Peer(options.Name, options.Http, 0, 0, 0);
    }

    public Shared Current => Volatile.Read(ref _current);
    public string Teller => "etcd";

    public void Start() => _running = Task.WhenAll(Task.Run(BeatLoopAsync), Task.Run(WatchLoopAsync));

    /// <inheritdoc/>
    public void Tell(long holds, int openWrites, int sees)
    {
        var next = _self with { Holds = holds, OpenWrites = openWrites, Sees = sees };
        if (next == _self) return;
        Volatile.Write(ref _self, next);
        _wake.Set();
    }

    /// <inheritdoc/>
    public async Task<long> WriteAsync(ControlRecord record, long term, long revision)
    {
        var value = JsonSerializer.SerializeToUtf8Bytes(RecordLine.Of(record), LeaseJson.Default.RecordLine);
        var answer = await _etcd.TxnAsync(new TxnRequest(
            [new Compare(_holderKey, "CREATE", CreateRevision: term), new Compare(_recordKey, "MOD", ModRevision: revision)],
            [new RequestOp(new PutRequest(_recordKey, value))], [new RequestOp(RequestRange: new RangeRequest(_prefix, _end))]), _stop.Token);
        if (!answer.Succeeded)
        {
            TakeOver(answer.Responses![0].ResponseRange!, answer.Header.Revision, static (leadership, seen) => leadership.Seen(seen));
            throw new IOException(Current.Leadership.Term == term ? "the record was changed behind our back" : $"the lease has gone to {Current.Leadership.Holder?.ToString() ?? "nobody"}");
        }
        Change(now => now with
        {
            Leadership = now.Leadership.Term == term ? now.Leadership.Seen(new LeaseAnswer(answer.Header.Revision, now.Leadership.Holder, now.Leadership.Term)) : now.Leadership,
            Record = answer.Header.Revision > now.RecordRevision ? record : now.Record,
            RecordRevision = Math.Max(now.RecordRevision, answer.Header.Revision),
        });
        return answer.Header.Revision;
    }

    async Task BeatLoopAsync()
    {
        var next = _time.Now();
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                if (_time.Now() >= next)
                {
                    next = _time.Now() + Current.Leadership.RenewEvery;
                    var member = _etcd.Member;
                    await RenewAsync();
                    if (_complained) LeaseLog.Answers(_log);
                    _complained = false;
                    // A member that stands still ends no watch by itself.
                    if (_etcd.Member != member) WatchAnew();
                }
                if (Current.Leadership.MayAcquire(_time.Now()) && !LeavesIt()) await AcquireAsync();
                if (_lease != 0 && Volatile.Read(ref _self) is var self && self != _told)
                {
                    await _etcd.PutAsync(new PutRequest(Key($"peers/{_lease:x}"), JsonSerializer.SerializeToUtf8Bytes(self, LeaseJson.Default.Peer), _lease), _stop.Token);
                    _told = self;
                }
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Whatever it is (no answer, or one that is not understood), the next beat tries again, and until then the lease has not been renewed.
                if (!_complained) LeaseLog.Silent(_log, e.Message);
                _complained = true;
            }
            // What has become of the lease by the passing of time alone.
            _changed();
            try
            {
                await _wake.WaitAsync(next - _time.Now(), _stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    async Task RenewAsync()
    {
        var sentAt = _time.Now();
        long term;
        if (_lease == 0)
        {
            var grant = await _etcd.GrantAsync((long)Math.Ceiling(_options.Ttl.TotalSeconds), _stop.Token);
            (_lease, term, _told) = (grant.Id, grant.Header.RaftTerm, null);
        }
        else
        {
            var renewed = await _etcd.KeepAliveAsync(_lease, _stop.Token);
            term = renewed.Header.RaftTerm;
            if (renewed.Ttl <= 0)
            {
                GiveUp();
                await RenewAsync();
                return;
            }
        }
        var all = await _etcd.RangeAsync(new RangeRequest(_prefix, _end), _stop.Token);
        if (all.Header!.RaftTerm != term) throw new EtcdException("etcd has elected another leader meanwhile");
        TakeOver(all, all.Header.Revision, (leadership, seen) => leadership.Renewed(sentAt, seen));

        var now = Current;
        _seesLess = now.Leadership.Term != 0 && Leadership.ShouldYield(_self.Sees, now.Others) ? _seesLess + 1 : 0;
        if (_seesLess < BeatsBeforeYielding) return;
        // Not revoked: what was begun ends before the lease does.
        LeaseLog.Yields(_log, _self.Sees, now.Others.Max(static peer => peer.Sees));
        _seesLess = 0;
        GiveUp();
    }

    void GiveUp()
    {
        _lease = 0;
        Change(static now => now with { Leadership = now.Leadership.Ended() });
    }

    /// <summary>Another sees more servers: it may go first, for as long as a lease lasts.</summary>
    bool LeavesIt()
    {
        var now = _time.Now();
        _vacantSince ??= now;
        if (!Leadership.ShouldYield(_self.Sees, Current.Others) || now - _vacantSince >= _options.Ttl)
        {
            _vacantSince = null;
            return false;
        }
        return true;
    }

    async Task AcquireAsync()
    {
        var holder = JsonSerializer.SerializeToUtf8Bytes(new LeaseHolder(_options.Name, _options.Http), LeaseJson.Default.LeaseHolder);
        var everything = new RequestOp(RequestRange: new RangeRequest(_prefix, _end));
        var answer = await _etcd.TxnAsync(new TxnRequest(
            [new Compare(_holderKey, "CREATE", CreateRevision: 0)], [new RequestOp(new PutRequest(_holderKey, holder, _lease)), everything], [everything]), _stop.Token);
        TakeOver(answer.Responses![^1].ResponseRange!, answer.Header.Revision, static (leadership, seen) => leadership.Seen(seen));
    }

    async Task WatchLoopAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                // Before anything is known there is nothing that it could be newer than.
                if (Current.Leadership.Revision is > 0 and var known)
                {
                    using var ends = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                    Volatile.Write(ref _watching, ends);
                    await foreach (var message in _etcd.WatchAsync(new WatchCreate(_prefix, _end, known + 1), ends.Token))
                        foreach (var one in message.Events ?? []) Hear(one);
                }
                await Task.Delay(WatchAgainAfter, _time, _stop.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception)
            {
                // The beat says so, reads everything meanwhile, and paces us.
                await Task.Delay(WatchAgainAfter, _time, CancellationToken.None);
            }
        }
    }

    void WatchAnew()
    {
        try
        {
            Volatile.Read(ref _watching)?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It had ended by itself.
        }
    }

    void Hear(WatchEvent one)
    {
        var (key, revision, deleted) = (Encoding.UTF8.GetString(one.Kv.Key), one.Kv.ModRevision, one.Type == "DELETE");
        Change(now =>
        {
            if (one.Kv.Key.AsSpan().SequenceEqual(_holderKey)) return now with { Leadership = now.Leadership.Seen(HolderOf(deleted ? null : one.Kv, revision)) };
            if (revision >= now.Leadership.Revision) now = now with { Leadership = now.Leadership with { Revision = revision } };
            if (one.Kv.Key.AsSpan().SequenceEqual(_recordKey))
                return revision <= now.RecordRevision ? now : deleted ? now with { RecordRevision = 0 } : now with { Record = RecordOf(one.Kv), RecordRevision = revision };
            if (!key.StartsWith(_peers, StringComparison.Ordinal)) return now;
            if (deleted) _others.Remove(key);
            else if (one.Kv.Lease != _lease) _others[key] = JsonSerializer.Deserialize(one.Kv.Value, LeaseJson.Default.Peer)!;
            return now with { Others = [.. _others.Values] };
        });
        if (Current.Leadership.Holder is null) _wake.Set();
    }

    /// <summary>Everything as it was at one revision. What a watch has told meanwhile is newer.</summary>
    void TakeOver(RangeResponse all, long revision, Func<Leadership, LeaseAnswer, Leadership> fold) => Change(now =>
    {
        var keys = all.Kvs ?? [];
        var newest = revision >= now.Leadership.Revision;
        now = now with { Leadership = fold(now.Leadership, HolderOf(keys.FirstOrDefault(kv => kv.Key.AsSpan().SequenceEqual(_holderKey)), revision)) };
        if (now.Leadership.Holder is not null) _vacantSince = null;
        if (keys.FirstOrDefault(kv => kv.Key.AsSpan().SequenceEqual(_recordKey)) is { } record)
        {
            if (record.ModRevision > now.RecordRevision) now = now with { Record = RecordOf(record), RecordRevision = record.ModRevision };
        }
        else if (newest) now = now with { RecordRevision = 0 };
        if (!newest) return now;
        _others.Clear();
        foreach (var kv in keys)
            if (Encoding.UTF8.GetString(kv.Key) is var key && key.StartsWith(_peers, StringComparison.Ordinal) && kv.Lease != _lease)
                _others[key] = JsonSerializer.Deserialize(kv.Value, LeaseJson.Default.Peer)!;
        return now with { Others = [.. _others.Values] };
    });

    LeaseAnswer HolderOf(EtcdKeyValue? kv, long revision) => kv is null
        ? new LeaseAnswer(revision, null, 0)
        : new LeaseAnswer(revision, JsonSerializer.Deserialize(kv.Value, LeaseJson.Default.LeaseHolder), kv.Lease == _lease ? kv.CreateRevision : 0);

    static ControlRecord RecordOf(EtcdKeyValue kv) => JsonSerializer.Deserialize(kv.Value, LeaseJson.Default.RecordLine)!.ToRecord();

    void Change(Func<Shared, Shared> change)
    {
        lock (_gate)
        {
            var before = _current;
            var next = change(before);
            if (ReferenceEquals(before, next)) return;
            Volatile.Write(ref _current, next);
        }
        _changed();
    }

    byte[] Key(string name) => Encoding.UTF8.GetBytes(_options.Prefix + name);

    /// <inheritdoc/>
    public async Task LeaveAsync()
    {
        await _stop.CancelAsync();
        await _running;
        if (_lease == 0) return;
        try
        {
            using var patience = new CancellationTokenSource(Current.Leadership.RenewEvery, _time);
            await _etcd.RevokeAsync(_lease, patience.Token);
        }
        catch (Exception e) when (e is EtcdException or OperationCanceledException)
        {
            // It ends by itself.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _etcd.Dispose();
        _wake.Dispose();
        _stop.Dispose();
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RecordLine)), JsonSerializable(typeof(LeaseHolder)), JsonSerializable(typeof(Peer))]
sealed partial class LeaseJson : JsonSerializerContext;

static partial class LeaseLog
{
    [LoggerMessage(2110, LogLevel.Warning, "the lease cannot be renewed: {Reason}")]
    public static partial void Silent(ILogger log, string reason);

    [LoggerMessage(2111, LogLevel.Information, "etcd answers again")]
    public static partial void Answers(ILogger log);

    [LoggerMessage(2112, LogLevel.Warning, "this process sees {Sees} servers and another {More}: the lease is left to it")]
    public static partial void Yields(ILogger log, int sees, int more);
}
