using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;

namespace Nssv.Contracts.Inventory;

[ApiRequest("POST", "data-centers", Permission = "data-center.create", Summary = "Create a data center")]
public sealed record CreateDataCenter : CreateRequest, IValidated
{
    [NewId] public Id Id { get; init; }
    public override Id Target => Id;
    public required string Name { get; init; }
    public string? Description { get; init; }

    public IEnumerable<FieldError> Validate() =>
        Rules.Name("name", Name).Concat(Rules.Description("description", Description)).Concat(Rules.Labels("labels", Labels));
}

/// <summary>Deletes an empty data center; with cascade, all that is in it.</summary>
[ApiRequest("DELETE", "data-centers/{id}", Permission = "data-center.delete", Summary = "Delete a data center")]
public sealed record DeleteDataCenter([property: FromRoute] Id Id) : DeleteRequest
{
    public override Id Target => Id;
}

[ApiRequest("POST", "clusters", Permission = "cluster.create", Summary = "Create a cluster")]
public sealed record CreateCluster : CreateRequest, IValidated
{
    [NewId] public Id Id { get; init; }
    public override Id Target => Id;
    public required string Name { get; init; }
    public string? Description { get; init; }
    public required Id DataCenterId { get; init; }

    /// <summary>The architecture of all its hosts; never changes.</summary>
    public Architecture Architecture { get; init; } = Architecture.X86_64;

    public IEnumerable<FieldError> Validate() =>
        Rules.Name("name", Name).Concat(Rules.Description("description", Description)).Concat(Rules.Labels("labels", Labels));
}

/// <summary>Deletes an empty cluster; with cascade, all that is in it.</summary>
[ApiRequest("DELETE", "clusters/{id}", Permission = "cluster.delete", Summary = "Delete a cluster")]
public sealed record DeleteCluster([property: FromRoute] Id Id) : DeleteRequest
{
    public override Id Target => Id;
}

/// <summary>Makes a host known. Its agent comes later, with a token of <see cref="IssueEnrolment"/>.</summary>
[ApiRequest("POST", "hosts", Permission = "host.create", Summary = "Add a host")]
public sealed record CreateHost : CreateRequest, IValidated
{
    [NewId] public Id Id { get; init; }
    public override Id Target => Id;
    public required string Name { get; init; }
    public string? Description { get; init; }
    public required Id ClusterId { get; init; }

    /// <summary>Name or address under which the manager reaches it, without a port.</summary>
    public required string Address { get; init; }

    /// <summary>Memory that placement never hands out; kept for the host itself.</summary>
    public long ReservedMemoryBytes { get; init; } = HostRules.DefaultReservedMemoryBytes;

    /// <summary>Virtual CPUs handed out per physical one, at most.</summary>
    public double CpuOvercommitRatio { get; init; } = HostRules.DefaultCpuOvercommitRatio;

    public IEnumerable<FieldError> Validate() =>
        Rules.Name("name", Name).Concat(Rules.Description("description", Description)).Concat(Rules.Labels("labels", Labels))
            .Concat(HostRules.Address("address", Address))
            .Concat(HostRules.ReservedMemory("reservedMemoryBytes", ReservedMemoryBytes))
            .Concat(HostRules.CpuOvercommit("cpuOvercommitRatio", CpuOvercommitRatio));
}

/// <summary>Removes a host that holds no machine and no disk. Its agent's certificate counts no more.</summary>
[ApiRequest("DELETE", "hosts/{id}", Permission = "host.delete", Summary = "Remove a host")]
public sealed record DeleteHost([property: FromRoute] Id Id) : DeleteRequest
{
    public override Id Target => Id;
}

/// <summary>A person vouches that a silent host is off: what it ran may be started elsewhere, or deleted.</summary>
[ApiRequest("POST", "hosts/{id}:confirmDown", Permission = "host.confirm-down", Summary = "Confirm that a disconnected host is off")]
public sealed record ConfirmHostDown([property: FromRoute] Id Id) : Request
{
    public override Id Target => Id;
}

/// <summary>Removes what the host holds of this platform and no row accounts for; each is looked at once more before it goes.</summary>
[ApiRequest("POST", "hosts/{id}:removeOrphans", Permission = "host.remove-orphans", Summary = "Remove domains and layers that nothing accounts for")]
public sealed record RemoveHostOrphans([property: FromRoute] Id Id) : Request
{
    public override Id Target => Id;
}

/// <summary>Makes a token with which the host's agent enrols, once, within 15 minutes. A new one takes the place of those before.</summary>
public sealed record IssueEnrolment(Id Id) : Request<EnrolmentToken>
{
    public override Id Target => Id;
}

/// <summary>Shown once; only its hash is kept.</summary>
public sealed record EnrolmentToken(string Token, DateTimeOffset ExpiresAt)
{
    /// <summary>Never with the token.</summary>
    public override string ToString() => "enrolment token";
}

/// <summary>A certificate was signed for the host's agent; it counts beside the one before until the agent shows it.</summary>
/// <param name="Fingerprint">SHA-256 of the certificate, lower-case hex.</param>
public sealed record ExpectCertificate(Id HostId, string Fingerprint) : Request<bool>
{
    public override Id Target => HostId;
}

/// <summary>The agent has shown the certificate that was expected: from here on only this one counts. Another one: nothing changes.</summary>
public sealed record AdoptCertificate(Id HostId, string Fingerprint) : Request<bool>
{
    public override Id Target => HostId;
}

/// <summary>Takes the token away and sets the agent's URL and certificate with the host, in one unit. The answer is the host's id.</summary>
/// <param name="TokenHash">SHA-256 of the token, lower-case hex.</param>
/// <param name="CertificateFingerprint">SHA-256 of the certificate, lower-case hex.</param>
public sealed record SpendEnrolment(Id HostId, string TokenHash, string AgentUrl, string CertificateFingerprint) : Request<Id>
{
    public override Id Target => HostId;
}
