namespace Headwater.Bench.Cost;

/// <summary>One combination that all ways are measured at.</summary>
sealed record Cell(string Script, int Threads, string PsMode)
{
    public string ShortScript => Script.Replace("oltp_", "", StringComparison.Ordinal);
    public override string ToString() => $"{ShortScript}, {Threads} thread{(Threads == 1 ? "" : "s")}, ps-mode {PsMode}";
}

/// <summary>One run of sysbench by one way. Times are microseconds per query; the gateway's are those of its whole process.</summary>
sealed record Run
{
    public required string Way { get; init; }
    public required string Script { get; init; }
    public required int Threads { get; init; }
    public required string PsMode { get; init; }
    public required int Round { get; init; }
    public required long Queries { get; init; }
    public required double QueriesPerSecond { get; init; }
    public required double P95Milliseconds { get; init; }
    public double UserMicroseconds { get; init; }
    public double SystemMicroseconds { get; init; }

    /// <summary>Of the reactor threads alone, which move the bytes; the rest is sampling positions, metrics, collecting garbage. NaN for other programs.</summary>
    public double ReactorUserMicroseconds { get; init; } = double.NaN;
    public double ReactorSystemMicroseconds { get; init; } = double.NaN;

    /// <summary>All mariadbd processes together: Headwater spreads the reads over three, the others use one.</summary>
    public double ServersMicroseconds { get; init; }

    /// <summary>Of the whole process per statement, in the steady part of the run; NaN for other programs.</summary>
    public double AllocatedBytes { get; init; } = double.NaN;

    /// <summary>The same of the reactor threads alone, which is where statements run; NaN when the gateway does not tell.</summary>
    public double ReactorAllocatedBytes { get; init; } = double.NaN;
    public double StolenShare { get; init; }
    public bool Dropped { get; set; }
    public double CpuMicroseconds => UserMicroseconds + SystemMicroseconds;
    public double ReactorMicroseconds => ReactorUserMicroseconds + ReactorSystemMicroseconds;
    public Cell Cell => new(Script, Threads, PsMode);
}
