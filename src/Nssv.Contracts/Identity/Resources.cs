using Nssv.Kernel;
using Nssv.Kernel.Model;

namespace Nssv.Contracts.Identity;

/// <summary>Someone, or something, that signs in.</summary>
[Resource("accounts", ShortName = "account", Rank = 5)]
public sealed record Account : Resource, INamed
{
    [Index(Unique = true)] public required string Name { get; init; }

    /// <summary>"pbkdf2-sha512$iterations$salt$hash", base64.</summary>
    [Secret] public required string PasswordHash { get; init; }

    public required AccountRole Role { get; init; }
}

public enum AccountRole { Admin }

/// <summary>A signed-in session; the token itself is never stored.</summary>
[Table("sessions")]
public sealed record Session
{
    /// <summary>SHA-256 of the token, hex.</summary>
    [Key] public required string TokenHash { get; init; }
    [Reference<Account>, Index] public required Id AccountId { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    [Index] public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>Lets one agent enrol, once.</summary>
[Table("enrolments")]
public sealed record Enrolment
{
    [Key] public required string TokenHash { get; init; }
    public required Id HostId { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
}
