using Headwater.Core.Positions;
using Headwater.Core.Topology;

namespace Headwater.Tests.Simulation.Clusters;

/// <summary>
/// A replica's link to its source: the receiver writes the relay log, makes it durable and only then acknowledges; the applier works it off.
/// The relay log is thrown away when both threads start anew, after a restart or a CHANGE MASTER (MDEV-4698), and what is missing is asked for again.
/// </summary>
sealed class Link(World world, Database replica, Database source)
{
    const long Heartbeat = 500 * Clockwork.Millisecond;
    const long SilenceEndsIt = 4 * Clockwork.Second;

    readonly List<Transaction> _relay = [];
    int _connection;
    int _sourceLife;
    int _sent;
    long _heardAt;
    readonly List<Transaction> _arrived = [];
    bool _storing;
    bool _applying;
    bool _inApplication;

    public Database Replica => replica;
    public Database Source => source;
    public LinkState Receiving { get; private set; }

    /// <summary>Connected to the process that runs there now: after a loss of power a connection may only look as if it stood.</summary>
    public bool Hears => Receiving == LinkState.Running && source.Life == _sourceLife && source.Serves && world.Network.OpenBothWays(source.Index, replica.Index);
    public bool Applying => _applying;
    public bool Acknowledging { get; private set; }
    public string Error { get; private set; } = "";

    /// <summary>Its last attempt met nobody; this is told until it has connected or is started anew, also after it was stopped.</summary>
    public bool Unreached { get; private set; }
    public uint SourceNumber { get; private set; }
    public Gtid Received { get; private set; }
    public long Heartbeats { get; private set; }

    /// <summary>A transaction that this server cannot apply until an operator has seen to it.</summary>
    public bool Broken;

    public Transaction Held => _relay.Count > 0 ? _relay[^1] : replica[replica.Written - 1];

    public ReplicationLink Row() => new()
    {
        SourceHost = source.Watched.Address.Host,
        SourcePort = source.Watched.Address.Port,
        SourceNumber = SourceNumber,
        Receiving = Receiving,
        Received = Received.Sequence == 0 ? Position.Empty : new Position(Received),
        Heartbeats = Heartbeats,
        Applying = _applying,
        Error = Unreached && Error.Length == 0 ? "error connecting to master" : Error,
        Unreached = Unreached && Error.Length == 0,
    };

    // ---- threads

    public void StartSlave()
    {
        if (Receiving == LinkState.Stopped && !_applying) DiscardRelay();
        StartApplying();
        StartReceiving();
    }

    public void StopSlave()
    {
        StopReceiving();
        _applying = false;
    }

    public void StartReceiving()
    {
        if (Receiving != LinkState.Stopped) return;
        Receiving = LinkState.Connecting;
        Error = "";
        Unreached = false;
        Connect(++_connection);
    }

    public void StopReceiving()
    {
        Receiving = LinkState.Stopped;
        Acknowledging = false;
        _connection++;
    }

    public void StartApplying()
    {
        if (_applying) return;
        _applying = true;
        Error = "";
        Apply();
    }

    public void DiscardRelay()
    {
        _relay.Clear();
        _inApplication = false;
    }

    public void Died()
    {
        Receiving = LinkState.Stopped;
        Acknowledging = false;
        _applying = _inApplication = false;
        _connection++;
    }

    public void Restarted()
    {
        DiscardRelay();
        (SourceNumber, Received, Heartbeats, Error, Unreached) = (0, default, 0, "", false);
        if (!world.SkipsSlaveStart) StartSlave();
    }

    // ---- receiving

    void Connect(int connection)
    {
        if (connection != _connection || Receiving != LinkState.Connecting) return;
        var answered = false;
        world.Network.Send(replica.Index, source.Index, () => source.Receive(() =>
        {
            var from = _relay.Count > 0 ? _relay[^1].Gtid : replica.SlavePosition;
            var known = source.Knows(from);
            var life = source.Life;
            world.Network.Send(source.Index, replica.Index, () => replica.Receive(() =>
            {
                if (connection != _connection || Receiving != LinkState.Connecting) return;
                answered = true;
                if (source.Life != life) { Retry(connection); return; }
                if (!known)
                {
                    StopReceiving();
                    Error = $"error 1236: the slave requested to start from GTID {from}, which is not in the master's binlog";
                    world.Story?.Add($"{replica.Id} from {source.Id}: {Error}");
                    return;
                }
                (Receiving, Acknowledging, SourceNumber, Received, _heardAt) = (LinkState.Running, replica.Acknowledges, source.Number, from, world.Clock.Now);
                (_sourceLife, _sent, _storing) = (life, (int)from.Sequence, false);
                _arrived.Clear();
                Unreached = false;
                replica.Later(Heartbeat, () => Beat(connection));
                Pump();
            }));
        }));
        // An attempt that meets nobody is made again after a second.
        replica.Later(Clockwork.Second, () =>
        {
            if (answered || connection != _connection || Receiving != LinkState.Connecting) return;
            Unreached = true;
            Connect(++_connection);
        });
    }

