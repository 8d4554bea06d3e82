namespace Headwater.Core;

/// <summary>Of tables that are gone through one after the other: how many rows there may be in all, better known the more of them are through. A server's numbers of rows are estimates.</summary>
/// <param name="Through">In tables that are through: counted.</param>
/// <param name="Current">In the table at hand: estimated.</param>
/// <param name="Ahead">In those behind it: estimated.</param>
public readonly record struct RowsAhead(long Through, long Current, long Ahead)
{
    public static RowsAhead Of(IEnumerable<long> estimates) => new(0, 0, estimates.Sum());

    /// <summary>The next table; what is done by now is what the ones before it had.</summary>
    public RowsAhead Next(long done, long estimate) => new(done, estimate, Math.Max(0, Ahead - estimate));

    /// <summary>In all; null when the last table has more than was thought, and nobody knows how many.</summary>
    public long? All(long done) => done - Through <= Current ? Through + Current + Ahead : Ahead > 0 ? done + Ahead : null;
}
