using Headwater.Core.Positions;

namespace Headwater.Core.Rebuild;

/// <summary>
/// What stands in <c>gtid_slave_pos</c> of a server from before its data is taken away until all of the new data is there: a transaction that nobody ever
/// wrote. Whoever makes that server follow, with us or without, is refused by its source (error 1236), so half a copy is never taken for a whole one.
/// It is on the server itself, so it holds whatever becomes of the process that rebuilds.
/// </summary>
public static class RebuildMark
{
    /// <summary>The largest server_id that there is; no server has it but by intent.</summary>
    const uint Nobody = uint.MaxValue;

    /// <summary>In each domain of the primary's log: a source refuses only in domains that it knows.</summary>
    public static Position For(in Position log)
    {
        if (log.IsEmpty) return new Position(new Gtid(0, Nobody, 1));
        var mark = Position.Empty;
        for (var i = 0; i < log.DomainCount; i++) mark = mark.With(new Gtid(log[i].Domain, Nobody, 1));
        return mark;
    }

    public static bool IsOn(in Position slavePosition)
    {
        for (var i = 0; i < slavePosition.DomainCount; i++)
            if (slavePosition[i].Server == Nobody) return true;
        return false;
    }
}
