using Headwater.Configuration;
using Headwater.Control;
using Headwater.Core.Rebuild;
using Headwater.Core.Topology;

namespace Headwater.Http;

/// <summary>The outcome of a rebuild: why nothing was done, or the report.</summary>
sealed record RebuildJson(bool Applied, IReadOnlyList<string> Sentences, RebuildReport? Report)
{
    /// <summary>The report in lines, for people.</summary>
    public IReadOnlyList<string>? Told => Report?.ToText().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}

/// <summary>What POST /api/control/rebuild and /add-replica do: they answer when the server follows, however long that takes. Whoever does not wait ends nothing.</summary>
static class RebuildAnswers
{
    public static async Task<RebuildJson> RebuildAsync(ClusterWatcher watcher, string action, Func<string, string?> argument, string? file)
    {
        string? Given(string name) => argument(name) is { Length: > 0 } text ? text : null;
        ServerId? from = Given("from") is { } source ? new ServerId(source) : null;
        var (dryRun, overwrite) = (argument("dry_run") == "true", argument("overwrite") == "true");
        if (action == "rebuild")
            return Given("server") is { } server ? await Outcome(new RebuildWish(new ServerId(server), null, from, dryRun, overwrite)) : new RebuildJson(false, ["server=NAME is needed"], null);
        if (Given("address") is not { } text || !Notations.ServerAddress.Read(text, out var address)) return new RebuildJson(false, ["address=HOST:PORT is needed"], null);
        var name = Given("name") ?? address!.ToString();
        if (!Notations.Word.Read(name, out _) && Given("name") is not null) return new RebuildJson(false, [$"\"{name}\" is no name: letters, digits, dots, underscores and hyphens"], null);
        return await Outcome(new RebuildWish(new ServerId(name), address, from, dryRun, overwrite), [.. Lines(name, address!)]);

        async Task<RebuildJson> Outcome(RebuildWish wish, params string[] next)
        {
            var (report, sentence) = await watcher.RebuildAsync(wish);
            return new RebuildJson(report is { Trouble: null }, [sentence], report is { Follows: true } ? report with { Next = next } : report);
        }

        IEnumerable<string> Lines(string called, ServerAddress at) => file is null
            ? [$"{called} is served by this gateway now; headwater up starts only servers of its own, and finds this one again while it follows"]
            : [$"{called} is served by this gateway now. For its next start, and for other gateways, to the servers in {file}:", $"  - address: {at}", $"    name: {called}"];
    }
}
