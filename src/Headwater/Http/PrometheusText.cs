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
    string _family = "";

    public void Counter(string name, string help) => Family(name, "counter", help, "_total");

    public void Gauge(string name, string help) => Family(name, "gauge", help, "");

    public void Histogram(string name, string help) => Family(name, "histogram", help, "");

    public void Summary(string name, string help) => Family(name, "summary", help, "");

    /// <summary>One series of a summary without quantiles.</summary>
    public void Totals(double sum, long count, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        Line(_family + "_sum", sum, labels, null);
        Line(_family + "_count", count, labels, null);
    }

    public void Sample(double value, params ReadOnlySpan<(string Name, string Value)> labels) => Line(_family, value, labels, null);

    /// <summary>One series of a histogram: how many values lay within each of the upper bounds (cumulative), how many there are, and their sum.</summary>
    public void Buckets(ReadOnlySpan<double> bounds, Func<double, long> within, long count, double sum, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        foreach (var bound in bounds) Line(_family + "_bucket", within(bound), labels, Number(bound));
        Line(_family + "_bucket", count, labels, "+Inf");
        Line(_family + "_sum", sum, labels, null);
        Line(_family + "_count", count, labels, null);
    }

    public override string ToString() => _text.ToString();

    void Family(string name, string type, string help, string suffix)
    {
        if (!name.StartsWith("headwater_", StringComparison.Ordinal) || !name.EndsWith(suffix, StringComparison.Ordinal))
            throw new ArgumentException($"{name}: names begin with headwater_ and those of counters end with _total", nameof(name));
        // The format wants all samples of a family together.
        if (!_families.Add(name)) throw new InvalidOperationException($"{name} is written twice");
        _family = name;
        _text.Append("# HELP ").Append(name).Append(' ').Append(help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('\n');
        _text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
    }

    void Line(string name, double value, ReadOnlySpan<(string Name, string Value)> labels, string? bound)
    {
        _text.Append(name);
        if (labels.Length > 0 || bound is not null)
        {
            var separator = '{';
            foreach (var (label, text) in labels)
            {
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
