namespace Headwater.Bench.Reader;

/// <summary>What <c>bench/run reader</c> does.</summary>
sealed record ReaderOptions
{
    public static readonly string[] AllParts = ["values", "names", "large", "resume", "rate", "fresh"];

    public required IReadOnlyList<string> Parts { get; init; }

    /// <summary>Of the workload; one is a statement, a transaction or a definition.</summary>
    public int Steps { get; init; }

    /// <summary>Of the one large transaction, MB.</summary>
    public int Large { get; init; }
    public int Kills { get; init; }
    public int Cuts { get; init; }

    /// <summary>Row changes to measure the rate with.</summary>
    public int Changes { get; init; }

    /// <summary>Of watching how fresh the feed is.</summary>
    public int Seconds { get; init; }
    public required ulong Seed { get; init; }
    public bool Keep { get; init; }

    public static ReaderOptions Parse(Arguments arguments)
    {
        var isShort = arguments.Flag("short");
        var options = new ReaderOptions
        {
            Parts = arguments.List("only", AllParts),
            Steps = arguments.Number("steps", isShort ? 600 : 4000),
            Large = arguments.Number("large", isShort ? 24 : 128, 1),
            Kills = arguments.Number("kills", isShort ? 8 : 200),
            Cuts = arguments.Number("cuts", isShort ? 4 : 50),
            Changes = arguments.Number("changes", isShort ? 200_000 : 10_000_000, 1000),
            Seconds = arguments.Number("seconds", isShort ? 4 : 60, 1),
            Seed = arguments.Seed(),
            Keep = arguments.Flag("keep"),
        };
        arguments.NothingElse();
        return options;
    }
}
