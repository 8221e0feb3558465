using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nssv.Client;
using Nssv.Client.Units;

namespace Nssv.Cli.Output;

/// <summary>Writes one value for people; its unit follows from the field's name (<c>…Bytes</c>, <c>…At</c>, <c>…Seconds</c>).</summary>
internal sealed class CellText(DateTimeOffset now)
{
    /// <summary>The value in a few words; an absent one is a dash.</summary>
    public string Short(string path, JsonNode? value) => value switch
    {
        null => "-",
        JsonObject map => map.Count == 0 ? "-" : string.Join(", ", map.Select(pair => $"{Printable.Of(pair.Key)}={Entry(pair.Key, pair.Value)}")),
        JsonArray list => list.Count == 0 ? "-" : string.Join(", ", list.Select(item => Short(path, item))),
        _ => Scalar(path, value, withDate: false),
    };

    /// <summary>An empty text in a map is there, unlike one that is missing.</summary>
    private string Entry(string key, JsonNode? value) => value?.GetValueKind() == JsonValueKind.String && value.AsText() is "" ? "" : Short(key, value);

    /// <summary>The value with nothing left out.</summary>
    public string Full(string path, JsonNode? value) => value is JsonObject or JsonArray or null ? Short(path, value) : Scalar(path, value, withDate: true);

    private static string Milliseconds(double count) =>
        Math.Abs(count) < 1_000 ? string.Create(CultureInfo.InvariantCulture, $"{count:0.#} ms") : DurationText.Format(TimeSpan.FromMilliseconds(Math.Min(count, int.MaxValue)));

    private string Scalar(string path, JsonNode value, bool withDate)
    {
        if (value.GetValueKind() is JsonValueKind.True or JsonValueKind.False)
        {
            return value.IsTrue() ? "yes" : "no";
        }

        if (value.AsInt64() is { } number)
        {
            return path.EndsWith("Bytes", StringComparison.Ordinal) ? SizeText.Format(number)
                : path.EndsWith("Seconds", StringComparison.Ordinal) ? DurationText.Format(TimeSpan.FromSeconds(Math.Min(number, int.MaxValue)))
                : path.EndsWith("Milliseconds", StringComparison.Ordinal) ? Milliseconds(number)
                : path.EndsWith("progress", StringComparison.Ordinal) ? string.Create(CultureInfo.InvariantCulture, $"{number} %")
                : number.ToString(CultureInfo.InvariantCulture);
        }

        var text = value.AsText() ?? "-";
        if (path.EndsWith("Milliseconds", StringComparison.Ordinal) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var milliseconds))
        {
            return Milliseconds(milliseconds);
        }

        if ((path.EndsWith("At", StringComparison.Ordinal) || path == "at") && value.AsTime() is { } time)
        {
            var age = now - time;
            var relative = age < TimeSpan.Zero ? $"in {DurationText.Format(-age)}" : $"{DurationText.Format(age)} ago";
            return withDate ? string.Create(CultureInfo.InvariantCulture, $"{time.ToLocalTime():yyyy-MM-dd HH:mm:ss zzz} ({relative})") : relative;
        }

        return text.Length == 0 ? "-" : Printable.Of(text);
    }
}
