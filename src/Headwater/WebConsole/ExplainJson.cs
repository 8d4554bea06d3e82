using Headwater.Core.Positions;
using Headwater.Core.Routing;
using Headwater.Core.Statements;
using Headwater.Core.Topology;
using Headwater.Http;

namespace Headwater.WebConsole;

sealed record ExplainedServer(string Server, string Role, string Position, bool Covers, bool Chosen, string Reason);

/// <summary>/api/explain: where a statement of a new session would go, and what that was decided from.</summary>
/// <param name="Route">server, wait, hold or refuse.</param>
/// <param name="Kept">Whether a kept result may answer it; left out where none are kept.</param>
/// <param name="Error">What is wrong with the question; then nothing else is said.</param>
sealed record ExplainJson(string? Error, string Digest, string Kind, bool PlainRead, string Facts, string Because, string Reads, string? Hint, string Level, string Floor, string Route, string? Server, string Reason, string Sentence,
    IReadOnlyList<ExplainedServer> Servers, string? Kept = null)
{
    public const int Longest = 16 << 10;

    /// <param name="ask">Has the gateway decide.</param>
    /// <param name="kept">Has it say, of the decision in that schema, whether a kept result may answer.</param>
    public static ExplainJson Of(Func<string, string?> argument, ClusterView view, Func<RouteQuestion, StatementRoute> ask, Func<StatementRoute, string, string?> kept)
    {
        var statement = argument("statement") ?? "";
        if (string.IsNullOrWhiteSpace(statement)) return Wrong("a statement is needed: statement=SELECT …");
        if (statement.Length > Longest) return Wrong($"the statement has {statement.Length} characters; allowed are {Longest}");
        if (!Core.Positions.Level.TryParse(argument("level") is { Length: > 0 } text ? text : "session", out var level, out var error)) return Wrong(error);
        var floor = Position.Empty;
        switch (argument("floor"))
        {
            case null or "": break;
            case "now": floor = view.Primary?.State.Timeline.Latest?.Logged ?? Position.Empty; break;
            case var written when Token.TryParse(written, out _, out _, out floor, out _): break;
            case var written when !Position.TryParse(written, out floor): return Wrong($"'{written}' is neither a position (domain-server-sequence) nor a token nor now");
        }
        var schema = argument("schema") ?? "";
        var answer = ask(new RouteQuestion(statement, level, schema, floor));
        return Of(answer, kept(answer, schema));
    }

    static ExplainJson Of(StatementRoute answer, string? kept)
    {
        var (facts, route) = (answer.Facts, answer.Route);
        var chosen = route.Server?.Id;
        return new ExplainJson(null, facts.Digest, facts.Kind.ToString().ToLowerInvariant(), facts.IsPlainRead, facts.Needs == Needs.None ? "" : facts.Needs.ToString(), facts.Reason, answer.Reads,
            facts.Asks is null ? null : facts.Hint, answer.Level.ToString(), answer.Floor.ToString(), route.Kind.ToString().ToLowerInvariant(), chosen?.Name, GatewayMetrics.Snake(route.Reason.ToString()), answer.Sentence,
            [.. answer.Servers.Select(server => new ExplainedServer(server.Server.Name, ClusterMetrics.Word(server.Role), server.Position.ToString(), server.Covers, server.Server == chosen, server.Reason))], kept);
    }

    static ExplainJson Wrong(string error) => new(error, "", "", false, "", "", "", null, "", "", "", null, "", "", []);
}
