using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;

namespace Nssv.Contracts.Network;

[ApiRequest("POST", "port-groups", Permission = "port-group.create", Summary = "Create a port group")]
public sealed record CreatePortGroup : CreateRequest, IValidated
{
    [NewId] public Id Id { get; init; }
    public override Id Target => Id;
    public required string Name { get; init; }
    public string? Description { get; init; }
    public required Id DataCenterId { get; init; }

    /// <summary>The driver: "isolated" is a link with no peer.</summary>
    public string Kind { get; init; } = "isolated";

    public IEnumerable<FieldError> Validate() =>
        Rules.Name("name", Name).Concat(Rules.Description("description", Description)).Concat(Rules.Labels("labels", Labels));
}

/// <summary>Deletes a port group that no network card is plugged into.</summary>
[ApiRequest("DELETE", "port-groups/{id}", Permission = "port-group.delete", Summary = "Delete a port group")]
public sealed record DeletePortGroup([property: FromRoute] Id Id) : DeleteRequest
{
    public override Id Target => Id;
}

/// <summary>Plugs a new network card into a stopped machine, which sees it at its next start.</summary>
[ApiRequest("POST", "network-interfaces", Permission = "network-interface.create", Summary = "Plug a network card into a stopped virtual machine")]
public sealed record CreateNetworkInterface : CreateRequest, IValidated
{
    [NewId] public Id Id { get; init; }
    public override Id Target => Id;

    /// <summary>Null: "nic" and its index.</summary>
    public string? Name { get; init; }
    public string? Description { get; init; }
    public required Id VirtualMachineId { get; init; }
    public required Id PortGroupId { get; init; }

    /// <summary>Null: one is chosen.</summary>
    public string? MacAddress { get; init; }

    public NicModel Model { get; init; } = NicModel.Virtio;

    public IEnumerable<FieldError> Validate()
    {
        foreach (var error in (Name is null ? [] : Rules.Name("name", Name)).Concat(Rules.Description("description", Description)).Concat(Rules.Labels("labels", Labels)))
            yield return error;
        if (MacAddress is not null && !Network.MacAddress.IsUsable(MacAddress))
            yield return Network.MacAddress.Wrong("macAddress");
    }
}

/// <summary>Pulls a network card out of its stopped machine.</summary>
[ApiRequest("DELETE", "network-interfaces/{id}", Permission = "network-interface.delete", Summary = "Pull a network card out of a stopped virtual machine")]
public sealed record DeleteNetworkInterface([property: FromRoute] Id Id) : DeleteRequest
{
    public override Id Target => Id;
}
