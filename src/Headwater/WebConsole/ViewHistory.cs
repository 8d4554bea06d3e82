using Headwater.Core.Topology;
using Headwater.Http;

namespace Headwater.WebConsole;

/// <summary>A view that said something new, in sentences.</summary>
sealed record ViewChange(DateTimeOffset At, long Version, long Epoch, string? Primary, IReadOnlyList<string> Sentences);

/// <summary>The last views that differed in what an operator would want to be told. In memory: the journal has what was done about them.</summary>
sealed class ViewHistory(TimeProvider time)
{
    const int Most = 300;
    readonly Lock _lock = new();
    readonly Queue<ViewChange> _changes = new();
    ClusterView? _last;

    /// <summary>True when it says something new.</summary>
    public bool Add(ClusterView view)
    {
        lock (_lock)
        {
            if (_last is not null && Discovery.SaysTheSame(_last, view)) return false;
            var sentences = Sentences(_last, view);
            _last = view;
            if (sentences.Count == 0) return false;
            _changes.Enqueue(new ViewChange(time.GetUtcNow(), view.Version, view.Epoch.Number, view.Primary?.Id.Name, sentences));
            if (_changes.Count > Most) _changes.Dequeue();
            return true;
        }
    }

    public IReadOnlyList<ViewChange> Newest()
    {
        lock (_lock) return [.. _changes.Reverse()];
    }

    static List<string> Sentences(ClusterView? before, ClusterView view)
    {
        var sentences = new List<string>();
        if (view.Primary?.Id != before?.Primary?.Id || view.Epoch != before?.Epoch && view.Primary is not null)
            sentences.Add(view.Primary is { } primary ? $"{primary.Id} is the primary of epoch {view.Epoch}: {view.Reason}" : $"no primary: {view.Reason}");
        foreach (var server in view.Servers)
        {
            var known = before?.Servers.FirstOrDefault(other => other.Id == server.Id);
            if (known is null) sentences.Add($"{server.Id} is watched: {Is(server)}");
            else if (known.Role != server.Role || known.Health != server.Health || known.Replicating != server.Replicating || !ReferenceEquals(known.State, server.State)) sentences.Add(Is(server));
        }
        foreach (var gone in before?.Servers.Where(known => view.Servers.All(server => server.Id != known.Id)) ?? []) sentences.Add($"{gone.Id} is not watched any more");
        return sentences;
    }

    static string Is(ServerView server) => $"{server.Id} is {ClusterMetrics.Word(server.Role)}, {ClusterMetrics.Word(server.Health)}{(server.Reason.Length > 0 ? $": {server.Reason}" : "")}";
}
