using Headwater.Core.Positions;

namespace Headwater.Streams.Store;

/// <summary>How far a store has come: behind a whole transaction, always.</summary>
/// <param name="Position">Covers every transaction in the store and what it began from.</param>
/// <param name="Segment">Number of the newest segment; 0 when the store has none.</param>
/// <param name="Offset">The first byte behind the last transaction.</param>
/// <param name="Branch">Grows when transactions were cut off because the primary's history does not have them.</param>
public sealed record StoreEnd(Position Position, int Segment, long Offset, int Branch)
{
    public static readonly StoreEnd None = new(Position.Empty, 0, 0, 0);
}
