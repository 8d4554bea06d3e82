using Headwater.Core.Failover;
using Headwater.Core.Topology;

namespace Headwater.Core.Rebuild;

/// <summary>Whose data is copied: a replica in step that has least to do, and the primary when there is none.</summary>
static class CopySource
{
    /// <param name="Source">Null: there is none, and <paramref name="Reason"/> says why.</param>
    public sealed record Choice(ServerView? Source, string Reason);

    public static Choice Choose(Situation s, ServerView primary, ServerId target, ServerId? wanted)
    {
        if (wanted is { } id)
        {
            if (s.Find(id) is not { } named) return new Choice(null, $"{id} is not known; known are {Election.Names(s.View.Servers.Select(static server => server.Id))}");
            return Unfit(s, primary, named, target) is { } unfit ? new Choice(null, $"{id} cannot be copied: it {unfit}") : new Choice(named, Told(s, named, $"{id} was asked for"));
        }
        var fit = s.Answering.Where(server => Unfit(s, primary, server, target) is null && (server.Tags & ServerTags.Delayed) == 0).ToList();
        // Reading takes memory and disk from whoever else reads there. What acknowledges alone is spared: all writes would wait for it.
        var best = fit.OrderBy(server => OnlyAcknowledger(s, server) ? 1 : 0)
            .ThenBy(static server => (server.Tags & ServerTags.Backup) != 0 ? 0 : 1)
            .ThenBy(static server => server.State.OpenStatements)
            .ThenBy(static server => server.Lag ?? TimeSpan.Zero)
            .ThenBy(static server => server.Id.Name, StringComparer.Ordinal)
            .FirstOrDefault();
        if (best is null) return new Choice(primary, $"{primary.Id} is copied, the primary: no other server follows it that could be");
        return new Choice(best, Told(s, best, $"{best.Id} is copied: it {(fit.Count == 1 ? "is the only replica in step" : "has least to do of the replicas in step")}"));
    }

    static string Told(Situation s, ServerView source, string why) =>
        OnlyAcknowledger(s, source) ? $"{why}; it alone acknowledges, so commits are as slow as it is while it is read" : why;

    /// <summary>Why it cannot be copied; null when it can.</summary>
    static string? Unfit(Situation s, ServerView primary, ServerView server, ServerId target)
    {
        if (server.Id == target) return "is the one that is to be rebuilt";
        if (!Situation.Answers(server)) return "does not answer";
        if (server.IsWitness) return "is a witness: it has the log and no data";
        if (server.Id == primary.Id) return null;
        if (s.IsInMaintenance(server.Id)) return "is in maintenance";
        if (BrokenReplica.Why(s, server) is { } broken) return broken;
        if (server.Health != ServerHealth.Up || !server.Replicating || !s.LeadsTo(server, primary)) return $"does not follow {primary.Id} ({server.Reason})";
        // Its place in the log is told by its own log.
        return server.LastAnswer!.LogsReplicated ? null : "does not log what it replicates, so where its copy would stand is not known";
    }

    static bool OnlyAcknowledger(Situation s, ServerView server) =>
        s.Policy.Promise == LossPromise.Zero && server.LastAnswer?.SemiSync is { Acknowledging: true } && Acknowledging(s, except: server.Id) == 0;

    /// <summary>How many servers acknowledge the primary's commits now.</summary>
    public static int Acknowledging(Situation s, ServerId except) =>
        s.Answering.Count(server => server.Id != except && server.LastAnswer!.SemiSync is { Acknowledging: true });
}
