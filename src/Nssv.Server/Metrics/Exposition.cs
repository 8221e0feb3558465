using System.Globalization;
using System.Text;

namespace Nssv.Server.Metrics;

/// <summary>Prometheus' text format, version 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).</summary>
internal static class Exposition
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    public static string Of(IEnumerable<Family> families)
    {
        var text = new StringBuilder(16 * 1024);
        foreach (var family in families)
        {
            text.Append("# HELP ").Append(family.Name).Append(' ');
            AppendEscaped(text, family.Help, quotes: false);
            text.Append("\n# TYPE ").Append(family.Name).Append(' ').Append(family.Kind.ToString().ToLowerInvariant()).Append('\n');
            foreach (var (labels, series) in family.Series.Select(pair => (Text: Labels(pair.Key), pair.Value)).OrderBy(pair => pair.Text, StringComparer.Ordinal))
            {
                if (family.Bounds is { } bounds)
                    AppendHistogram(text, family.Name, labels, bounds, series);
                else
                    AppendSample(text, family.Name, labels, series.Value);
            }
        }
        return text.ToString();
    }

    private static void AppendHistogram(StringBuilder text, string name, string labels, IReadOnlyList<double> bounds, Series series)
    {
        var buckets = series.Buckets();
        long count = 0;
        for (var i = 0; i < buckets.Length; i++)
        {
            count += buckets[i];
            var bound = $"le=\"{(i < bounds.Count ? Number(bounds[i]) : "+Inf")}\"";
            AppendSample(text, name + "_bucket", labels.Length == 0 ? bound : $"{labels},{bound}", count);
        }
        AppendSample(text, name + "_sum", labels, series.Value);
        AppendSample(text, name + "_count", labels, count);
    }

    private static void AppendSample(StringBuilder text, string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0)
            text.Append('{').Append(labels).Append('}');
        text.Append(' ').Append(Number(value)).Append('\n');
    }

    private static string Labels(KeyValuePair<string, object?>[] labels)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in labels)
        {
            if (text.Length > 0)
                text.Append(',');
            text.Append(name).Append("=\"");
            AppendEscaped(text, Convert.ToString(value, CultureInfo.InvariantCulture) ?? "", quotes: true);
            text.Append('"');
        }
        return text.ToString();
    }

    private static void AppendEscaped(StringBuilder text, string value, bool quotes)
    {
        foreach (var c in value)
        {
            _ = c switch
            {
                '\\' => text.Append(@"\\"),
                '\n' => text.Append(@"\n"),
                '"' when quotes => text.Append("\\\""),
                _ => text.Append(c),
            };
        }
    }

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };
}
