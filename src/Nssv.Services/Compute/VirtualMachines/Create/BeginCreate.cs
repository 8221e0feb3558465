using Nssv.Contracts.Compute;
using Nssv.Contracts.Network;
using Nssv.Contracts.Platform;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Flows;
using Nssv.Services.Compute.Placement;

namespace Nssv.Services.Compute.VirtualMachines;

/// <summary>Chooses the host and books it before anything is made there. Undone last: it takes the rows away that were accepted.</summary>
[Step("compute.begin-create")]
internal sealed class BeginCreate(PlacementRules rules) : Step<VmCreate>
{
    public override async Task Run(VmCreate create, StepContext<VmCreate> step)
    {
        var host = await step.Call(new PlaceNewVm(
            create.VirtualMachineId, create.WantedHostId, create.Start, create.Disks[0].DataStorageId, create.Disks.Sum(d => d.ImageId is null ? 0 : 1L << 20),
            await rules.Refusals(step.Store, create.VirtualMachineId, step.Cancelled)));
        step.Save(create with { HostId = host, Disks = [.. create.Disks.Select(d => d with { HostId = host })] });
    }

    public override async Task Undo(VmCreate create, StepContext<VmCreate> step)
    {
        foreach (var disk in create.Disks)
            await step.Call(new RemoveVolume(disk.VolumeId));
        await step.Call(new RemoveVm(create.VirtualMachineId));
    }
}

/// <summary>Places a machine that is being created. Answers with the host; the same one when it is asked again.</summary>
internal sealed record PlaceNewVm(Id VirtualMachineId, Id? WantedHostId, bool Book, Id DataStorageId, long DiskBytes, IReadOnlyList<RefusedHost> Refused) : Request<Id>
{
    public override Id Target => VirtualMachineId;
}

internal sealed class PlaceNewVmTurn : CallTurn<PlaceNewVm, Id>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<Id>> Decide(PlaceNewVm request, TurnContext turn)
    {
        var vm = await turn.Store.Get<VirtualMachine>(request.VirtualMachineId);
        if (vm.PlacementHostId is { } already)
            return Answer(already);
        var demand = new Demand(vm.CpuCount, vm.MemoryBytes, vm.Architecture, request.WantedHostId, [request.DataStorageId], request.DiskBytes, PinnedHost.Of(vm), request.Refused);
        var hosts = await HostSnapshots.Of(turn.Store, vm.ClusterId, demand);
        var plan = Placer.Place(demand, hosts);
        var hostId = plan.HostId ?? throw (await VmProblems.NoHostFits(plan, demand, vm, turn.Store)).AsException();
        var unit = new UnitOfWork().Observe(vm, vm with { PlacementHostId = hostId });
        if (request.Book)
            unit.Book(hosts.Single(h => h.Host.Id == hostId).Host, vm.Id, vm.CpuCount, vm.MemoryBytes);
        return Answer(hostId, unit);
    }
}

/// <summary>Takes away the rows of a machine that has no domain and no volumes any more. Gone already is done.</summary>
internal sealed record RemoveVm(Id VirtualMachineId) : Request<bool>
{
    public override Id Target => VirtualMachineId;
}

internal sealed class RemoveVmTurn : CallTurn<RemoveVm, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(RemoveVm request, TurnContext turn)
    {
        var vm = await turn.Store.Find<VirtualMachine>(request.VirtualMachineId);
        if (vm is null)
            return Answer(false);
        var unit = new UnitOfWork();
        foreach (var nic in await turn.Store.List<NetworkInterface>(Condition.Equal(nameof(NetworkInterface.VirtualMachineId), vm.Id)))
            unit.Delete(nic);
        await unit.TakeOutOfRecycleBin(turn.Store, vm.Id);
        return Answer(true, (await unit.Release(turn.Store, vm.Id)).Delete(vm));
    }
}
