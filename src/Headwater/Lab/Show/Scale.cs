namespace Headwater.Lab.Show;

/// <summary>What both pictures of a scenario are drawn by, so that they can be compared.</summary>
readonly record struct Scale(double Seconds, double Value)
{
    public static Scale Of(params Evidence?[] sides)
    {
        var points = sides.OfType<Evidence>().SelectMany(static side => side.Series).SelectMany(static series => series.Points);
        return new Scale(Math.Max(0.1, sides.OfType<Evidence>().Select(static side => side.Seconds).DefaultIfEmpty(0).Max()), Math.Max(1, points.Max(static point => point.Value) ?? 0));
    }

    /// <summary>A step for the marks of an axis that people count by: 1, 2 or 5 times a power of ten, at most so many of them.</summary>
    public static double Step(double range, int most)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(range / most)));
        foreach (var times in (double[])[1, 2, 5])
            if (range / (power * times) <= most) return power * times;
        return power * 10;
    }
}
