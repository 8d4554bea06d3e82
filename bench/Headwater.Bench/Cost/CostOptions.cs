namespace Headwater.Bench.Cost;

/// <summary>What <c>bench/gateway</c> measures.</summary>
sealed record CostOptions
{
    public const string Direct = "direct", Proxy = "HAProxy", Gateway = "Headwater";
    static readonly string[] _scripts = ["oltp_point_select", "oltp_read_only", "oltp_read_write"];
    static readonly string[] _shortScripts = [.. _scripts.Select(static script => script["oltp_".Length..])];

    public required IReadOnlyList<Cell> Cells { get; init; }
    public required IReadOnlyList<string> Ways { get; init; }
    public required int Rounds { get; init; }
    public required int Seconds { get; init; }

    /// <summary>A run with a larger share of stolen processor time is done again, and dropped when that does not help.</summary>
    public required double StealLimit { get; init; }
    public required int Replicas { get; init; }
    public required ulong Seed { get; init; }
    public string? JsonFile { get; init; }
    public bool Keep { get; init; }

    public static CostOptions Parse(Arguments arguments)
    {
        var quick = arguments.Flag("quick");
        var scripts = arguments.List("only", _shortScripts);
        var threads = quick && arguments.Text("threads") is null ? ["8"] : arguments.List("threads", "1", "8", "32");
        var modes = arguments.List("ps-mode", "auto", "disable");
        if (quick && scripts.Count == _shortScripts.Length) scripts = ["point_select", "read_write"];
        var options = new CostOptions
        {
            Cells = [.. from script in scripts from thread in threads from mode in modes select new Cell("oltp_" + script, int.Parse(thread), mode)],
            Ways = arguments.List("ways", Direct, Proxy, Gateway),
            Rounds = arguments.Number("rounds", quick ? 2 : 3, 1),
            Seconds = arguments.Number("seconds", quick ? 2 : 4, 1),
            StealLimit = arguments.Number("steal-limit", 5) / 100.0,
            Replicas = arguments.Number("replicas", 2),
            Seed = arguments.Seed(),
            JsonFile = arguments.Text("json"),
            Keep = arguments.Flag("keep"),
        };
        arguments.NothingElse();
        return options;
    }
}
