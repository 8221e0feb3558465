using Nssv.Kernel.Model;

namespace Nssv.Kernel.Query;

/// <summary>Names of fields for those who mistyped one.</summary>
internal static class Fields
{
    public static bool IsLabels(ColumnModel column) => column.Kind == ColumnKind.Json && column.ClrType == typeof(IReadOnlyDictionary<string, string>);

    /// <summary>System tags, which their owners have declared.</summary>
    public static bool IsTags(ColumnModel column) => IsLabels(column) && column.Property == nameof(NamedResource.Tags);

    /// <summary>A text inside of a JSON column whose type is declared, such as <c>error.code</c>.</summary>
    public static bool HasText(ColumnModel column, string member) => IsLabels(column)
        || column.ClrType.GetProperties().Any(property => property.PropertyType == typeof(string) && System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(property.Name) == member);

    public static IEnumerable<string> Filterable(ResourceModels models, TableModel table) =>
        table.Columns.Where(column => column.Public).Select(column => column.JsonName).Concat(models.Relations(table).Keys);

    /// <summary>What a list can be sorted or grouped by.</summary>
    public static IEnumerable<string> Single(ResourceModels models, TableModel table) =>
        table.Columns.Where(column => column.Public && column.Kind != ColumnKind.Json).Select(column => column.JsonName)
            .Concat(models.Relations(table).Values.Where(relation => !relation.IsCollection).Select(relation => relation.Name + "."));

    public static ProblemException Unknown(string where, string detail, string name, IEnumerable<string> known)
    {
        var candidates = Nearest(name, known);
        return (Problems.Invalid(where, detail, candidates.Count == 0 ? null : $"{Meant(name, candidates)}Known: {string.Join(", ", candidates.Order(StringComparer.Ordinal))}.", $"invalid-{where}") with { Candidates = candidates }).AsException();
    }

    /// <summary>Those that a mistyped name may have meant, the likeliest first.</summary>
    public static List<string> Nearest(string name, IEnumerable<string> known) =>
        [.. known.OrderBy(candidate => Distance(candidate, name)).ThenBy(candidate => candidate, StringComparer.Ordinal)];

    /// <summary>"Did you mean …? ", when one of these is near enough to have been meant: a third of its letters at most are others, or it is begun.</summary>
    /// <param name="nearest">The likeliest first.</param>
    public static string Meant(string name, IReadOnlyList<string> nearest) =>
        nearest.FirstOrDefault(known => Distance(known, name) <= Math.Clamp((known.Length + 1) / 3, 1, 3) || name.Length > 2 && known.StartsWith(name, StringComparison.OrdinalIgnoreCase)) is { } meant
            ? $"Did you mean '{meant}'? "
            : "";

    public static string Shown(string name) => name.Length <= 80 ? name : name[..80] + "…";

    /// <summary>Levenshtein's distance, letters of either case being equal.</summary>
    private static int Distance(string a, string b)
    {
        if (a.Length > 80)
            a = a[..80];
        var row = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
            row[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1));
                diagonal = above;
            }
        }
        return row[b.Length];
    }
}
