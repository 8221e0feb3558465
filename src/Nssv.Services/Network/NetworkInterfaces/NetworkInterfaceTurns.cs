using Nssv.Contracts;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Network;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;

namespace Nssv.Services.Network.NetworkInterfaces;

/// <summary>That the machine is stopped is a condition of the same transaction: a start that begins at this moment either sees the card or makes this fail.</summary>
internal sealed class CreateNetworkInterfaceTurn : CreateTurn<CreateNetworkInterface>
{
    public override Type ResourceType => typeof(NetworkInterface);

    public override async ValueTask<Decision> Decide(CreateNetworkInterface request, AcceptContext turn)
    {
        var vm = await turn.Store.Referred<VirtualMachine>(request.VirtualMachineId, "virtualMachineId");
        await turn.Store.Referred<PortGroup>(request.PortGroupId, "portGroupId");
        StoppedMachine.MakeSure(vm);
        var cards = await turn.Store.List<NetworkInterface>(Condition.Equal(nameof(NetworkInterface.VirtualMachineId), vm.Id));
        if (cards.Count >= NewNic.MaxCount)
            throw Problems.Invalid("virtualMachineId", $"'{vm.Name}' has {cards.Count} network cards already.", "Pull one out first.", "too-many").AsException();
        if (request.MacAddress is { } mac && await turn.Store.First<NetworkInterface>(Condition.Equal(nameof(NetworkInterface.MacAddress), mac)) is not null)
            throw Problems.Invalid("macAddress", $"The address {mac} is taken.", "Leave it out, and one is chosen.", "mac-address-taken").AsException();
        var index = Enumerable.Range(0, NewNic.MaxCount).First(i => cards.All(c => c.DeviceIndex != i));
        return Decision.Done(new UnitOfWork()
            .OnlyWhileStopped(vm.Id)
            .OnlyWhilePlaceIsFree("network_interfaces", vm.Id, index)
            .Insert(new NetworkInterface
            {
                Id = request.Id,
                ProjectId = vm.ProjectId,
                CreatedBy = turn.Caller.AccountId,
                CreatedAt = turn.Now,
                UpdatedAt = turn.Now,
                Version = 1,
                Name = request.Name ?? $"nic {index}",
                Description = request.Description,
                Labels = request.Labels ?? Rules.NoLabels,
                Tags = request.Tags ?? Rules.NoLabels,
                VirtualMachineId = vm.Id,
                PortGroupId = request.PortGroupId,
                MacAddress = request.MacAddress ?? MacAddress.From(request.Id),
                DeviceIndex = index,
                Model = request.Model,
            }));
    }
}

internal sealed class DeleteNetworkInterfaceTurn : AcceptTurn<DeleteNetworkInterface, NetworkInterface>
{
    public override async ValueTask<Decision> Decide(DeleteNetworkInterface request, NetworkInterface nic, AcceptContext turn)
    {
        var vm = await turn.Store.Get<VirtualMachine>(nic.VirtualMachineId);
        StoppedMachine.MakeSure(vm);
        return Decision.Done(new UnitOfWork().Delete(nic).OnlyWhileStopped(vm.Id));
    }
}
