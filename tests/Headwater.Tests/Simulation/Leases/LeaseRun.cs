using System.Globalization;
using Headwater.Core;
using Headwater.Core.Failover;
using Headwater.Tests.Simulation.Clusters;

namespace Headwater.Tests.Simulation.Leases;

/// <summary>What can be left out of the argument of <see cref="Leadership"/>; each must show.</summary>
public enum Omission : byte
{
    None,
    Margin,
    CountedFromTheAnswer,
    RefusedByServersWhenLate,
    WrittenOnCondition,
}

/// <summary>
/// One seed: a store, three processes and two servers, each with a clock that runs up to a fifth too slow or too fast; packets are late and lost, processes stand still at
/// any moment and go on as if nothing had been. Violations: a server does what a process orders that does not hold the lease at that moment; a record of one who does not.
/// </summary>
sealed class LeaseRun
{
    static readonly TimeSpan Ttl = TimeSpan.FromSeconds(2);
    const long Length = 40 * Clockwork.Second;
    readonly Clockwork _clock = new();
    readonly Seeded _chance;
    readonly Omission _omission;
    readonly Dictionary<long, long> _leases = []; // id, and when it ends
    readonly (long Offset, double Rate)[] _servers;
    readonly Process[] _processes;
    long _revision = 1, _nextLease = 1, _record, _recordRevision;
    (int Process, long Lease, long Term)? _holder;

    public List<string> Violations { get; } = [];
    public int Orders { get; private set; }
    public int Refused { get; private set; }
    public int Terms { get; private set; }
    public int Records { get; private set; }

    sealed class Process(int number, long offset, double rate)
    {
        public readonly int Number = number;
        public Leadership Leadership = new(Ttl);
        public long Lease;
        public long StoodUntil;
        public long RecordRevision;

        /// <summary>Its own clock, in ticks.</summary>
        public Instant At(long now) => new(offset + (long)(now * rate) * TimeSpan.TicksPerMicrosecond);
        public long Real(TimeSpan own) => (long)(own.TotalMicroseconds / rate);
    }

    public LeaseRun(ulong seed, Omission omission)
    {
        (_chance, _omission) = (new Seeded(seed * 6151 + 3), omission);
        _servers = [.. Enumerable.Range(0, 2).Select(_ => ((long)_chance.Below(1_000_000_000), Rate()))];
        _processes = [.. Enumerable.Range(0, 3).Select(number => new Process(number, _chance.Below(int.MaxValue), Rate()))];
        foreach (var process in _processes)
        {
            _clock.In(_chance.Below(500_000), () => Beat(process));
            _clock.In(_chance.Below(500_000), () => Act(process));
            _clock.In(_chance.Below(5_000_000), () => StandStill(process));
        }
        _clock.In(1000, EndLeases);
        _clock.RunUntil(Length);
    }

    double Rate() => 0.8 + 0.4 * _chance.Share();

    // ---- the world

    long Way() => _chance.OneIn(20) ? _chance.Below(3_000_000) : 100 + _chance.Below(_chance.OneIn(4) ? 300_000 : 3_000);

    void Send(Action arrive)
    {
        if (!_chance.OneIn(25)) _clock.In(Way(), arrive);
    }

    /// <summary>What a process does, it does when it does not stand still.</summary>
    void Do(Process process, long inMicroseconds, Action what) => _clock.In(inMicroseconds, () =>
    {
        if (process.StoodUntil > _clock.Now) Do(process, process.StoodUntil - _clock.Now + 1, what);
        else what();
    });

    void StandStill(Process process)
    {
        process.StoodUntil = _clock.Now + _chance.Below(6_000_000);
        _clock.In(2_000_000 + _chance.Below(12_000_000), () => StandStill(process));
    }

    // ---- the store

    void EndLeases()
    {
        foreach (var lease in _leases.Where(pair => pair.Value <= _clock.Now).Select(static pair => pair.Key).ToList())
        {
            _leases.Remove(lease);
            if (_holder?.Lease != lease) continue;
            _holder = null;
            _revision++;
        }
        _clock.In(1000, EndLeases);
    }

