using Headwater.Core.Positions;

namespace Headwater.Core.Statements;

/// <summary>What a look at the catalogue found, and when in the log it was.</summary>
/// <param name="Catalogue">What was found.</param>
/// <param name="From">Logged when the look began: every definition in it was seen.</param>
/// <param name="To">Logged when the look had ended: nothing behind it was seen.</param>
public sealed record CatalogueReading(Catalogue Catalogue, Position From, Position To);
