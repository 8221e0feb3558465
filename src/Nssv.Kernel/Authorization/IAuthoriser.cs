using Nssv.Kernel.Calls;

namespace Nssv.Kernel.Authorization;

/// <summary>The one hook that says who may do what. Asked in every accept turn, and once more by the query compiler for what may be seen.</summary>
public interface IAuthoriser
{
    bool Allows(Caller caller, string permission);
}

/// <summary>Roles for now: an admin and the system itself may do everything.</summary>
public sealed class RoleAuthoriser : IAuthoriser
{
    public bool Allows(Caller caller, string permission) => caller.Role is CallerRole.Admin or CallerRole.System;
}
