using System.Globalization;

namespace Nssv.Server.Http;

/// <summary>Reads the headers that change how a request is carried out.</summary>
internal static class RequestHeaders
{
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);
    private const int LongestKey = 255;

    /// <summary><c>Prefer: wait=30</c> (RFC 7240, 4.3), at most 60 s. A preference that cannot be understood is passed over, as the RFC wants.</summary>
    public static TimeSpan? Wait(IHeaderDictionary headers)
    {
        foreach (var preference in headers["Prefer"].SelectMany(value => (value ?? "").Split(',', ';')))
        {
            if (preference.Split('=', 2, StringSplitOptions.TrimEntries) is [var name, var value] && name.Equals("wait", StringComparison.OrdinalIgnoreCase))
            {
                return int.TryParse(value.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
                    ? TimeSpan.FromSeconds(Math.Min(seconds, LongestWait.TotalSeconds))
                    : null;
            }
        }
        return null;
    }

    /// <summary>1 to 255 printable ASCII characters, once.</summary>
    /// <exception cref="ProblemException">400 invalid-header.</exception>
    public static string? IdempotencyKey(IHeaderDictionary headers) => headers["Idempotency-Key"] switch
    {
        { Count: 0 } => null,
        [{ Length: > 0 and <= LongestKey } key] when key.All(c => c is > ' ' and <= '~') => key,
        _ => throw HttpProblems.Header("Idempotency-Key", $"An Idempotency-Key has 1 to {LongestKey} printable ASCII characters without spaces, and is given once.").AsException(),
    };

    /// <summary>The version in <c>If-Match: "3"</c>; null for <c>*</c> and when there is none (RFC 9110, 13.1.1: weak tags never match).</summary>
    /// <exception cref="ProblemException">400 invalid-header.</exception>
    public static long? IfMatch(IHeaderDictionary headers) => headers.IfMatch switch
    {
        { Count: 0 } or ["*"] => null,
        [{ } tag] when Version(tag) is { } version => version,
        _ => throw HttpProblems.Header("If-Match", "If-Match holds one version as the ETag showed it, such as \"3\", or *.").AsException(),
    };

    /// <summary>Whether the caller has this version already (RFC 9110, 13.1.2: compared weakly).</summary>
    public static bool NoneMatches(IHeaderDictionary headers, long version) =>
        headers.IfNoneMatch.Count == 0
        || !headers.IfNoneMatch.SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries))
            .Any(tag => tag == "*" || Version(tag.StartsWith("W/", StringComparison.Ordinal) ? tag[2..] : tag) == version);

    public static string ETag(long version) => string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");

    /// <summary>The token of <c>Authorization: Bearer …</c> (RFC 6750).</summary>
    public static string? BearerToken(IHeaderDictionary headers)
    {
        const string scheme = "Bearer ";
        return headers.Authorization is [{ Length: < 512 } value] && value.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) ? value[scheme.Length..].Trim() : null;
    }

    private static long? Version(string tag) =>
        tag is ['"', .. var digits, '"'] && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : null;
}
