using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Nssv.Bench;

/// <summary>One measured number.</summary>
/// <param name="Baseline">The same measured without nSSV, in the same run.</param>
/// <param name="Aim">What it should be, as people read it.</param>
/// <param name="Met">Null when there is no aim.</param>
internal sealed record Figure(string Name, double Value, string Unit, double? Baseline = null, string? Aim = null, bool? Met = null, string? Note = null)
{
    public double? Ratio => Baseline is { } baseline && baseline != 0 ? Value / baseline : null;

    public static Figure AtLeast(string name, double value, string unit, double aim, double? baseline = null, string? note = null) =>
        new(name, value, unit, baseline, string.Create(CultureInfo.InvariantCulture, $"≥ {aim:#,0.##}"), value >= aim, note);

    public static Figure AtMost(string name, double value, string unit, double aim, double? baseline = null, string? note = null) =>
        new(name, value, unit, baseline, string.Create(CultureInfo.InvariantCulture, $"≤ {aim:#,0.##}"), value <= aim, note);
}

/// <summary>Collects figures, and shows them as a table for people and as JSON for programs.</summary>
internal sealed class Figures(TextWriter output)
{
    private static readonly JsonSerializerOptions Writing = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly List<Figure> _all = [];

    public IReadOnlyList<Figure> Missed => [.. _all.Where(figure => figure.Met == false)];

    public void Add(Figure figure)
    {
        _all.Add(figure);
        output.WriteLine($"  {figure.Name}: {Number(figure.Value)} {figure.Unit}{(figure.Note is null ? "" : $" ({figure.Note})")}");
        output.Flush();
    }

    /// <summary>The newest figure whose name begins so.</summary>
    public double Last(string name) => _all.Last(figure => figure.Name.StartsWith(name, StringComparison.Ordinal)).Value;

    public void WriteTable()
    {
        List<string[]> rows = [["Figure", "Value", "Unit", "Baseline", "Ratio", "Aim", ""]];
        rows.AddRange(_all.Select(figure => new[]
        {
            figure.Name, Number(figure.Value), figure.Unit, figure.Baseline is { } baseline ? Number(baseline) : "",
            figure.Ratio is { } ratio ? ratio.ToString("0.00", CultureInfo.InvariantCulture) : "", figure.Aim ?? "",
            figure.Met switch { true => "met", false => "MISSED", null => "" },
        }));
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        output.WriteLine();
        foreach (var row in rows)
            output.WriteLine(string.Join("  ", row.Select((cell, column) => column is 1 or 3 or 4 ? cell.PadLeft(widths[column]) : cell.PadRight(widths[column]))).TrimEnd());
        output.WriteLine();
        output.WriteLine(Missed.Count == 0 ? "Every aim is met." : $"Missed: {string.Join(", ", Missed.Select(figure => figure.Name))}.");
    }

    public void WriteJson(string file) => File.WriteAllText(file, JsonSerializer.Serialize(_all.Select(Entry), Writing) + "\n");

    /// <summary>What is not there is left out.</summary>
    private static SortedDictionary<string, object> Entry(Figure figure)
    {
        var entry = new SortedDictionary<string, object>(StringComparer.Ordinal) { ["name"] = figure.Name, ["value"] = Round(figure.Value), ["unit"] = figure.Unit };
        if (figure.Baseline is { } baseline)
            entry["baseline"] = Round(baseline);
        if (figure.Ratio is { } ratio)
            entry["ratio"] = Math.Round(ratio, 3);
        if (figure.Aim is not null)
            entry["aim"] = figure.Aim;
        if (figure.Met is { } met)
            entry["met"] = met;
        if (figure.Note is not null)
            entry["note"] = figure.Note;
        return entry;
    }

    private static double Round(double value) => Math.Round(value, Math.Abs(value) >= 100 ? 0 : 2);

    private static string Number(double value) => value.ToString(Math.Abs(value) >= 100 ? "#,0" : "0.##", CultureInfo.InvariantCulture);
}
