namespace Headwater.Bench.CacheCheck;

/// <summary>Mistakes; each must be found, or the check proves nothing.</summary>
enum Plant
{
    None,

    /// <summary>A fill may be served before the log is known as far as it may have seen.</summary>
    FillWithoutBound,

    /// <summary>A changed row does not get into the fold, now and then.</summary>
    RowSkipped,

    /// <summary>More of the log is claimed than was folded.</summary>
    ExtentAhead,

    /// <summary>A definition leaves the dictionary as it was.</summary>
    DefinitionSkipped,

    /// <summary>What another session has just read is taken over whatever this one has to see.</summary>
    MergeUncovered,

    /// <summary>The bound of a read is looked for from its start on.</summary>
    ReadDatedByItsStart,

    /// <summary>What the server shows is looked up after the read.</summary>
    ReadFromItsEnd,

    /// <summary>A session does not know of what was served to it from what is kept.</summary>
    ResultForgotten,

    /// <summary>The primary is taken to show what was served from what is kept.</summary>
    PrimaryTrusted,

    /// <summary>A part of the log was lost, and the fold is not told.</summary>
    GapUnseen,

    /// <summary>After the fold began anew, what was numbered before is compared with what is numbered since.</summary>
    OldNumbers,

    /// <summary>A part of the log comes before what it follows.</summary>
    Reordered,

    /// <summary>A copy below the floor answers wherever nothing is known to have changed, however far the log is known.</summary>
    ProofWithoutReach,
}

/// <summary>How what is kept is known to be true.</summary>
enum Policy
{
    /// <summary>By the log: the product's own classes.</summary>
    Log,

    /// <summary>For a time: 100 ms.</summary>
    Ttl,

    /// <summary>Until who changes it has removed it, after its commit.</summary>
    DeleteOnWrite,
}
