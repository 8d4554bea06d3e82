using System.Diagnostics;
using System.Globalization;
using System.Text;
using Headwater.Core.Positions;
using Headwater.Core.Routing;
using Headwater.Core.Statements;
using Headwater.Core.Topology;
using Headwater.Gateway.Reactor;

namespace Headwater.Gateway.Sessions;

/// <summary>The statements that the gateway answers itself: SHOW HEADWATER, EXPLAIN ROUTE, SET headwater.…, tokens, KILL.</summary>
internal sealed class GatewayAnswers(ClientSession session)
{
    // By another process, which may have more to do.
    static readonly TimeSpan LongestKill = TimeSpan.FromSeconds(2);

    GatewayThread On => session.On;

    public async ValueTask<Next> AnswerAsync()
    {
        var facts = session.Facts;
        switch (facts.Gateway)
        {
            case GatewayStatement.Show:
                await ShowAsync(facts.GatewayArgument);
                break;
            case GatewayStatement.ExplainRoute:
                Explain(facts.GatewayArgument);
                break;
            case GatewayStatement.Set:
                Set(facts.GatewayArgument);
                break;
            case GatewayStatement.Token:
                await TokenAsync(facts.GatewayArgument);
                break;
            case GatewayStatement.Kill:
                var words = facts.GatewayArgument.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (words.Length == 2 && uint.TryParse(words[1], CultureInfo.InvariantCulture, out var id)) await KillAsync(id, words[0] == "connection");
                else session.Commands.SendError(1064, "42000", $"KILL takes a session's number, as SHOW HEADWATER SESSIONS shows it; found '{facts.GatewayArgument}'");
                break;
            default:
                return Next.Run;
        }
        return Next.Done;
    }

    void Set(string argument)
    {
        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        var name = equals < 0 ? argument : argument[..equals].Trim();
        var value = equals < 0 ? "" : argument[(equals + 1)..].Trim();
        switch (name)
        {
            case "level":
                if (value.Equals("default", StringComparison.OrdinalIgnoreCase)) session.Level = On.Options.RuleOf(session.Identity.User)?.Level ?? session.Listener.Level ?? On.Options.DefaultLevel;
                else if (Level.TryParse(value, out var level, out var error)) session.Level = level;
                else
                {
                    Refuse(error);
                    return;
                }
                break;
            case "token":
                if (!Token.TryParse(value, out var cluster, out var epoch, out var position, out var tokenError))
                {
                    Refuse(tokenError);
                    return;
                }
                if (cluster != On.View.Cluster)
                {
                    Refuse($"headwater.token is of cluster '{cluster}', and this is '{On.View.Cluster}'");
                    return;
                }
                if (On.View.Inherited is { } inherited && epoch.Number <= On.View.Epoch.Number) position = inherited.Narrow(position);
                if (Lineage.Judge(On.View, position, out var verdict) == LineageVerdict.Lost)
                {
                    Refuse($"headwater.token names {position} of epoch {epoch}, which was lost: {verdict}");
                    return;
                }
                session.Position.Raise(position, epoch);
                break;
            default:
                Refuse($"Unknown setting 'headwater.{name}': there are headwater.level and headwater.token");
                return;
        }
        session.Commands.SendOk();
    }

    void Refuse(string message) => session.Commands.SendError(1231, "42000", message);

    async ValueTask TokenAsync(string column)
    {
        var until = session.ArrivedAt + session.Policy.WriteHold;
        Position position;
        while (!session.Position.TryToken(On.View, out position))
        {
            var missing = session.Position.Awaited ?? On.View.Primary?.State;
            if (missing is null || EventLoop.Now >= until)
            {
                session.Commands.SendError(1290, "HY000", "No server says how far the session has read; try again");
                return;
            }
            var signal = On.WaitForPosition(missing, Position.Empty, TimeSpan.FromMilliseconds(50));
            await signal;
            On.StopWaitingForPosition(signal);
            if (session.Client.IsHungUp) return;
        }
        session.Commands.SendRows([column.Length == 0 ? "headwater_token()" : column], [[Token.Format(On.View.Cluster, On.View.Epoch, position)]]);
    }

