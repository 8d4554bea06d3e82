using Headwater.Core.Topology;

namespace Headwater.Core.Positions;

/// <summary>
/// What one session has written and seen. What a read has shown is not known as a position when the read ends; it is remembered as
/// "that server, by then" and becomes a position only when another server is considered and a sample asked since bounds it.
/// The rules and their proofs: docs/decisions/0001-what-a-read-may-see.md. One owner; allocates nothing in a cluster with one domain.
/// </summary>
public struct SessionPosition
{
    Position _written;
    Position _seen;
    Position _floor; // _written merged with _seen

    ServerState? _last;
    Instant _lastAt;
    Position _lastBound;
    bool _lastIsBounded;

    // Reads at a level that does not ask may leave a server before a sample bounds what it showed.
    // Whatever any server shows, the primary has logged before: a sample of the primary asked since bounds them all.
    Instant _leftAt;
    bool _leftUnbounded;

    ServerState? _proven;
    Epoch _raisedFrom;

    // A later transaction of another server hides an earlier one of the same domain in a position, and with it that it may be lost.
    // What is hidden so before it was judged is kept here; null but for the moments after a change of primary.
    Gtid[]? _hidden;

    /// <summary>What this session has committed.</summary>
    public readonly Position Written => _written;

    /// <summary>Covers <see cref="Written"/>, raised tokens, and what was seen on servers left since.</summary>
    public readonly Position Floor => _floor;

    /// <summary>As <see cref="Floor"/> without the session's own writes: what monotonic asks for.</summary>
    public readonly Position Seen => _seen;

    /// <summary>Where the last read ran. Staying there never goes back in time.</summary>
    public readonly ServerState? Last => _last;
    public readonly Instant LastReadAt => _lastAt;

    /// <summary>Since when the session has read from the primary without a break; meaningful while <see cref="Last"/> is the primary.</summary>
    internal Instant OnPrimarySince { readonly get; set; }
    internal readonly bool HasLeftUnbounded => _leftUnbounded;

    /// <summary>The epoch in which the floor was last found to belong to the cluster's history.</summary>
    public Epoch JudgedIn { readonly get; private set; }

    /// <summary>A token was raised since the floor was last judged.</summary>
    internal bool HasRaised { readonly get; private set; }

    /// <summary>The primary that is proven to show all that this session knows of; null when that must be proven anew.</summary>
    internal readonly ServerState? Proven => _proven;

    /// <summary>
    /// A commit was acknowledged by <paramref name="primary"/>. Everything this session had read or been told of before it sent the commit
    /// stands before the commit in the primary's log, so the OK proves it visible there, and in a log of one domain the commit's own
    /// position covers it.
    /// </summary>
    /// <param name="alone">Nobody writes beside the primary. In a ring, what the session knows of other domains was perhaps written at another member, and need not be here.</param>
    public void AfterWrite(in Gtid gtid, ServerState? primary = null, bool alone = true)
    {
        Hide(gtid);
        _written = _written.With(gtid);
        _floor = _floor.With(gtid);
        if (primary is null) return;
        primary.Acknowledged.Raise(gtid.Domain, gtid.Sequence);
        _proven = alone || _floor.DomainCount == 1 || ReferenceEquals(_proven, primary) || primary.Shows(in _floor) ? primary : null;
        if (primary.Timeline.Latest is not { } latest || latest.Logged.DomainCount != 1 || latest.Logged[0].Domain != gtid.Domain) return;
        if (_last is not null && !_lastIsBounded)
        {
            _lastBound = new Position(gtid);
            _lastIsBounded = true;
        }
        if (_leftUnbounded) See(new Position(gtid));
        _leftUnbounded = false;
    }

    /// <summary>A read ended: its last byte had come from <paramref name="server"/> by <paramref name="finishedAt"/>.</summary>
    public void AfterRead(ServerState server, bool fromPrimary, Instant finishedAt)
    {
        if (!ReferenceEquals(server, _last))
        {
            if (_last is not null) LeaveLast();
            _last = server;
            _lastAt = finishedAt;
            OnPrimarySince = finishedAt;
        }
        if (finishedAt > _lastAt) _lastAt = finishedAt;
        _lastIsBounded = false;
        if (!fromPrimary) _proven = null;
    }

    /// <summary>A kept result was served that is the one at <paramref name="position"/>, and at others later.</summary>
    public void AfterResult(in Position position)
    {
        // Read from a replica, it may have in it what the primary does not show yet.
        if (_proven is { } primary && !_floor.Covers(in position) && !primary.Shows(in position)) _proven = null;
        if (!_seen.Covers(in position)) See(in position);
    }