    LeaseAnswer AnswerTo(Process process) =>
        new(_revision, _holder is { } holder ? new LeaseHolder(holder.Process.ToString(CultureInfo.InvariantCulture), "") : null, _holder is { } held && held.Process == process.Number && held.Lease == process.Lease ? held.Term : 0);

    // ---- a process, as the shell is

    void Beat(Process process)
    {
        Do(process, process.Real(process.Leadership.RenewEvery), () => Beat(process));
        var (sentAt, lease) = (process.At(_clock.Now), process.Lease);
        Send(() =>
        {
            var known = lease != 0 && _leases.ContainsKey(lease);
            if (lease == 0) lease = _nextLease++;
            else if (!known)
            {
                Send(() => Do(process, 0, () =>
                {
                    if (process.Lease != lease) return;
                    process.Lease = 0;
                    process.Leadership = process.Leadership.Ended();
                }));
                return;
            }
            _leases[lease] = _clock.Now + (long)Ttl.TotalMicroseconds;
            var (answer, record) = (AnswerTo(process), _recordRevision);
            Send(() => Do(process, 0, () =>
            {
                if (process.Lease != 0 && process.Lease != lease) return;
                process.Lease = lease;
                process.Leadership = process.Leadership.Renewed(_omission == Omission.CountedFromTheAnswer ? process.At(_clock.Now) : sentAt, answer);
                process.RecordRevision = Math.Max(process.RecordRevision, record);
                if (process.Leadership.MayAcquire(process.At(_clock.Now))) Acquire(process, lease);
            }));
        });
    }

    void Acquire(Process process, long lease) => Send(() =>
    {
        if (_holder is null && _leases.ContainsKey(lease))
        {
            _holder = (process.Number, lease, ++_revision);
            Terms++;
        }
        var (answer, record) = (AnswerTo(process), _recordRevision);
        Send(() => Do(process, 0, () =>
        {
            if (process.Lease != lease) return;
            process.Leadership = process.Leadership.Seen(answer);
            process.RecordRevision = Math.Max(process.RecordRevision, record);
        }));
    });

    Instant? Until(Process process) => process.Leadership.ActsUntil is { } until ? _omission == Omission.Margin ? until + process.Leadership.Margin : until : null;

    void Act(Process process)
    {
        Do(process, 10_000 + _chance.Below(300_000), () => Act(process));
        if (Until(process) is not { } until || process.At(_clock.Now) >= until) return;
        if (_chance.OneIn(3)) Write(process);
        else Order(process, _chance.Below(_servers.Length));
    }

    void Write(Process process)
    {
        var (term, revision) = (process.Leadership.Term, process.RecordRevision);
        Send(() =>
        {
            var holds = _holder is { } holder && holder.Term == term;
            if (_omission != Omission.WrittenOnCondition && (!holds || _recordRevision != revision)) return;
            if (!holds || revision != _recordRevision) Violations.Add($"{_clock.Now / 1e6:F3} s: process {process.Number} wrote record {_record + 1} in term {term}, on revision {revision} of {_recordRevision}");
            Records++;
            _record++;
            var written = _recordRevision = ++_revision;
            Send(() => Do(process, 0, () => process.RecordRevision = Math.Max(process.RecordRevision, written)));
        });
    }

    void Order(Process process, int server)
    {
        var (offset, rate) = _servers[server];
        long ServerClock() => offset + (long)(_clock.Now * rate);
        Send(() =>
        {
            var clock = ServerClock();
            Send(() => Do(process, 0, () =>
            {
                if (Until(process) is not { } until || until - process.At(_clock.Now) is not { Ticks: > 0 } left) return;
                var (late, term) = (clock + (long)left.TotalMicroseconds, process.Leadership.Term);
                // It may stand still here, and the packet be on its way for any time.
                Do(process, 1, () => Send(() =>
                {
                    if (ServerClock() >= late && _omission != Omission.RefusedByServersWhenLate)
                    {
                        Refused++;
                        return;
                    }
                    Orders++;
                    if (_holder is not { } holder || holder.Term != term) Violations.Add($"{_clock.Now / 1e6:F3} s: server {server} did what process {process.Number} ordered in term {term}, and the term is {(_holder is { } now ? now.Term : 0)}");
                }));
            }));
        });
    }
}
