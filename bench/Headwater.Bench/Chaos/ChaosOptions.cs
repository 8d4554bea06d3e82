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
    public IReadOnlyList<string> Plant { get; init; } = [];

    /// <summary>Each fault lasts a few seconds at most, and there is one round of each.</summary>
    public bool Short { get; init; }
    public bool Keep { get; init; }

    /// <summary>Only one gateway has a controller, which is not shared: the other knows of none.</summary>
    public bool Alone { get; init; }

    public static ChaosOptions Parse(Arguments arguments)
    {
        var (faults, brief) = (arguments.List("faults", Chaos.Faults.All), arguments.Flag("short"));
        var options = new ChaosOptions
        {
            Rounds = arguments.Number("rounds", brief ? faults.Count : 200, 1),
            Sessions = arguments.Number("sessions", 8, 4),
            Faults = faults,
            Short = brief,
            Replicas = arguments.Number("replicas", 2, 1),
            Seed = arguments.Seed(),
            Plant = arguments.Text("plant") is null ? [] : arguments.List("plant", "lose", "double", "back"),
            Keep = arguments.Flag("keep"),
            Alone = arguments.Flag("alone"),
        };
        arguments.NothingElse();
        return options;
    }
}
