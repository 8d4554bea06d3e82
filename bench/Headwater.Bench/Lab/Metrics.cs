using System.Globalization;

namespace Headwater.Bench.Lab;

/// <summary>A page of /metrics (Prometheus' text format), as far as it is asked for here: sums over labels.</summary>
sealed class Metrics
{
    readonly List<(string Name, string Labels, double Value)> _samples = [];

    public static Metrics Parse(string text)
    {
        var metrics = new Metrics();
        foreach (var line in text.Split('\n'))
        {
            if (line.Length == 0 || line[0] == '#') continue;
            var space = line.LastIndexOf(' ');
            var brace = line.IndexOf('{', StringComparison.Ordinal);
            if (space < 0 || !double.TryParse(line.AsSpan(space + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out var value)) continue;
            metrics._samples.Add(brace < 0 ? (line[..space], "", value) : (line[..brace], line[brace..space], value));
        }
        return metrics;
    }

    /// <summary>Sum over all series of a family; null when there is none.</summary>
    public double? Sum(string name)
    {
        var found = _samples.Where(sample => sample.Name == name).ToList();
        return found.Count == 0 ? null : found.Sum(static sample => sample.Value);
    }

    /// <summary>One series by a label's value.</summary>
    public double Of(string name, string label, string value) => _samples.Where(sample => sample.Name == name && sample.Labels.Contains($"{label}=\"{value}\"", StringComparison.Ordinal)).Sum(static sample => sample.Value);

    public double? SumOfFirst(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            if (Sum(name) is { } sum) return sum;
        return null;
    }
}