    /// <summary>A token was given: reads must cover it from now on.</summary>
    /// <param name="position">What it names.</param>
    /// <param name="from">The epoch it was given in, perhaps one that is not known here yet.</param>
    public void Raise(in Position position, Epoch from = default)
    {
        if (from.Number > _raisedFrom.Number) _raisedFrom = from;
        See(in position);
        _proven = null;
        HasRaised = true;
        JudgedIn = default;
    }

    internal void Judged(Epoch epoch)
    {
        if (JudgedIn != epoch) _proven = null;
        JudgedIn = epoch;
        HasRaised = false;
        _raisedFrom = default;
        _hidden = null;
    }

    /// <summary>Something that this session has written or seen was found to be lost; only <see cref="Forget(in Position)"/> ends that.</summary>
    internal Gtid? Lost { readonly get; private set; }

    internal void MarkLost(in Gtid gtid)
    {
        Lost = gtid;
        JudgedIn = default;
    }

    /// <summary>What <see cref="Floor"/> no longer names and nobody has judged.</summary>
    internal readonly ReadOnlySpan<Gtid> Hidden => _hidden;

    /// <summary>
    /// Starts anew in the present history: for after the client has been told that something it had seen is lost. What it had seen and is not lost, the history has at
    /// its <paramref name="head"/>, so nothing of that is taken back.
    /// </summary>
    public void Forget(in Position head)
    {
        this = default;
        See(in head);
    }

    /// <summary>The position that covers everything written and seen, or false when no sample asked since the last read is there yet (then demand one of <see cref="Awaited"/>).</summary>
    public bool TryToken(ClusterView view, out Position position)
    {
        var known = TryBound(view);
        position = _last is null || !_lastIsBounded ? _floor : _floor.Merge(in _lastBound);
        return known;
    }

    /// <summary>The server whose sample would bound the last read; null when none is missing.</summary>
    public readonly ServerState? Awaited => _last is not null && !_lastIsBounded ? _last : null;

    /// <summary>Turns "that server, by then" into positions where samples allow. True when nothing seen is left unbounded.</summary>
    internal bool TryBound(ClusterView view)
    {
        if (_leftUnbounded)
        {
            if (view.BoundOf(_leftAt) is not { } sample) return false;
            See(sample.Logged);
            _leftUnbounded = false;
        }
        BoundLast(view);
        return _last is null || _lastIsBounded;
    }

    void BoundLast(ClusterView? view)
    {
        if (_last is null || _lastIsBounded || (_last.Timeline.FirstAskedSince(_lastAt) ?? view?.BoundOf(_lastAt)) is not { } since) return;
        _lastBound = since.Logged;
        _lastIsBounded = true;
    }

    /// <summary>What the last server may have shown at most; meaningful after <see cref="TryBound"/>.</summary>
    internal readonly Position LastBound => _lastBound;

    /// <summary>
    /// What it may have seen of the former primary at most was more than that one can have shown. Its own commits stay as they are: they were acknowledged, and if
    /// the history lacks them, they are lost.
    /// </summary>
    internal void Narrow(Inheritance inherited, Epoch epoch)
    {
        // A token of a later epoch, in which the former primary may reign again, names what it has really written there.
        if (_raisedFrom.Number > epoch.Number) return;
        // First as far as samples go: bounded later, by a sample of before the change, it would name what was only a bound, and nobody would narrow that any more.
        BoundLast(null);
        _seen = inherited.Narrow(in _seen);
        _floor = _seen.Merge(in _written);
        if (_lastIsBounded) _lastBound = inherited.Narrow(in _lastBound);
        if (_hidden is null) return;
        var written = _written;
        _hidden = [.. _hidden.Where(gtid => !inherited.IsOnlyBound(gtid) || written.SequenceOf(gtid.Domain) >= gtid.Sequence)];
    }

    internal void ProvenOn(ServerState primary) => _proven = primary;

    internal readonly Position Asked(LevelKind kind) => kind == LevelKind.Monotonic ? _seen : _floor;

    void LeaveLast()
    {
        BoundLast(null);
        if (_lastIsBounded) See(in _lastBound);
        else
        {
            if (!_leftUnbounded || _lastAt > _leftAt) _leftAt = _lastAt;
            _leftUnbounded = true;
        }
    }

    void Hide(in Gtid by)
    {
        for (var i = 0; i < _floor.DomainCount; i++)
        {
            var old = _floor[i];
            if (old.Domain == by.Domain && old.Server != by.Server) _hidden = [.. _hidden ?? [], old.Sequence <= by.Sequence ? old : by];
        }
    }

    void See(in Position position)
    {
        for (var i = 0; i < position.DomainCount; i++) Hide(position[i]);
        _seen = _seen.Merge(in position);
        _floor = _floor.Merge(in position);
    }
}
