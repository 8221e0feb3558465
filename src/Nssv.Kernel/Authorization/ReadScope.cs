using Nssv.Kernel.Calls;

namespace Nssv.Kernel.Authorization;

/// <summary>Which projects' rows a caller may read: goes into the query, so that nothing is filtered afterwards.</summary>
/// <param name="ProjectIds">Null means all.</param>
public sealed record ReadScope(IReadOnlyList<Id>? ProjectIds)
{
    public static ReadScope Everything { get; } = new((IReadOnlyList<Id>?)null);
    public static ReadScope Nothing { get; } = new([]);

    /// <summary>The one predicate of all reads.</summary>
    public static ReadScope Of(IAuthoriser authoriser, Caller caller, string permission) => authoriser.Allows(caller, permission) ? Everything : Nothing;

    public bool Covers(Id projectId) => ProjectIds is null || ProjectIds.Contains(projectId);
}
