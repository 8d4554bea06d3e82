using Headwater.Core.Failover;
using Headwater.Core.Topology;

namespace Headwater.Core.Rebuild;

/// <summary>Whether a replica can follow no more, whatever anybody starts on it. Its data can then be replaced without taking anything from the cluster.</summary>
public static class BrokenReplica
{
    /// <summary>Null while it is well, or only stopped. The words follow its name.</summary>
    public static string? Why(Situation s, ServerView server)
    {
        if (server.LastAnswer is not { } told) return null;
        if (RebuildMark.IsOn(told.SlavePosition)) return "holds a part of a copy: a rebuild of it was cut short";
        foreach (var link in told.Links)
        {
            if (!link.Applying && link.Error.Length > 0) return $"cannot apply what it receives: {link.Error}";
            if (link.Receiving == LinkState.Stopped && IsRefused(link.Error)) return $"cannot receive what it lacks: {link.Error}";
        }
        return s.Primary is { LastAnswer: not null } primary && primary.Id != server.Id && Situation.Foreign(server, primary, s.View) is { } foreign
            ? $"has {foreign}, which {primary.Id} has not" : null;
    }

    /// <summary>
    /// ER_MASTER_FATAL_ERROR_READING_BINLOG: the source has purged what it asks for, or has another history there.
    /// Source: https://mariadb.com/kb/en/mariadb-error-code-reference/ .
    /// </summary>
    static bool IsRefused(string error) => error.Contains("error 1236", StringComparison.Ordinal);
}
