using Headwater.Core.Failover;
using Headwater.Core.Topology;

namespace Headwater.Core.Rebuild;

/// <summary>Who is to be made anew, and from whom.</summary>
/// <param name="Server">Its name; of one that is to be added, the name that it gets.</param>
/// <param name="Address">Of one that is to be added; null: it is known.</param>
/// <param name="From">Null: whoever is best.</param>
/// <param name="Overwrite">The operator knows that what it has is lost.</param>
public sealed record RebuildWish(ServerId Server, ServerAddress? Address, ServerId? From, bool DryRun, bool Overwrite);

/// <summary>What is known of the transactions that the server has and the primary has not.</summary>
public enum TailSafety : byte
{
    /// <summary>Nothing is.</summary>
    Unknown,

    /// <summary>Each is in the ledger, applied or in quarantine, and all are in files.</summary>
    Safe,
}

/// <summary>What a rebuild would do, and why it may: found from a look at the cluster, before anything is asked of the server itself.</summary>
public sealed record RebuildPlan
{
    public required ServerId Target { get; init; }
    public required ServerAddress TargetAddress { get; init; }
    public required ServerId Source { get; init; }
    public required ServerAddress SourceAddress { get; init; }
    public required ServerId Primary { get; init; }

    /// <summary>False: it must turn out to have no tables, else nothing is done.</summary>
    public required bool MayOverwrite { get; init; }

    /// <summary>The steps in their order, and what could go wrong; a sentence each.</summary>
    public required IReadOnlyList<string> Lines { get; init; }

    /// <summary>A plan, or null and why there is none.</summary>
    /// <param name="tail">Of the target, where it has one.</param>
    public static (RebuildPlan? Plan, string Sentence) Of(Situation s, RebuildWish wish, TailSafety tail)
    {
        if (s.Record.Change is not null) return (null, "a change of primary is under way");
        if (s.Primary is not { } primary || !Situation.Answers(primary) || s.View.Primary is null) return (null, "there is no primary that a copy could follow");
        var known = s.Find(wish.Server);
        if (wish.Address is null && known is null) return (null, $"{wish.Server} is not known; known are {Election.Names(s.View.Servers.Select(static server => server.Id))}. headwater add-replica ADDRESS adds a server");
        if (wish.Address is { } address && s.View.Servers.FirstOrDefault(server => server.Id == wish.Server || IsSame(server.Address, address)) is { } member)
            return (null, $"{wish.Server} is known already, as {member.Id} at {member.Address.Host}:{member.Address.Port}: headwater rebuild {member.Id} makes it anew");
        var may = known is null ? new Permission(wish.Overwrite, wish.Overwrite ? "--overwrite was given" : "it is taken only when it has no tables") : Judge(s, primary, known, wish.Overwrite, tail);
        if (may.Refusal is { } refusal) return (null, refusal);
        var (source, why) = CopySource.Choose(s, primary, wish.Server, wish.From);
        if (source is null) return (null, why);
        var plan = new RebuildPlan
        {
            Target = wish.Server,
            TargetAddress = wish.Address ?? known!.Address,
            Source = source.Id,
            SourceAddress = source.Address,
            Primary = primary.Id,
            MayOverwrite = may.Granted,
            Lines = [why, .. Steps(s, wish.Server, known is null, source, primary, may.Reason), .. Warnings(s, wish.Server, source, primary)],
        };
        return (plan, $"{wish.Server} is {(known is null ? "made a replica" : "rebuilt")}: {why}");
    }

    /// <param name="Refusal">Null: it may be tried.</param>
    sealed record Permission(bool Granted, string Reason, string? Refusal = null);

