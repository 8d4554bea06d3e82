namespace Headwater.Core.Positions;

/// <summary>
/// What the primary of an epoch took over, where it is proven that nobody was ever shown more: <see cref="At"/> has all that the former primary had shown and all
/// that any replica held. What a session knows beyond it by the former one's name was a bound ("no more than what was logged by then"), and nothing that it has seen.
/// The proof is the controller's, at <c>rpo: zero</c> (docs/decisions/0001, "Lost branches").
/// </summary>
/// <param name="From">The former primary's <c>@@server_id</c>.</param>
public sealed record Inheritance(uint From, Position At)
{
    /// <summary>The position without what was only a bound.</summary>
    public Position Narrow(in Position position)
    {
        for (var i = 0; i < position.DomainCount; i++)
            if (IsOnlyBound(position[i])) return Narrowed(position);
        return position;
    }

    public bool IsOnlyBound(Gtid gtid) => gtid.Server == From && gtid.Sequence > At.SequenceOf(gtid.Domain);

    Position Narrowed(in Position position)
    {
        var narrowed = Position.Empty;
        for (var i = 0; i < position.DomainCount; i++)
        {
            var gtid = position[i];
            if (!IsOnlyBound(gtid)) narrowed = narrowed.With(gtid);
            else
                for (var j = 0; j < At.DomainCount; j++)
                    if (At[j].Domain == gtid.Domain) narrowed = narrowed.With(At[j]);
        }
        return narrowed;
    }
}
