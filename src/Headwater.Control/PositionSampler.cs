using System.Globalization;
using Headwater.Core;
using Headwater.Core.Positions;
using Headwater.Core.Topology;
using Headwater.Servers;

namespace Headwater.Control;

/// <summary>
/// Samples one server's position over one connection, for one incarnation of it. All who wait for this server share its one wait.
/// </summary>
sealed class PositionSampler(ServerConnection connection, ServerState state, Demands demands, TimeProvider time)
{
    const string Sample = "SELECT @@global.gtid_slave_pos, @@global.gtid_binlog_pos";
    const ushort NoPrivilege = 1227;
    static readonly TimeSpan ProofEvery = TimeSpan.FromMilliseconds(50);

    // Long enough to spare the server, short enough that others' demands and the sampling itself never wait long behind it.
    static readonly TimeSpan WaitAtMost = TimeSpan.FromMilliseconds(10);
    readonly VisibilityProof _proof = new();
    Instant _provenAt;
    bool _mayProve = true;

    /// <summary>What one round found. <paramref name="Again"/>: somebody waits, so the next round follows at once (or after a breath, on a primary).</summary>
    public readonly record struct Round(bool Moved, bool Demanded, bool Again, bool Rewound);

    public async Task<Round> RunAsync(ServerRole role, Observation told, CancellationToken ct)
    {
        var before = state.Timeline.Latest;
        var applied = before?.Position ?? Position.Empty;
        var demanded = demands.Take(applied, time.Now(), out var nearest);
        return role == ServerRole.Primary
            ? await PrimaryAsync(before, demanded, nearest, ct)
            : await ReplicaAsync(before, told, demanded, nearest, ct);
    }

    async Task<Round> ReplicaAsync(PositionSample? before, Observation told, bool demanded, Position nearest, CancellationToken ct)
    {
        var waits = !nearest.IsEmpty && told.Capabilities is { WaitsForGtid: true };
        var sql = Sample;
        if (waits) sql = string.Create(CultureInfo.InvariantCulture, $"SELECT MASTER_GTID_WAIT('{nearest}', {WaitAtMost.TotalSeconds}); {Sample}");
        // Without log_slave_updates nothing tells what is being committed but what has been received.
        if (!told.LogsReplicated) sql += "; SHOW ALL SLAVES STATUS";
        var askedAt = time.Now();
        var results = await connection.QueryMultiAsync(sql, ct);
        var answeredAt = time.Now();
        var row = results[waits ? 1 : 0].Rows[0];
        var applied = Probe.PositionOf(row[0]);
        var logged = Probe.PositionOf(row[1]).Merge(applied);
        if (!told.LogsReplicated)
            for (var i = 0; i < results[^1].Rows.Count; i++) logged = logged.Merge(Probe.PositionOf(results[^1].Value(i, "Gtid_IO_Pos")));
        if (before is not null)
        {
            if (!logged.Covers(before.Position)) return new Round(false, demanded, false, Rewound: true);
            // A former primary shows its own transactions too, which its gtid_slave_pos does not name.
            applied = applied.Merge(before.Position);
        }
        state.Advance(new PositionSample(askedAt, answeredAt, applied) { Logged = logged.Merge(applied) });
        return new Round(before is null || applied != before.Position, demanded, waits, false);
    }

    async Task<Round> PrimaryAsync(PositionSample? before, bool demanded, Position nearest, CancellationToken ct)
    {
        var askedAt = time.Now();
        var row = (await connection.QueryAsync(Sample, ct)).Rows[0];
        var answeredAt = time.Now();
        var received = Probe.PositionOf(row[0]); // what it had applied while it was a replica
        var logged = Probe.PositionOf(row[1]).Merge(received);
        var shown = received;
        if (before is not null)
        {
            if (!logged.Covers(before.Position)) return new Round(false, demanded, false, Rewound: true);
            shown = shown.Merge(before.Position);
        }
        if (state.Shows(logged)) shown = logged; // by commits that were acknowledged
        var moved = before is null || logged != before.Logged || shown != before.Position;
        state.Advance(new PositionSample(askedAt, answeredAt, shown) { Logged = logged });
        if (shown == logged || !_mayProve || nearest.IsEmpty && answeredAt - _provenAt < ProofEvery) return new Round(moved, demanded, false, false);
        _provenAt = answeredAt;
        try
        {
            var proven = shown.Merge(await _proof.AskAsync(connection, logged, time, ct));
            if (proven != shown) state.Advance(new PositionSample(askedAt, time.Now(), proven) { Logged = logged });
            shown = proven;
        }
        catch (ServerException e) when (e.Code == NoPrivilege)
        {
            _mayProve = false;
            ProofRefused?.Invoke(e.Message);
        }
        return new Round(moved, demanded, !nearest.IsEmpty && !shown.Covers(nearest), false);
    }

    /// <summary>The monitor may not ask for what proves visibility; only acknowledged commits prove it then.</summary>
    public event Action<string>? ProofRefused;
}
