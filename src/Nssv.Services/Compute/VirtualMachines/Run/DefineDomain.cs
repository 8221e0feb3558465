using Nssv.Contracts.Agent;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Network;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Flows;

namespace Nssv.Services.Compute.VirtualMachines;

/// <summary>Tells the host what the machine is, whole. The first time the host answers with the hardware it chose, which is kept for ever.</summary>
[Step("compute.define-domain")]
internal sealed class DefineDomainStep : Step<VmRun>
{
    public override Id? Host(VmRun run) => run.HostId;

    public override async Task Run(VmRun run, StepContext<VmRun> step)
    {
        var vm = await step.Store.Get<VirtualMachine>(run.VirtualMachineId);
        var defined = await step.Command(new DefineDomain(await Spec(vm, run.RunGeneration, step.Store)));
        step.Save(run with { Hardware = defined.Hardware });
    }

    /// <summary>A machine that is being created leaves no domain; one that was defined before keeps its definition, which the next start replaces.</summary>
    public override async Task Undo(VmRun run, StepContext<VmRun> step)
    {
        var vm = await step.Store.Find<VirtualMachine>(run.VirtualMachineId);
        if (vm is null or { State: VmState.Creating })
            await step.Command(new RemoveDomain(run.VirtualMachineId));
    }

    private static async Task<DomainSpec> Spec(VirtualMachine vm, long generation, IStore store)
    {
        var volumes = await store.List<Volume>(Condition.Equal(nameof(Volume.VirtualMachineId), vm.Id));
        var nics = await store.List<NetworkInterface>(Condition.Equal(nameof(NetworkInterface.VirtualMachineId), vm.Id));
        var groups = (await store.List<PortGroup>(Condition.In(nameof(PortGroup.Id), nics.Select(n => n.PortGroupId).Distinct().ToList()))).ToDictionary(g => g.Id);
        return new DomainSpec
        {
            VirtualMachineId = vm.Id,
            Title = vm.Name,
            RunGeneration = generation,
            Architecture = vm.Architecture,
            Firmware = vm.Firmware,
            CpuCount = vm.CpuCount,
            MemoryBytes = vm.MemoryBytes,
            Disks = [.. volumes.OrderBy(v => v.DeviceIndex).Select(v => new DiskSpec(v.Id, v.DataStorageId, v.ActiveLayerId!.Value, v.Format, v.DeviceIndex!.Value, v.Serial))],
            Nics = [.. nics.OrderBy(n => n.DeviceIndex).Select(n => new NicSpec(n.Id, n.PortGroupId, groups[n.PortGroupId].Kind, n.MacAddress, n.DeviceIndex, n.Model))],
            Hardware = vm.Hardware,
        };
    }
}

/// <summary>Starts the domain. Taken back, it runs no more, whether it had come up or not.</summary>
[Step("compute.start-domain")]
internal sealed class StartDomainStep : Step<VmRun>
{
    public override Id? Host(VmRun run) => run.HostId;

    public override Task Run(VmRun run, StepContext<VmRun> step) => step.Command(new StartDomain(run.VirtualMachineId, run.RunGeneration));

    public override Task Undo(VmRun run, StepContext<VmRun> step) => step.Command(new StopDomain(run.VirtualMachineId, GraceSeconds: 0));
}
