using Headwater.Core.Topology;

namespace Headwater.Core.Failover;

/// <summary>
/// What a gateway may write that has lost sight of the lease's store for as long as a lease lasts. Another controller may have appointed another primary
/// meanwhile, and to do so it must have changed servers that this gateway may see. So it is they who are asked, and the loss of the store alone stops nothing:
///
/// <list type="bullet">
/// <item>Every server that could be promoted receives from the primary and is read_only: nobody was promoted when they were looked at.</item>
/// <item>Or commits wait for an acknowledgement (rpo zero), and somebody gives them. Whoever replaces a primary first stops the receivers of all that may acknowledge,
/// so what is still acknowledged there is on a server that has its place in the election; what is not, no client is told of.</item>
/// </list>
///
/// Else writing stops, with a sentence that says so.
/// </summary>
public static class Sight
{
    /// <param name="silent">Who does not answer.</param>
    /// <returns>Why writes wait; null: they go to the primary of the record, if it can be written to.</returns>
    public static string? WhyNotWrite(ControlRecord record, ClusterView? view, ControlPolicy policy, string silent = "etcd")
    {
        if (record.Primary is not { } id) return $"no primary was ever appointed, as far as this process knows, and {silent} does not answer";
        if (view is null) return $"{silent} does not answer, and no server has been looked at yet";
        var s = new Situation(new ControlState { Record = record }, view, policy, 0, Instant.Zero);
        if (s.Primary is not { LastAnswer: { } told } primary) return $"{silent} does not answer, and {id} has not been looked at";
        var lost = s.Others.Where(server => MayBePromoted(s, server)).Select(server => (server.Id, Why: WhyUnsure(s, server, primary))).FirstOrDefault(static server => server.Why is not null);
        if (lost.Why is null) return null;
        if (policy.Promise == LossPromise.Zero && told.SemiSync is { Waits: true, Acknowledgers: > 0 }) return null;
        return $"{silent} does not answer, and {lost.Id} {lost.Why}: another primary than {id} may have been appointed by whoever sees more than this process";
    }

    static bool MayBePromoted(Situation s, ServerView server) =>
        s.Policy.RuleOf(server.Id) != PromotionRule.Never && (server.Tags & (ServerTags.Backup | ServerTags.Delayed | ServerTags.Witness)) == 0;

    static string? WhyUnsure(Situation s, ServerView server, ServerView primary) =>
        !Situation.Answers(server) ? "does not answer"
        : !server.LastAnswer!.ReadOnly && !s.Policy.IsRing ? "can be written to"
        : !s.LeadsTo(server, primary) ? $"does not follow {primary.Id}"
        : server.LastAnswer.Links.Any(static link => link.Receiving == LinkState.Stopped) ? $"has stopped receiving from {primary.Id}"
        : null;
}
