using System.Text.Json;
using Headwater.Core.Consumers;

namespace Headwater.IntegrationTests.Streams;

/// <summary>What came out of a sink, judged by what the store has.</summary>
/// <param name="Sent">Changes that there were.</param>
/// <param name="Lost">Those of them that never came.</param>
/// <param name="Duplicates">Those that came again.</param>
/// <param name="MostRepeated">The furthest that it ever went back.</param>
sealed record HandedOn(int Sent, int Lost, int Duplicates, int MostRepeated)
{
    /// <summary>Fails when a change came before one that was committed before it and had not come.</summary>
    public static HandedOn Judge(IEnumerable<ChangeRecord> there, IReadOnlyList<JsonElement> came)
    {
        var order = there.Select(static (change, at) => (change.Id, at)).ToDictionary(static one => one.Id, static one => one.at);
        var (last, newest, most, seen) = (-1, -1, 0, new HashSet<int>());
        foreach (var change in came)
        {
            var at = order[change.GetProperty("id").GetString()!];
            if (at > newest + 1) Assert.Fail($"{change.GetProperty("id")} came before what stands before it: {RunsOf(came, order)}");
            // Within what is repeated the order is the same.
            Assert.True(at == last + 1 || at <= newest, $"{change.GetProperty("id")} came out of order");
            most = Math.Max(most, newest + 1 - at);
            seen.Add(at);
            (last, newest) = (at, Math.Max(newest, at));
        }
        return new HandedOn(order.Count, order.Count - seen.Count, came.Count - seen.Count, most);
    }

    /// <summary>What came, as runs of changes that stand behind each other.</summary>
    static string RunsOf(IEnumerable<JsonElement> came, Dictionary<string, int> order)
    {
        var runs = new List<(int From, int To)>();
        foreach (var change in came)
        {
            var at = order[change.GetProperty("id").GetString()!];
            if (runs.Count > 0 && runs[^1].To == at - 1) runs[^1] = (runs[^1].From, at);
            else runs.Add((at, at));
        }
        return string.Join(", ", runs.Take(30).Select(static run => $"{run.From} to {run.To}")) + $" of {order.Count}";
    }

    /// <summary>The rule of the guide: a change is new when its sequence and index are beyond what was taken in its domain; what the counters are then, step by step.</summary>
    public static Dictionary<int, int> Counted(IEnumerable<JsonElement> came)
    {
        var counters = new Dictionary<int, int>();
        var had = new Dictionary<uint, (ulong Sequence, long Index)>();
        foreach (var change in came)
        {
            Headwater.Core.Positions.Gtid.TryParse(System.Text.Encoding.ASCII.GetBytes(change.GetProperty("gtid").GetString()!), out var gtid);
            var place = (gtid.Sequence, change.GetProperty("index").GetInt64());
            if (had.TryGetValue(gtid.Domain, out var last) && place.CompareTo(last) <= 0) continue;
            had[gtid.Domain] = place;
            if (!change.TryGetProperty("after", out var after)) continue;
            var (id, n) = (after.GetProperty("id").GetInt32(), after.GetProperty("n").GetInt32());
            // Per key in order, none left out, none twice.
            Assert.Equal(counters.TryGetValue(id, out var before) ? before + 1 : 0, n);
            counters[id] = n;
        }
        return counters;
    }
}
