using Nssv.Kernel.Model;

namespace Nssv.Kernel;

/// <summary>Problems that any area may meet. Each area keeps its own beside its contracts.</summary>
public static class Problems
{
    /// <summary>No more resources are named where one must be chosen.</summary>
    public const int MostNamed = 10;

    /// <summary>Resources of which one must be chosen, each as its id and its name.</summary>
    public static IReadOnlyList<string> Candidates(IEnumerable<NamedResource> resources) => [.. resources.Take(MostNamed).Select(resource => $"{resource.Id} {resource.Name}")];

    /// <summary>Their names in a sentence.</summary>
    public static string Named(IReadOnlyCollection<NamedResource> resources) =>
        $"{string.Join(", ", resources.Take(MostNamed).Select(resource => $"'{resource.Name}'"))}{(resources.Count > MostNamed ? ", …" : "")}";

    public static Problem NotFound(string what, string id) =>
        new(404, "not-found", "There is no such resource.", $"There is no {what} '{id}'.", "Check the id, or list the collection to find it.");

    public static Problem Invalid(string field, string detail, string? advice = null, string code = "invalid-value") =>
        new(400, code, "The request is not valid.", detail, advice ?? $"Correct '{field}' and send the request again.", field);

    /// <param name="what">Its name or its id.</param>
    public static Problem VersionMismatch(string what, long version, long asked) =>
        new(412, "version-mismatch", "The resource has changed since it was read.", $"'{what}' has version {version}; If-Match names {asked}.", "Read it again and repeat the change on what you find.");

    public static Problem Conflict(string what) =>
        new(409, "concurrent-change", "Something else changed the resource at the same moment.", what, "Read it again and repeat the request.") { RetryAfterSeconds = 1 };

    public static Problem StorageFull(string detail) =>
        new(507, "database-full", "The platform's database has no space left.", detail, "Free space on the disk that holds the database; nothing was changed.");

    public static Problem Unavailable(string detail) =>
        new(503, "unavailable", "The platform cannot serve this just now.", detail, "Try again in a few seconds.") { RetryAfterSeconds = 2 };

    public static Problem Internal(string detail) =>
        new(500, "internal", "The platform met an error of its own.", detail, "Look at the manager's log for the operation's id.");
}
