using System.Collections.Concurrent;
using System.Net.Sockets;
using Headwater.Commands;
using Headwater.Control.Handover;
using Headwater.Gateway;
using Headwater.Gateway.Transport;
using Headwater.Http;

namespace Headwater.Handover;

/// <summary>The successor's side: takes the sockets, the journal and the log from the process that serves from a state directory, and stays in touch with it as long as that has sessions.</summary>
sealed class Takeover : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly Link _link;
    readonly Message.Offer _offer;
    readonly int[] _descriptors;
    readonly ConcurrentDictionary<long, TaskCompletionSource<ushort>> _kills = new();
    long _lastKill;
    volatile bool _gone;

    Takeover(Link link, Message.Offer offer, int[] descriptors, TimeProvider time)
    {
        (_link, _offer, _descriptors) = (link, offer, descriptors);
        Predecessor = new Predecessor(time, (record, revision) => _link.Tell(new Message.Recorded(record, revision)));
    }

    /// <summary>For the controller.</summary>
    public Predecessor Predecessor { get; }
    public int Pid => _offer.Pid;
    public string Version => _offer.Version;

    /// <summary>Whether the predecessor serves: what takes over from it has to come as far.</summary>
    public bool IsReady => _offer.Ready;

    /// <summary>What the predecessor still has; null when it is gone.</summary>
    public PredecessorJson? State { get; private set; }

    /// <exception cref="CommandException">Nobody can be taken over from there.</exception>
    public static async Task<Takeover> BeginAsync(string directory, TimeProvider time, CancellationToken ct)
    {
        Link link;
        try
        {
            link = Link.To(Succession.PathIn(directory));
        }
        catch (SocketException)
        {
            throw new CommandException(ExitCode.CannotTakeOver, $"No gateway that could be taken over from serves from {Path.GetFullPath(directory)}. Leave --take-over out to start one.");
        }
        link.Tell(new Message.Take(Message.CurrentFormat, Environment.ProcessId, BuildVersion.Text));
        var answer = await HeardAsync(link, "The gateway that serves", ct);
        if (answer is (Message.Offer { Format: Message.CurrentFormat } offer, var descriptors)) return new Takeover(link, offer, descriptors, time);
        link.Dispose();
        throw answer is (Message.Refused refused, _) ? new CommandException(ExitCode.Failed, $"The gateway that serves goes on: {refused.Sentence}.")
            : new CommandException(ExitCode.CannotTakeOver, "The gateway that serves is of a version that cannot hand its sessions over to this one: stop it and start this one.");
    }

    static async Task<(Message, int[])?> HeardAsync(Link link, string whom, CancellationToken ct)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(Patience);
        try
        {
            return await link.NextAsync(patience.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new CommandException(ExitCode.Failed, $"{whom} has said nothing for {Patience.TotalSeconds:0} s.");
        }
    }

    /// <summary>From here the journal and the log are this process's.</summary>
    /// <exception cref="CommandException">Not now, or not at all.</exception>
    public async Task YieldAsync(CancellationToken ct)
    {
        _link.Tell(new Message.Yield());
        await NextAsync<Message.Yielded>(ct);
    }

    /// <summary>The predecessor accepts nobody any more; who comes waits for this process.</summary>
    /// <param name="http">The address that this process's configuration gives; the socket is taken over where it is the same.</param>
    public async Task<(TakenOver TakenOver, int? Http)> AcceptAsync(string? http, CancellationToken ct)
    {
        _link.Tell(new Message.Accept());
        var accepted = await NextAsync<Message.Accepted>(ct);
        var listeners = _offer.Listeners.Zip(_descriptors).ToDictionary(static pair => pair.First, static pair => pair.Second);
        int? inherited = _offer.Http is not null ? _descriptors[^1] : null;
        if (inherited is { } unwanted && http != _offer.Http)
        {
            DescriptorPassing.Close([unwanted]);
            inherited = null;
        }
        return (new TakenOver(listeners, accepted.LastSession, KillAsync), inherited);
    }

    /// <summary>
    /// This process serves. The predecessor is waited for until it has let go, however long that takes: it may stand still, and clients are served meanwhile. One that is gone has let go.
    /// What it says from here on is heard until it ends.
    /// </summary>
    /// <returns>When it has ended.</returns>
    public async Task<Task> ServingAsync(CancellationToken ct)
    {
        _link.Tell(new Message.Serving());
        while (await _link.NextAsync(ct) is var (message, _))
            if (message is Message.Over) break;
            else if (message is Message.Refused refused) throw Refused(refused);
            else Hear(message);
        return HearAsync();
    }

    /// <summary>The gateway stops, so what is left of the predecessor is to stop too.</summary>
    public void Stop() => _link.Tell(new Message.Stop());

    /// <summary>It is not to be: the predecessor goes on.</summary>
    public void GiveUp(string sentence) => _link.Tell(new Message.Refused(sentence));

    async Task<T> NextAsync<T>(CancellationToken ct) where T : Message
    {
        while (await HeardAsync(_link, $"Process {Pid}", ct) is var (message, _))
            if (message is T expected) return expected;
            else if (message is Message.Refused refused) throw Refused(refused);
            else Hear(message);
        throw new CommandException(ExitCode.Failed, $"Process {Pid} has broken off.");
    }

    CommandException Refused(Message.Refused refused) => new(ExitCode.Failed, $"Process {Pid} goes on: {refused.Sentence}.");

    async Task HearAsync()
    {
        while (await _link.NextAsync(CancellationToken.None) is var (message, _)) Hear(message);
        State = null;
        _gone = true;
        Predecessor.Gone();
        foreach (var asked in _kills.Values) asked.TrySetResult(GatewayServer.NoSuchSession);
    }

    void Hear(Message message)
    {
        if (message is Message.Holding holding) Predecessor.Heard(holding.Peer);
        else if (message is Message.Sessions sessions) State = new PredecessorJson(Pid, Version, sessions.Count);
        else if (message is Message.Killed killed && _kills.TryRemove(killed.Number, out var asked)) asked.TrySetResult(killed.Error);
    }

    Task<ushort> KillAsync(uint session, bool connection, string user, bool may)
    {
        if (_gone) return Task.FromResult(GatewayServer.NoSuchSession);
        var number = Interlocked.Increment(ref _lastKill);
        var answer = new TaskCompletionSource<ushort>(TaskCreationOptions.RunContinuationsAsynchronously);
        _kills[number] = answer;
        _link.Tell(new Message.Kill(number, session, connection, user, may));
        if (_gone) answer.TrySetResult(GatewayServer.NoSuchSession);
        return answer.Task;
    }

    public void Dispose() => _link.Dispose();
}
