namespace Headwater.Bench.Lease;

/// <summary>What <c>bench/lease</c> does to the controllers.</summary>
sealed record LeaseOptions
{
    public static readonly string[] AllFaults = ["kill-holder", "stop-holder", "cut-holder", "kill-both", "kill-mid-failover", "stop-mid-failover", "cut-mid-failover", "switchover"];

    public required int Rounds { get; init; }
    public IReadOnlyList<string> Faults { get; init; } = AllFaults;
    public int Sessions { get; init; } = 6;

    /// <summary>Of etcd: 1 or 3.</summary>
    public int Members { get; init; } = 3;

    /// <summary>How long etcd is gone, at the end; 0: not at all.</summary>
    public TimeSpan Outage { get; init; }
    public required ulong Seed { get; init; }
    public bool Keep { get; init; }

    public static LeaseOptions Parse(Arguments arguments)
    {
        var isShort = arguments.Flag("short");
        var options = new LeaseOptions
        {
            Rounds = arguments.Number("rounds", isShort ? 8 : 64),
            Faults = arguments.List("faults", AllFaults),
            Sessions = arguments.Number("sessions", 6, 3),
            Members = arguments.Number("members", 3, 1),
            Outage = TimeSpan.FromSeconds(arguments.Number("outage", isShort ? 10 : 60)),
            Seed = arguments.Seed(),
            Keep = arguments.Flag("keep"),
        };
        if (options.Members is not (1 or 3)) throw new UsageException($"--members: found {options.Members}; allowed: 1, 3");
        arguments.NothingElse();
        return options;
    }
}
