using System.Text.Json;
using Headwater.Bench.Lab;

namespace Headwater.Bench.Lease;

/// <summary>What each controller says in its journal that it did, in the order of this machine's one clock.</summary>
sealed class Journals
{
    sealed record Entry(string Process, DateTimeOffset At, string Kind, string Rule, string Sentence, long Epoch, string? Step);

    readonly List<Entry> _all;

    Journals(List<Entry> all) => _all = all;

    public static Journals Read(IEnumerable<SharedController> controllers)
    {
        var all = new List<Entry>();
        foreach (var controller in controllers)
        {
            var file = Path.Combine(controller.Directory, "control.journal");
            if (!File.Exists(file)) continue;
            using var lines = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            while (lines.ReadLine() is { } line)
            {
                JsonElement entry;
                try
                {
                    using var json = JsonDocument.Parse(line);
                    entry = json.RootElement.Clone();
                }
                catch (JsonException)
                {
                    continue; // being written
                }
                var record = entry.TryGetProperty("record", out var written) ? written : default;
                all.Add(new Entry(controller.Name, entry.GetProperty("at").GetDateTimeOffset(), entry.GetProperty("kind").GetString()!, entry.GetProperty("rule").GetString()!, entry.GetProperty("sentence").GetString()!,
                    record.ValueKind == JsonValueKind.Object ? record.GetProperty("epoch").GetInt64() : 0,
                    record.ValueKind == JsonValueKind.Object && record.TryGetProperty("step", out var step) ? step.GetString() : null));
            }
        }
        return new Journals([.. all.OrderBy(static entry => entry.At)]);
    }

    /// <summary>When another than <paramref name="former"/> had taken the lease after <paramref name="at"/>; null: not yet.</summary>
    public DateTimeOffset? TakenAfter(DateTimeOffset at, string former) =>
        _all.FirstOrDefault(entry => entry.At > at && entry.Process != former && entry is { Kind: "lease", Rule: "taken" })?.At;

    public int Effects => _all.Count(static entry => entry.Kind == "effect");
    public int Takeovers => _all.Count(static entry => entry is { Kind: "lease", Rule: "taken" });
    public int Late => _all.Count(static entry => entry.Kind == "failed" && entry.Sentence.Contains("lease", StringComparison.Ordinal));

    /// <summary>
    /// What two did: an epoch that was appointed twice, or an effect begun by one after another had taken the lease. A record stands here when its writer has heard that etcd has it, which
    /// a writer that was stopped hears late; that two cannot write after each other is etcd's condition on each write.
    /// </summary>
    public IEnumerable<string> DoubleActions()
    {
        foreach (var epoch in _all.Where(static entry => entry is { Kind: "record", Step: "Promoting" }).GroupBy(static entry => entry.Epoch))
            if (epoch.Count() > 1) yield return $"epoch {epoch.Key} was appointed {epoch.Count()} times, by {string.Join(" and ", epoch.Select(static entry => $"{entry.Process} at {entry.At:HH:mm:ss.fff}"))}";
        string? holder = null;
        foreach (var entry in _all)
            if (entry is { Kind: "lease", Rule: "taken" }) holder = entry.Process;
            else if (entry.Kind == "effect" && entry.Process != holder)
                yield return $"{entry.Process} at {entry.At:HH:mm:ss.fff}: {entry.Kind} {entry.Rule} ({entry.Sentence}), while the lease was with {holder ?? "nobody"}";
    }
}