    static Permission Judge(Situation s, ServerView primary, ServerView target, bool overwrite, TailSafety tail)
    {
        var id = target.Id;
        if (id == primary.Id) return Refused($"{id} is the primary: headwater switchover first");
        if (target.IsWitness) return Refused($"{id} is a witness: it has the log and no data; with an empty directory it begins anew by itself");
        if (!Situation.Answers(target)) return Refused($"{id} does not answer: it has to run, and to let the rebuilding account in");
        if (!target.LastAnswer!.ReadOnly) return Refused($"{id} can be written to: SET GLOBAL read_only = ON there first");
        var followers = s.View.Servers.Where(server => server.Id != id && Situation.Answers(server) && s.Follows(server, target)).Select(static server => server.Id).ToList();
        if (followers.Count > 0) return Refused($"{Election.Names(followers)} {(followers.Count == 1 ? "follows" : "follow")} {id}, and would lose the way");
        if (overwrite) return new Permission(true, "--overwrite was given");
        if (RebuildMark.IsOn(target.LastAnswer.SlavePosition)) return new Permission(true, "a rebuild of it was cut short");
        if (Situation.Foreign(target, primary, s.View) is { } foreign)
            return tail == TailSafety.Safe ? new Permission(true, "its tail is safe: all of it is in headwater.recovered")
                : Refused($"{id} has {foreign}, which {primary.Id} has not, and it is not known to be safe: headwater recover --server {id} saves it and brings it back (or --overwrite gives it up)");
        if (BrokenReplica.Why(s, target) is { } broken) return new Permission(true, $"it {broken}");
        if (target.LastAnswer.Links.IsEmpty) return target.LastAnswer.SlavePosition.IsEmpty && target.LastAnswer.BinlogPosition.IsEmpty
                ? new Permission(false, "it follows nobody and has no history: it is taken only when it has no tables") : new Permission(true, "it follows nobody, and has nothing that the primary has not");
        return target is { Replicating: true, Health: ServerHealth.Up } ? Refused($"{id} is well: {target.Reason}. If its rows differ (headwater verify), --overwrite rebuilds it all the same")
            : new Permission(true, "it has nothing that the primary has not");
    }

    static Permission Refused(string why) => new(false, "", why);

    static IEnumerable<string> Steps(Situation s, ServerId target, bool isNew, ServerView source, ServerView primary, string reason)
    {
        yield return $"{target} may be overwritten: {reason}";
        if (!isNew) yield return $"{target} stops following, and other sessions there are ended";
        yield return $"its log is emptied, and it is marked, so that nobody takes half a copy for a whole one; its schemas are dropped";
        yield return $"schemas, tables, rows, routines, views, triggers, events and accounts are copied from {source.Id} by SQL, from one snapshot, whose place in the log is known";
        yield return $"{target} stands at that place and follows {primary.Id}{(s.Policy.Promise == LossPromise.Zero ? "; when it has caught up it acknowledges" : "")}";
    }

    static IEnumerable<string> Warnings(Situation s, ServerId target, ServerView source, ServerView primary)
    {
        if (LeavesNobody(s, target) is { } nobody) yield return $"beware: {nobody}";
        if (s.View.Servers.All(server => server.Id == target || server.Id == primary.Id || server.Health != ServerHealth.Up))
            yield return $"beware: until it has caught up, {primary.Id} is the only server with the data";
        else if (source.Id == primary.Id) yield return $"beware: {primary.Id} serves all writes, and is read from its first to its last row besides";
    }

    /// <summary>Why a server is rebuilt only when somebody asks for it; null when it may be without.</summary>
    public static string? WhyNotBySelf(Situation s, ServerId target) => s.IsInMaintenance(target) ? "it is in maintenance"
        : s.Policy.IsRing ? "what stopped it may be a conflict, and its side of that would be gone" : LeavesNobody(s, target);

    /// <summary>A sentence when commits would wait until the rebuild has ended, for want of anybody who acknowledges.</summary>
    public static string? LeavesNobody(Situation s, ServerId target) =>
        s.Policy.Promise == LossPromise.Zero && s.Find(target)?.LastAnswer?.SemiSync is { Acknowledging: true } && CopySource.Acknowledging(s, except: target) == 0
            ? $"{target} alone acknowledges, although it does not follow as it should: until it is rebuilt every commit waits (rpo: zero)" : null;

    static bool IsSame(ServerAddress one, ServerAddress other) => one.Port == other.Port && string.Equals(one.Host, other.Host, StringComparison.OrdinalIgnoreCase);
}
