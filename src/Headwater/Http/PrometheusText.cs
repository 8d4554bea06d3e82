using System.Globalization;
using System.Text;

namespace Headwater.Http;

/// <summary>
/// Prometheus' text exposition, version 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/).
/// Written by hand because it is this page: OpenTelemetry's exporter for it is a package more that not every index carries,
/// and it would copy every counter through its own aggregation first.
/// </summary>
sealed class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    readonly StringBuilder _text = new(16 << 10);
    readonly HashSet<string> _families = [];
    Metric _family = new("", MetricType.Gauge, "");

    /// <summary>Begins a family of the table of metrics.</summary>
    public void Begin(string name) => Begin(MetricTable.Of(name));

    public void Begin(Metric metric)
    {
        if (!metric.Name.StartsWith("headwater_", StringComparison.Ordinal) || (metric.Type == MetricType.Counter && !metric.Name.EndsWith("_total", StringComparison.Ordinal)))
            throw new ArgumentException($"{metric.Name}: names begin with headwater_ and those of counters end with _total", nameof(metric));
        // The format wants all samples of a family together.
        if (!_families.Add(metric.Name)) throw new InvalidOperationException($"{metric.Name} is written twice");
        _family = metric;
        _text.Append("# HELP ").Append(metric.Name).Append(' ').Append(metric.Help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('\n');
        _text.Append("# TYPE ").Append(metric.Name).Append(' ').Append(metric.Type.ToString().ToLowerInvariant()).Append('\n');
    }

    /// <summary>One series of a summary without quantiles.</summary>
    public void Totals(double sum, long count, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        Line("_sum", sum, labels, null);
        Line("_count", count, labels, null);
    }

    public void Sample(double value, params ReadOnlySpan<(string Name, string Value)> labels) => Line("", value, labels, null);

    /// <summary>One series of a histogram: how many values lay within each of the upper bounds (cumulative), how many there are, and their sum.</summary>
    public void Buckets(ReadOnlySpan<double> bounds, Func<double, long> within, long count, double sum, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        foreach (var bound in bounds) Line("_bucket", within(bound), labels, Number(bound));
        Line("_bucket", count, labels, "+Inf");
        Line("_sum", sum, labels, null);
        Line("_count", count, labels, null);
    }

    public override string ToString() => _text.ToString();

    void Line(string suffix, double value, ReadOnlySpan<(string Name, string Value)> labels, string? bound)
    {
        if (labels.Length != _family.Labels.Length) throw new ArgumentException($"{_family.Name} has the labels {string.Join(", ", _family.Labels)}");
        _text.Append(_family.Name).Append(suffix);
        if (labels.Length > 0 || bound is not null)
        {
            var separator = '{';
            for (var i = 0; i < labels.Length; i++)
            {
                var (label, text) = labels[i];
                if (label != _family.Labels[i]) throw new ArgumentException($"{_family.Name} has the labels {string.Join(", ", _family.Labels)}, not {label}");
                _text.Append(separator).Append(label).Append("=\"").Append(Escaped(text)).Append('"');
                separator = ',';
            }
            if (bound is not null) _text.Append(separator).Append("le=\"").Append(bound).Append('"');
            _text.Append('}');
        }
        _text.Append(' ').Append(Number(value)).Append('\n');
    }

    static string Number(double value) => double.IsPositiveInfinity(value) ? "+Inf" : value.ToString("R", CultureInfo.InvariantCulture);

    static string Escaped(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
