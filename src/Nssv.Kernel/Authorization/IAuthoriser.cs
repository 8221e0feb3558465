using Nssv.Kernel.Calls;

namespace Nssv.Kernel.Authorization;

/// <summary>The one place that decides who may do what: asked by every endpoint, every accept turn and every query.</summary>
public interface IAuthoriser
{
    /// <summary>Null when <paramref name="caller"/> may; else the problem to answer with (403).</summary>
    /// <param name="permission">"&lt;resource&gt;.&lt;action&gt;", such as "virtual-machine.start".</param>
    Problem? Refusal(Caller caller, string permission);

    /// <summary>The rows that the caller may read: goes into the query, so that nothing is filtered afterwards.</summary>
    ReadScope Scope(Caller caller, string permission);
}

/// <summary>Which projects' rows may be read.</summary>
/// <param name="ProjectIds">Null means all.</param>
public sealed record ReadScope(IReadOnlyList<Id>? ProjectIds)
{
    public static ReadScope Everything { get; } = new((IReadOnlyList<Id>?)null);

    public bool Covers(Id projectId) => ProjectIds is null || ProjectIds.Contains(projectId);
}

/// <summary>Roles decide alone: the administrator and the platform itself may do everything.</summary>
public sealed class RoleAuthoriser : IAuthoriser
{
    public Problem? Refusal(Caller caller, string permission) => caller.Role switch
    {
        CallerRole.Admin or CallerRole.System => null,
        _ => new Problem(403, "forbidden", "The account may not do this.", $"{caller.Name} lacks the permission {permission}.", "Ask an administrator for it."),
    };

    public ReadScope Scope(Caller caller, string permission) =>
        Refusal(caller, permission) is null ? ReadScope.Everything : new ReadScope([]);
}
