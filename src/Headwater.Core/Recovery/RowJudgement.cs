using Headwater.Core.Log;

namespace Headwater.Core.Recovery;

/// <summary>What stands where a logged row would be written, compared byte for byte.</summary>
public enum RowStanding : byte
{
    Missing,
    AsBefore,
    AsAfter,

    /// <summary>A row that is neither.</summary>
    Other,
}

public enum RowVerdict : byte
{
    Clean,
    AlreadyThere,
    Conflict,
}

/// <summary>Whether a logged change may be made where it has not been made, without overwriting anything newer.</summary>
public static class RowJudgement
{
    public static (RowVerdict Verdict, string Reason) Of(RowKind kind, RowStanding standing) => (kind, standing) switch
    {
        (RowKind.Insert, RowStanding.Missing) => (RowVerdict.Clean, "its key is free"),
        (RowKind.Insert, RowStanding.AsAfter) => (RowVerdict.AlreadyThere, "the same row is there"),
        (RowKind.Insert, _) => (RowVerdict.Conflict, "another row has its key"),
        (RowKind.Update, RowStanding.AsBefore) => (RowVerdict.Clean, "the row is as it was before"),
        (RowKind.Update, RowStanding.AsAfter) => (RowVerdict.AlreadyThere, "the row is as it would become"),
        (RowKind.Update, RowStanding.Missing) => (RowVerdict.Conflict, "the row is gone"),
        (RowKind.Update, _) => (RowVerdict.Conflict, "the row has been changed since"),
        (RowKind.Delete, RowStanding.AsBefore) => (RowVerdict.Clean, "the row is as it was before"),
        (RowKind.Delete, RowStanding.Missing) => (RowVerdict.AlreadyThere, "the row is gone already"),
        _ => (RowVerdict.Conflict, "the row has been changed since"),
    };

    /// <summary>
    /// Of a whole transaction. One of which a part is there is a conflict: somebody else did that part, and doing the rest could do it doubly.
    /// </summary>
    public static (RowVerdict Verdict, string Reason) Of(int clean, int there, int conflicts, string firstConflict) =>
        conflicts > 0 ? (RowVerdict.Conflict, firstConflict)
        : clean == 0 && there > 0 ? (RowVerdict.AlreadyThere, "all of its rows are there already")
        : there > 0 ? (RowVerdict.Conflict, $"{there} of its {clean + there} rows are there already and the others are not: who did that cannot be told")
        : (RowVerdict.Clean, "every row is as it was before");
}
