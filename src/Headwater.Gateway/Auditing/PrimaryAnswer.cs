using Headwater.Core.Positions;
using Headwater.Wire.MySql;

namespace Headwater.Gateway.Auditing;

/// <summary>What the primary answered when it was asked once more.</summary>
/// <param name="Rows">Null: it could not be asked, and <paramref name="Trouble"/> says why.</param>
/// <param name="Until">All that it can have shown by then.</param>
internal sealed record PrimaryAnswer(ResultDigest? Rows, Position Until, string Trouble)
{
    public static PrimaryAnswer None(string trouble) => new(null, Position.Empty, trouble);
}
