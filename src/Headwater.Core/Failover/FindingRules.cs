namespace Headwater.Core.Failover;

public enum Severity : byte
{
    Info,

    /// <summary>Less than there should be, but reads and writes are served.</summary>
    Warning,

    /// <summary>Writes are refused or wait, or something is in danger that an operator must see to.</summary>
    Critical,
}

/// <param name="Meaning">What is amiss, or has been done, when it is found; docs/events.md tells it.</param>
public sealed record FindingRule(string Name, Severity Severity, string Meaning);

/// <summary>What the controller can find, and how much each weighs for whoever is called at night.</summary>
public static class FindingRules
{
    public static IReadOnlyList<FindingRule> All { get; } =
    [
        new("no-primary", Severity.Critical, "no server can be taken for the primary, so writes wait"),
        new("primary-silent", Severity.Critical, "the primary does not answer; the sentence says why it is not replaced (yet)"),
        new("primary-stalled", Severity.Critical, "sessions commit, and no commit gets into the primary's log"),
        new("primary-not-watched", Severity.Critical, "the appointed primary is not among the servers any more"),
        new("cannot-decide", Severity.Critical, "the primary is lost and nobody may be promoted: whoever may hold the only copy of an acknowledged write does not answer"),
        new("failover", Severity.Critical, "the primary is being replaced: each step, and what proves that it is safe"),
        new("promotion-cut", Severity.Critical, "who was being promoted has gone away"),
        new("two-writable", Severity.Critical, "a server beside the primary can be written to"),
        new("conflict", Severity.Critical, "two members of a ring have changed one row at once"),
        new("ring-broken", Severity.Critical, "a member of a ring hears no other"),
        new("promise-at-risk", Severity.Warning, "if the primary died now, nobody would be promoted"),
        new("acknowledgers", Severity.Warning, "who may hold the only copy of an acknowledged write"),
        new("follows-another", Severity.Warning, "a server does not follow the primary"),
        new("diverged", Severity.Warning, "a server has transactions that the primary never had"),
        new("replica-broken", Severity.Warning, "a replica has stopped with an error"),
        new("ring-open", Severity.Warning, "a member of a ring does not follow the one before it"),
        new("undone", Severity.Warning, "a change of primary was given up before anybody was appointed"),
        new("cut-off", Severity.Warning, "etcd does not answer this process"),
        new("tail", Severity.Warning, "what a former primary alone has, and what becomes of it"),
        new("recovering", Severity.Warning, "a tail is being recovered, and how far that has come"),
        new("rebuild", Severity.Warning, "a replica has to be made anew"),
        new("rebuilding", Severity.Warning, "a replica is being made anew, and how far that has come"),
        new("switchover", Severity.Info, "the primary is handing over, as planned: each step"),
        new("appointed", Severity.Info, "a server is the primary from now on, since it was found to be"),
        new("promoted", Severity.Info, "a server is the primary of a new epoch"),
        new("ring-waits", Severity.Info, "a member of a ring waits for the one before it"),
        new("operator", Severity.Info, "what an operator has asked for"),
        new("record", Severity.Info, "what the controller remembers has changed"),
    ];

    static readonly Dictionary<string, Severity> _severities = All.ToDictionary(static rule => rule.Name, static rule => rule.Severity);

    public static Severity SeverityOf(string rule) => _severities.GetValueOrDefault(rule, Severity.Warning);
}
