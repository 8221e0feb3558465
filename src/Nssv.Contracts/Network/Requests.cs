using Nssv.Kernel;
using Nssv.Kernel.Calls;

namespace Nssv.Contracts.Network;

[ApiRequest("POST", "port-groups", Permission = "port-group.create", Summary = "Create a port group")]
public sealed record CreatePortGroup : Request, IValidated
{
    [NewId] public Id Id { get; init; }
    public override Id Target => Id;
    public required string Name { get; init; }
    public string? Description { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
    public required Id DataCenterId { get; init; }

    /// <summary>The driver: "isolated" is a link with no peer.</summary>
    public string Kind { get; init; } = "isolated";

    public IEnumerable<FieldError> Validate() =>
        Rules.Name("name", Name).Concat(Rules.Description("description", Description)).Concat(Rules.Labels("labels", Labels));
}

/// <summary>Deletes a port group that no network card is plugged into.</summary>
[ApiRequest("DELETE", "port-groups/{id}", Permission = "port-group.delete", Summary = "Delete an unused port group")]
public sealed record DeletePortGroup([property: FromRoute] Id Id) : Request
{
    public override Id Target => Id;
}
