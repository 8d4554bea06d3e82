namespace Headwater.Bench.Audit;

/// <summary>Where the audited sessions' statements go. The others than gateways are planted: they show what the checker sees.</summary>
enum Through
{
    /// <summary>Two gateways.</summary>
    Gateways,

    /// <summary>Reads to a replica by chance, writes to the primary, as splitting without positions does: must be found wanting.</summary>
    Replicas,

    /// <summary>Everything to the primary: must be found clean, or the checker cries wolf.</summary>
    Primary,
}

sealed record AuditOptions
{
    public const int LeastSessions = 16;

    public long Reads { get; init; } = 1_000_000;

    /// <summary>The audit ends then at the latest; fewer reads than asked for are a failure.</summary>
    public TimeSpan AtMost { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The faults go on at least so long, however fast the reads are.</summary>
    public TimeSpan AtLeast { get; init; } = TimeSpan.FromSeconds(10);
    public int Sessions { get; init; } = 24;
    public int Replicas { get; init; } = 2;
    public int WritePercent { get; init; } = 5;
    public Through Through { get; init; }

    /// <summary>Planted: sessions wander between the gateways without their token.</summary>
    public bool LoseTokens { get; init; }
    /// <summary>Both gateways keep results.</summary>
    public bool Caches { get; init; }
    public bool Calm { get; init; }
    public ulong Seed { get; init; } = 1;
    public bool Keep { get; init; }
    public bool IsPlanted => Through == Through.Replicas || LoseTokens;

    public static AuditOptions Parse(Arguments arguments)
    {
        var isShort = arguments.Flag("short");
        var options = new AuditOptions
        {
            Reads = arguments.Number("reads", isShort ? 30_000 : 1_000_000, 1),
            AtMost = TimeSpan.FromSeconds(arguments.Number("seconds", isShort ? 60 : 900, 1)),
            AtLeast = TimeSpan.FromSeconds(arguments.Number("at-least", isShort ? 15 : 60)),
            Sessions = arguments.Number("sessions", 24, LeastSessions),
            Replicas = arguments.Number("replicas", 2, 1),
            WritePercent = arguments.Number("writes", 5, 1),
            Through = arguments.Choice("through", "gateways", "replicas", "primary") switch { "replicas" => Through.Replicas, "primary" => Through.Primary, _ => Through.Gateways },
            LoseTokens = arguments.Flag("lose-tokens"),
            Caches = arguments.Flag("cache"),
            Calm = arguments.Flag("calm"),
            Seed = arguments.Seed(),
            Keep = arguments.Flag("keep"),
        };
        arguments.NothingElse();
        return options;
    }
}
