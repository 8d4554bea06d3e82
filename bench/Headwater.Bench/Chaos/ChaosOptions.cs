namespace Headwater.Bench.Chaos;

/// <summary>What <c>bench/chaos</c> does to the servers.</summary>
sealed record ChaosOptions
{
    public required int Rounds { get; init; }
    public int Sessions { get; init; } = 8;
    public IReadOnlyList<string> Faults { get; init; } = Chaos.Faults.All;
    public int Replicas { get; init; } = 2;
    public required ulong Seed { get; init; }

    /// <summary>Planted: the checker must see it. "lose" forgets an acknowledged write on the servers behind their logs; "double" repeats one; "back" sets registers back.</summary>
    public string? Plant { get; init; }
    public bool Keep { get; init; }

    public static ChaosOptions Parse(Arguments arguments)
    {
        var options = new ChaosOptions
        {
            Rounds = arguments.Number("rounds", arguments.Flag("short") ? 8 : 200, 1),
            Sessions = arguments.Number("sessions", 8, 4),
            Faults = arguments.List("faults", Chaos.Faults.All),
            Replicas = arguments.Number("replicas", 2, 1),
            Seed = arguments.Seed(),
            Plant = arguments.Text("plant"),
            Keep = arguments.Flag("keep"),
        };
        if (options.Plant is not (null or "lose" or "double" or "back")) throw new UsageException($"--plant: found {options.Plant}; allowed: lose, double, back");
        arguments.NothingElse();
        return options;
    }
}
