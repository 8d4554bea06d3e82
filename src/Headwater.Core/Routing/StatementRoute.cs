using System.Collections.Immutable;
using System.Text;
using Headwater.Core.Consumers;
using Headwater.Core.Positions;
using Headwater.Core.Statements;
using Headwater.Core.Topology;

namespace Headwater.Core.Routing;

/// <summary>What is asked: where would this statement go now, from a new session? Nothing of it is run.</summary>
/// <param name="Floor">What that session is taken to have written or seen: empty for nothing.</param>
public sealed record RouteQuestion(string Statement, Level Level, string Schema, Position Floor);

/// <summary><c>EXPLAIN ROUTE</c> where there is no session: the same classification and the same decision, with what they were made from.</summary>
public sealed record StatementRoute(StatementFacts Facts, Level Level, Position Floor, Route Route, string Sentence, string Reads, ImmutableArray<ServerExplanation> Servers)
{
    /// <param name="trustHints">Whether a comment in the text may ask for a level, a tag or the primary.</param>
    public static StatementRoute Of(RouteQuestion question, ClusterView view, Catalogue catalogue, LastChanges? changes, RoutingPolicy policy, bool trustHints, ReadOnlySpan<ServerLoad> load, ulong chance, Instant now)
    {
        var sql = Encoding.UTF8.GetBytes(question.Statement);
        var facts = Classifier.Classify(sql, SqlSyntax.Standard, catalogue);
        var hint = trustHints && facts.Asks is { Error.Length: 0 } asked ? asked : null;
        var level = hint?.Level ?? question.Level;
        if (hint is { Tag: not ServerTags.None }) policy = policy with { Wanted = hint.Tag };
        var session = new SessionPosition();
        if (!question.Floor.IsEmpty) session.Raise(question.Floor, view.Epoch);

        var scope = changes is not null && facts.IsPlainRead ? new ReadScope(changes, facts, question.Schema, sql, SqlSyntax.Standard) : ReadScope.None;
        var explanation = Router.Explain(view, session, level, policy, load, chance, now, scope);
        var route = explanation.Route;
        if (!facts.IsPlainRead || hint is { Primary: true })
        {
            route = Router.ForPrimary(view, ref session, level, policy, now);
            if (facts.IsPlainRead && route.Reason == RouteReason.NeedsPrimary) route = route with { Reason = RouteReason.AskedForPrimary };
        }
        var reads = facts.IsPlainRead ? facts.FootprintIn(question.Schema).Reason : "";
        return new StatementRoute(facts, level, explanation.Floor, route, RouteReasons.Sentence(in route), reads, explanation.Servers);
    }
}
