using System.Globalization;
using System.Text.Json.Nodes;

namespace LegalHold;

/// <summary>Reads the hold from a resource as the API shows it.</summary>
internal static class Hold
{
    public const string Tag = "legalHold.until";

    private const string CaseTag = "legalHold.case";

    /// <summary>The last day of the hold; null when there is none, or it is over. What is no day holds for ever: in doubt evidence stays.</summary>
    public static DateOnly? Of(JsonObject? resource, DateOnly today)
    {
        if (Text(resource, Tag) is not { } text)
            return null;
        var until = DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : DateOnly.MaxValue;
        return until >= today ? until : null;
    }

    public static DateOnly Today(TimeProvider time) => DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);

    /// <summary>What it is held for, in words that follow the day; empty when nobody has said so.</summary>
    public static string Case(JsonObject resource) => Text(resource, CaseTag) is { } number ? $" for case {number}" : "";

    private static string? Text(JsonObject? resource, string tag) => resource?["tags"]?[tag]?.GetValue<string>();
}
