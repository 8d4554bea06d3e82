using System.Globalization;

namespace Headwater.Bench.Report;

/// <summary>Median, least and most of some measurements; no more is claimed of a handful of runs.</summary>
readonly record struct Spread(int Count, double Median, double Least, double Most)
{
    public static Spread Of(IEnumerable<double> measured)
    {
        var sorted = measured.Where(double.IsFinite).Order().ToArray();
        return sorted.Length == 0 ? new Spread(0, double.NaN, double.NaN, double.NaN) : new Spread(sorted.Length, Percentile(sorted, 0.5), sorted[0], sorted[^1]);
    }

    /// <summary>Of sorted values, linear between the two nearest.</summary>
    public static double Percentile(ReadOnlySpan<double> sorted, double share)
    {
        if (sorted.IsEmpty) return double.NaN;
        var at = share * (sorted.Length - 1);
        var below = (int)at;
        return below + 1 >= sorted.Length ? sorted[^1] : sorted[below] + (sorted[below + 1] - sorted[below]) * (at - below);
    }

    public string Text(string format) => Count switch
    {
        0 => "-",
        1 => Median.ToString(format, CultureInfo.InvariantCulture),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Median.ToString(format, CultureInfo.InvariantCulture)} ({Least.ToString(format, CultureInfo.InvariantCulture)}–{Most.ToString(format, CultureInfo.InvariantCulture)})"),
    };
}
