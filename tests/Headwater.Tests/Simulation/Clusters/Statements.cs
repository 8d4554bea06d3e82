using Headwater.Core.Failover;
using Headwater.Core.Topology;

namespace Headwater.Tests.Simulation.Clusters;

/// <summary>Effects as the statements that the actuator sends, one after the other; any of them may be the last that arrives.</summary>
static class Statements
{
    public static IEnumerable<Action<Action>> Of(Effect effect, World world, Database server, Observation seen)
    {
        switch (effect.Kind)
        {
            case EffectKind.StopReceiving:
                yield return Do(() => server.Link?.StopReceiving());
                break;
            case EffectKind.StartApplying:
                yield return Do(() => server.Link?.StartApplying());
                break;
            case EffectKind.StartReplication:
                yield return Do(() => server.Link?.StartSlave());
                break;
            case EffectKind.Vouch:
                yield return Do(() =>
                {
                    if (world.Find(effect.Source) is { Link: { } link } && link.Source == server) server.Acknowledge((int)link.Received.Sequence);
                });
                break;
            case EffectKind.MakeReadOnly:
                yield return server.Close;
                break;
            case EffectKind.OpenWrites:
                yield return Do(() => server.ReadOnly = false);
                break;
            case EffectKind.Promote:
                yield return StopSlave(server);
                yield return Do(() => server.Link = null);
                if (world.SemiSync) yield return Do(() => Waiting(server));
                yield return Do(() => server.ReadOnly = false);
                break;
            case EffectKind.Follow:
                var source = world.Find(effect.Source)!;
                if (server.Link is not null) yield return StopSlave(server);
                yield return Do(() =>
                {
                    if (!seen.SlavePosition.Covers(seen.BinlogPosition)) server.DemoteToReplica();
                    server.Link = new Link(world, server, source);
                });
                yield return Do(() => server.Link?.StartSlave());
                break;
            case EffectKind.SetAcknowledging when effect.Role == ServerRole.Primary:
                yield return Do(() => Waiting(server));
                break;
            case EffectKind.SetAcknowledging:
                yield return Do(() => Acknowledging(server, effect.Role == ServerRole.Replica));
                // A receiver that runs has said before whether it acknowledges.
                if (seen.Links.All(static link => link.Receiving == LinkState.Stopped)) break;
                yield return Do(() => server.Link?.StopReceiving());
                yield return Do(() => server.Link?.StartReceiving());
                break;
            case EffectKind.Reconcile:
                var other = world.Find(effect.Source)!;
                yield return StopSlave(server);
                yield return done => server.Later(200_000 + world.Chance.Below(600_000), () =>
                {
                    if (!server.ReadOnly || !other.Up) { done(); return; }
                    server.Link?.DiscardRelay();
                    server.Link = null;
                    var tail = server.RewindTo(other);
                    world.Story?.Add($"{server.Id} is rewound to {server.Last}; set aside: {tail.Count}");
                    world.Truth.SetAside(server, tail);
                    done();
                });
                break;
        }
    }

    static Action<Action> Do(Action what) => done =>
    {
        what();
        done();
    };

    // STOP SLAVE waits for the transaction that is being applied.
    static Action<Action> StopSlave(Database server) => done =>
    {
        server.Link?.StopSlave();
        void Wait()
        {
            if (server.Link is null || server.Committed == server.Written) done();
            else server.Later(1_000, Wait);
        }
        Wait();
    };

    static void Waiting(Database server)
    {
        server.Acknowledges = false;
        server.SetWaits(true);
    }

    static void Acknowledging(Database server, bool acknowledges)
    {
        server.SetWaits(false);
        server.Acknowledges = acknowledges;
    }
}
