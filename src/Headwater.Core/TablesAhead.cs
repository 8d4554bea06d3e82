namespace Headwater.Core;

/// <summary>
/// Of tables that are gone through one after the other: how much there may be in all, in rows or in bytes, better known the more of them are through.
/// What a server says of a table's size is an estimate.
/// </summary>
/// <param name="Through">In tables that are through: counted.</param>
/// <param name="Current">In the table at hand: estimated.</param>
/// <param name="Ahead">In those behind it: estimated.</param>
public readonly record struct TablesAhead(long Through, long Current, long Ahead)
{
    public static TablesAhead Of(IEnumerable<long> estimates) => new(0, 0, estimates.Sum());

    /// <summary>The next table; what is done by now is what the ones before it had.</summary>
    public TablesAhead Next(long done, long estimate) => new(done, estimate, Math.Max(0, Ahead - estimate));

    /// <summary>In all; null when the last table has more than was thought, and nobody knows how much.</summary>
    public long? All(long done) => done - Through <= Current ? Through + Current + Ahead : Ahead > 0 ? done + Ahead : null;
}