    void Retry(int connection) => replica.Later(Clockwork.Second, () => Connect(connection));

    public void Lost(int connection)
    {
        if (connection != _connection || Receiving != LinkState.Running) return;
        Receiving = LinkState.Connecting;
        Acknowledging = false;
        Connect(++_connection);
    }

    /// <summary>The source's process is gone; its host says so, where it can.</summary>
    public void SourceDied()
    {
        if (Receiving != LinkState.Running) return;
        var connection = _connection;
        world.Network.Send(source.Index, replica.Index, () => replica.Receive(() => Lost(connection)));
    }

    void Beat(int connection)
    {
        if (connection != _connection || Receiving != LinkState.Running) return;
        if (Hears)
        {
            Heartbeats++;
            _heardAt = world.Clock.Now;
        }
        else if (world.Clock.Now - _heardAt > SilenceEndsIt)
        {
            Lost(connection);
            return;
        }
        replica.Later(Heartbeat, () => Beat(connection));
    }

    /// <summary>The source's log has grown: what is new is sent.</summary>
    public void Pump()
    {
        if (Receiving != LinkState.Running || source.Life != _sourceLife || !source.Up || _sent >= source.Synced) return;
        var batch = new Transaction[source.Synced - _sent];
        for (var i = 0; i < batch.Length; i++) batch[i] = source[_sent + i];
        _sent = source.Synced;
        var connection = _connection;
        world.Network.Send(source.Index, replica.Index, () => replica.Receive(() => Arrive(connection, batch)));
    }

    void Arrive(int connection, Transaction[] batch)
    {
        if (connection != _connection || Receiving != LinkState.Running) return;
        _heardAt = world.Clock.Now;
        _arrived.AddRange(batch);
        Store(connection);
    }

    /// <summary>sync_relay_log=1: what has arrived meanwhile is made durable together.</summary>
    void Store(int connection)
    {
        if (_storing || _arrived.Count == 0) return;
        _storing = true;
        var count = _arrived.Count;
        replica.Later(replica.Fsync, () =>
        {
            if (connection != _connection || Receiving != LinkState.Running) return;
            _storing = false;
            _relay.AddRange(_arrived.Take(count));
            _arrived.RemoveRange(0, count);
            Received = _relay[^1].Gtid;
            if (Acknowledging)
            {
                var (to, life) = ((int)Received.Sequence, _sourceLife);
                world.Network.Send(replica.Index, source.Index, () => { if (source.Life == life) source.Receive(() => source.Acknowledge(to)); });
            }
            Apply();
            Store(connection);
        });
    }

    // ---- applying

    void Apply()
    {
        if (!_applying || _inApplication || _relay.Count == 0) return;
        _inApplication = true;
        var next = _relay[0];
        replica.Later(world.ApplyTime(replica), () =>
        {
            if (!_inApplication || _relay.Count == 0 || !ReferenceEquals(_relay[0], next)) return;
            if (!_applying || replica.Link != this)
            {
                _inApplication = false;
                return;
            }
            if (Broken || next.Gtid.Sequence != replica.Last.Sequence + 1)
            {
                _applying = _inApplication = false;
                Error = Broken ? "error 1062: Duplicate entry" : $"error 1950: GTID {next.Gtid} is out of order after {replica.Last} (gtid_strict_mode)";
                world.Story?.Add($"{replica.Id}: {Error}");
                return;
            }
            replica.Apply(next);
        });
    }

    /// <summary>What was being applied is committed.</summary>
    public void Applied()
    {
        while (_relay.Count > 0 && _relay[0].Gtid.Sequence <= replica.SlavePosition.Sequence) _relay.RemoveAt(0);
        _inApplication = false;
        Apply();
    }
}