    void Explain(string statement)
    {
        var facts = Classifier.Classify(Encoding.UTF8.GetBytes(statement), session.Tracking.Syntax, On.Catalogue);
        var rows = new List<string?[]>();
        rows.Add(["statement", facts.Digest]);
        rows.Add(["kind", facts.Kind.ToString().ToLowerInvariant()]);
        rows.Add(["facts", facts.Needs == Needs.None ? "plain read" : facts.Needs.ToString()]);
        rows.Add(["because", facts.Reason]);
        var hint = session.HintInForce(facts);
        if (facts.Asks is { } asked)
            rows.Add(["hint", facts.Hint + (asked.Error.Length > 0 ? $": not in force, {asked.Error}" : hint is null ? ": not in force, trust_hints is off" : ": in force")]);
        var (level, policy) = (hint?.Level ?? session.Level, session.PolicyFor(hint?.Tag ?? ServerTags.None));
        rows.Add(["level", level.ToString()]);
        rows.Add(["written", Text(session.Position.Written)]);
        rows.Add(["floor", Text(session.Position.Floor)]);
        if (session.Lease.Held is { } held)
        {
            rows.Add(["held", $"{held.Server.Id} for {session.Holds.Describe()}"]);
            rows.Add(["route", $"{held.Server.Id}"]);
            rows.Add(["reason", $"the session holds a backend on {held.Server.Id} for {session.Holds.Describe()}, so everything runs there"]);
        }
        else
        {
            var plain = facts.IsPlainRead && hint is not { Primary: true } && session.Tracking.AutoCommit && !session.Tracking.Serializable;
            if (!plain && facts.IsPlainRead && hint is not { Primary: true }) rows.Add(["session", session.Tracking.AutoCommit ? "SERIALIZABLE: reads lock, so they run on the primary" : "autocommit is off: every statement is part of a transaction, which runs on the primary"]);
            var explanation = Router.Explain(On.View, session.Position, level, policy, On.Loads, On.Chance(), EventLoop.Now, session.ScopeOf(facts, session.Settings.Schema, Encoding.UTF8.GetBytes(statement)));
            foreach (var server in explanation.Servers)
                rows.Add([$"server {server.Server}", $"{server.Role.ToString().ToLowerInvariant()} at {Text(server.Position)}: {server.Reason}"]);
            var route = plain ? explanation.Route : ForPrimary();
            if (facts.IsPlainRead && hint is { Primary: true } && route.Reason == RouteReason.NeedsPrimary) route = route with { Reason = RouteReason.AskedForPrimary };
            rows.Add(["route", route.Kind == RouteKind.Server ? route.Server!.Id.Name : $"{route.Kind.ToString().ToLowerInvariant()} {route.Server?.Id}"]);
            if (plain && session.Cached is { } cached) rows.Add(["cache", cached.Explain(facts)]);
            rows.Add(["reason", plain ? explanation.Sentence : RouteReasons.Sentence(route)]);
        }
        session.Commands.SendRows(["item", "value"], rows);
    }

    /// <summary>On a copy of the session's position: explaining changes nothing.</summary>
    Route ForPrimary()
    {
        var position = session.Position;
        return Router.ForPrimary(On.View, ref position, session.Level, session.Policy, EventLoop.Now);
    }

    static string Text(in Position position) => position.IsEmpty ? "(nothing)" : position.ToString();

    async ValueTask ShowAsync(string what)
    {
        // What a client asked for and did not wait for is not gathered, which costs all reactors: it may have asked thousands of times.
        if (session.Client.IsHungUp) return;
        var server = On.Server;
        // As with SHOW PROCESSLIST, others' statements are for who has PROCESS.
        var seesOthers = server.May(session, AccountRights.SeesOthers);
        if (!seesOthers && (what.Equals("digests", StringComparison.OrdinalIgnoreCase) || what.Equals("cache", StringComparison.OrdinalIgnoreCase) || what.Equals("audit", StringComparison.OrdinalIgnoreCase)))
        {
            session.Commands.SendError(1227, "42000", "Access denied; you need (at least one of) the PROCESS privilege(s) for this operation");
            return;
        }
        (string[] Columns, Func<IEnumerable<string?[]>> Rows)? table = what.ToLowerInvariant() switch
        {
            "servers" => (["server", "address", "role", "health", "tags", "epoch", "position", "lag_ms", "behind", "busy", "backends", "reason"], server.ServerRows),
            "sessions" => (["id", "user", "host", "schema", "level", "held_on", "held_for_ms", "held_because", "running_ms", "statement"], () => server.SessionRows(seesOthers ? null : session.Identity.User)),
            "stats" => (["name", "value"], server.Statistics.Rows),
            "digests" => (["digest", "count", "errors", "on_replicas", "total_ms", "mean_us", "max_us", "rows", "reason"], server.DigestRows),
            "cache" => (["digest", "hits", "rows", "bytes", "read_on", "read_at", "took_ms"], server.CacheRows),
            "audit" => (["verdict", "times", "at", "server", "level", "route", "claimed", "digest", "trace", "why"], server.AuditRows),
            _ => null,
        };
        if (table is not { } shown)
        {
            session.Commands.SendError(1064, "42000", $"SHOW HEADWATER shows SERVERS, SESSIONS, STATS, DIGESTS, CACHE or AUDIT; found '{what}'");
            return;
        }
        // What is shown belongs to all reactors, and a reactor that waited for another would stand still with all its sessions.
        var gathered = new Signal<string?[][]?>();
        _ = Task.Run(() =>
        {
            string?[][]? rows = null;
            try
            {
                rows = [.. shown.Rows()];
            }
            finally
            {
                On.Loop.Post(() => gathered.Set(rows));
            }
        });
        if (await gathered is { } answer) session.Commands.SendRows(shown.Columns, answer);
        else session.Commands.SendError(1105, "HY000", "What was to be shown could not be gathered; try again");
    }

    /// <summary>KILL by the gateway's own session numbers, which are what clients know.</summary>
    public async ValueTask KillAsync(uint id, bool connection)
    {
        var asked = On.Server.KillAsync(id, connection, session.Identity.User, On.Server.May(session, AccountRights.EndsOthers));
        if (!asked.IsCompleted)
        {
            var answered = new Signal<bool>().Within(On.Loop, LongestKill);
            _ = asked.ContinueWith(_ => On.Loop.Post(() => answered.Set(true)), TaskScheduler.Default);
            await answered;
        }
        var outcome = asked.IsCompletedSuccessfully ? await asked : ServerErrors.NoSuchThread;
        if (outcome == ServerErrors.NoSuchThread) session.Commands.SendError(outcome, "HY000", $"Unknown thread id: {id}");
        else if (outcome == ServerErrors.NotItsOwner) session.Commands.SendError(outcome, "HY000", $"You are not owner of thread {id}");
        else if (id != session.Id) session.Commands.SendOk();
        else if (!connection) session.Commands.SendError(1317, "70100", "Query execution was interrupted");
    }
}
