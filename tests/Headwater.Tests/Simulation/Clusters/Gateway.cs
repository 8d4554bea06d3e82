using Headwater.Core.Positions;
using Headwater.Core.Topology;

namespace Headwater.Tests.Simulation.Clusters;

/// <summary>A gateway as the controller's counterpart: it follows the published view, holds writes while there is no primary, and reads where the session's position is covered.</summary>
sealed class Gateway(World world, int index)
{
    readonly List<Client> _held = [];
    readonly List<Client> _sent = [];
    readonly bool _cutsWhenTheEpochEnds = world.Chance.OneIn(2);

    public int Node => world.GatewayNode(index);
    public ClusterView? View { get; private set; }
    public int OpenWrites => _sent.Count;

    public void Follow(ClusterView view)
    {
        if (View is { } last && view.Epoch.Number < last.Epoch.Number) world.Truth.Violated("I11", $"gateway {index} was told epoch {view.Epoch} after {last.Epoch}");
        var ended = View is not null && View.Epoch != view.Epoch;
        View = view;
        if (ended && _cutsWhenTheEpochEnds)
            foreach (var client in _sent.ToList()) Ended(client, client.Attempt, WriteReply.Broken, null);
        if (view.Primary is null || _held.Count == 0) return;
        var waiting = _held.ToList();
        _held.Clear();
        foreach (var client in waiting) Route(client);
    }

    public void Route(Client client)
    {
        if (View?.Primary is not { } primary)
        {
            _held.Add(client);
            return;
        }
        var server = world.Find(primary.Id)!;
        var (epoch, attempt, write) = (View.Epoch, ++client.Attempt, client.Write);
        world.Truth.Routed(epoch, server);
        _sent.Add(client);
        void Reply(WriteReply reply, Transaction? transaction) => world.Network.Send(server.Index, Node, () => Ended(client, attempt, reply, transaction));
        world.Network.Send(Node, server.Index, () => server.Receive(
            () => server.Write(write, epoch, Reply),
            () => Reply(WriteReply.ReadOnly, null))); // nobody listens: surely not done, as if refused
        // No gateway waits for ever for a server that says nothing.
        world.Clock.In(8 * Clockwork.Second, () => Ended(client, attempt, WriteReply.Broken, null));
    }

    void Ended(Client client, int attempt, WriteReply reply, Transaction? transaction)
    {
        if (client.Attempt != attempt || !_sent.Remove(client)) return;
        if (reply != WriteReply.ReadOnly)
        {
            client.Ended(reply, transaction);
            return;
        }
        // Refused is not done: it waits for the next view, or tries again.
        world.Tally.Refused++;
        world.Clock.In(50 * Clockwork.Millisecond, () => Route(client));
    }

    /// <summary>A read of a session that has seen <paramref name="floor"/>.</summary>
    public void Read(Client client, Gtid? floor, Action<Transaction?, Gtid> answer)
    {
        if (View is not { } view) { answer(null, default); return; }
        var read = client.Reading;
        var position = floor is null ? Position.Empty : new Position(floor.Value);
        // As the router: a session's position is judged once in an epoch, against the history of whoever writes it.
        if (floor is not null && client.JudgedIn != view.Epoch)
        {
            if (view.Inherited is { } inherited)
            {
                var narrowed = inherited.Narrow(position);
                if (!narrowed.Equals(position)) world.Tally.Narrowed++;
                client.Narrow(position = narrowed);
            }
            var foreign = Lineage.IsForeign(view, position, out _);
            if (foreign)
            {
                client.ToldOfLoss();
                position = Position.Empty;
            }
            if (foreign || Lineage.KnowsDomains(view, position)) client.JudgedIn = view.Epoch;
        }
        var able = view.Servers.Where(server => server == view.Primary || server is { Health: ServerHealth.Up, Role: ServerRole.Replica, LastAnswer: { } told } && told.SlavePosition.Covers(position)).ToList();
        if (able.Count == 0) { answer(null, default); return; }
        var server = world.Find(able[world.Chance.Below(able.Count)].Id)!;
        var boot = server.Boot;
        world.Network.Send(Node, server.Index, () => server.Receive(() =>
        {
            // What it saw is not known to it, only that it is no more than what was logged.
            if (client.Saw(read, server)) answer(server[server.Committed - 1], server[server.Synced - 1].Gtid);
        }, () => answer(null, default)));
        world.Clock.In(2 * Clockwork.Second, () => answer(null, default));
    }
}

/// <summary>One session: writes unique ids one after the other, and reads in between at level session.</summary>
sealed class Client(World world, Gateway gateway)
{
    Transaction? _seen;
    Gtid? _floor;
    int _reads;

    public int Write { get; private set; }
    public int Attempt;
    public Epoch JudgedIn;

    /// <summary>The read that is waited for; 0: none.</summary>
    public int Reading { get; private set; }

    public void Begin()
    {
        if (world.Truth.ClientsRest) return;
        Write = world.Truth.Begin();
        gateway.Route(this);
    }

    public void Ended(WriteReply reply, Transaction? transaction)
    {
        world.Truth.Ended(Write, reply, transaction);
        if (reply == WriteReply.Committed && transaction is not null && (_seen is null || transaction.Gtid.Sequence > _seen.Gtid.Sequence)) _floor = (_seen = transaction).Gtid;
        var pause = 10 * Clockwork.Millisecond + world.Chance.Below(200_000);
        if (!world.Chance.OneIn(3)) { world.Clock.In(pause, Begin); return; }
        var read = Reading = ++_reads;
        gateway.Read(this, _floor, (seen, bound) =>
        {
            if (Reading != read) return;
            Reading = 0;
            if (seen is not null) (_seen, _floor) = (seen, bound);
            world.Clock.In(pause, Begin);
        });
    }

    public void ToldOfLoss()
    {
        world.Tally.ToldLost++;
        _seen = null;
        _floor = null;
    }

    public void Narrow(Position position) => _floor = position.IsEmpty ? null : position[0];

    /// <summary>I12: what the session has seen or written is there.</summary>
    public bool Saw(int read, Database server)
    {
        if (read != Reading) return false;
        world.Tally.Reads++;
        if (_seen is not null && !server.Shows(_seen))
            world.Truth.Violated("I12", $"a session that had seen {_seen.Gtid} read from {server.Id}, which stands at {server[server.Committed - 1].Gtid}{(server.Has(_seen) ? "" : " in another history")}");
        return true;
    }
}
