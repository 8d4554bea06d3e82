using Headwater.Core.Positions;

namespace Headwater.Core.Topology;

/// <summary>What a round knows of one server before anything is decided: its last answer, how long it has been silent, and whether it is still the one we knew.</summary>
sealed record ServerFacts
{
    public required WatchedServer Watched { get; init; }
    public required ServerState State { get; init; }
    public ServerView? Before { get; init; }

    /// <summary>The latest probe, answered or not.</summary>
    public required Observation Latest { get; init; }

    /// <summary>The latest probe that was answered, this one or an earlier one.</summary>
    public Observation? Answer { get; init; }
    public bool Dead { get; init; }
    public TimeSpan SilentFor { get; init; }
    public string Identity { get; init; } = "";
    public bool LogWentBack { get; init; }

    /// <summary>See <see cref="Ring"/>: it may be written to though it replicates.</summary>
    public bool InRing { get; init; }

    public ServerId Id => Watched.Id;
    public bool Alive => !Dead && Answer is not null;
    public bool IsReplica => Answer is { Links.Length: > 0 };
    public bool IsWritable => Alive && Answer is { ReadOnly: false } && (InRing || Answer.Links.IsEmpty);

    /// <summary>Why a server that has not answered has not.</summary>
    public string Silence => Latest.Outcome switch
    {
        ProbeOutcome.Closed => "accepts no connections: nobody listens there",
        ProbeOutcome.Silent => $"accepts connections but has not answered for {Milliseconds(SilentFor)}",
        ProbeOutcome.Full => Latest.Failure,
        ProbeOutcome.Refused => $"has refused the monitoring user for {Milliseconds(SilentFor)}: {Latest.Failure}",
        _ => $"has not been reachable for {Milliseconds(SilentFor)}" + (Latest.Failure.Length > 0 ? $": {Latest.Failure}" : ""),
    };

    public static ServerFacts Of(Observation observation, ServerView? before, DiscoveryOptions options, Instant now)
    {
        var last = before?.LastAnswer;
        if (observation.Outcome != ProbeOutcome.Answered)
        {
            var silent = last is null ? TimeSpan.Zero : now - last.AnsweredAt;
            return new ServerFacts
            {
                Watched = observation.Server,
                Latest = observation,
                Answer = last,
                Before = before,
                SilentFor = silent,
                // A server that never answered has no role to keep.
                Dead = last is null || silent >= options.DeadAfter || observation.Outcome == ProbeOutcome.Closed,
                State = before?.State ?? new ServerState(observation.Server.Id, 1),
            };
        }
        var (isNew, wentBack, identity) = Compare(observation, last);
        return new ServerFacts
        {
            Watched = observation.Server,
            Latest = observation,
            Answer = observation,
            Before = before,
            // A probe that was answered long ago is no answer: the prober itself may hang.
            SilentFor = now - observation.AnsweredAt,
            Dead = now - observation.AnsweredAt >= options.DeadAfter,
            State = before is null ? new ServerState(observation.Server.Id, 1)
                : isNew ? new ServerState(observation.Server.Id, before.State.Incarnation + 1)
                : before.State,
            Identity = identity,
            LogWentBack = wentBack,
        };
    }

    /// <summary>Is it still the server we knew? When in doubt it is a new incarnation, which costs its readers one sample and nothing else.</summary>
    static (bool IsNew, bool WentBack, string Identity) Compare(Observation now, Observation? last)
    {
        if (last is null || ReferenceEquals(now, last)) return (false, false, "");
        if (now.Number != last.Number) return (true, true, $"another server answers there: its server_id was {last.Number} and is {now.Number}");
        if (now.WentBack) return (true, true, "its position went back between two looks");
        if (!now.BinlogPosition.Covers(last.BinlogPosition)) return (true, true, $"its log went back from {last.BinlogPosition} to {Or(now.BinlogPosition)}");
        if (now.Links.Length > 0 && !now.SlavePosition.Covers(last.SlavePosition)) return (true, true, $"it went back from {last.SlavePosition} to {Or(now.SlavePosition)}");
        if (now.NewConnection && now.Uptime <= now.AnsweredAt - last.AnsweredAt + TimeSpan.FromSeconds(1)) return (true, false, "it has restarted");
        return (false, false, "");
    }

    static string Or(Position position) => position.IsEmpty ? "nothing" : position.ToString();

    public static string Milliseconds(TimeSpan time) => $"{Math.Max(0, time.TotalMilliseconds):0} ms";
}
