using System.Globalization;
using System.Text.Json.Nodes;

namespace LegalHold;

/// <summary>Reads the hold from a resource as the API shows it.</summary>
internal static class Hold
{
    public const string Tag = "legalHold.until";

    /// <summary>The last day of the hold; null when there is none, or it is over. What is no day holds for ever: in doubt evidence stays.</summary>
    public static DateOnly? Of(JsonObject? resource, DateOnly today)
    {
        if (Text(resource) is not { } text)
            return null;
        var until = DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : DateOnly.MaxValue;
        return until >= today ? until : null;
    }

    public static DateOnly Today(TimeProvider time) => DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);

    private static string? Text(JsonObject? resource) => resource?["tags"]?[Tag]?.GetValue<string>();
}
