using Nssv.Contracts.Compute;
using Nssv.Kernel;
using Nssv.Kernel.Calls.Patching;

namespace Nssv.Services.Compute;

/// <summary>What a machine may be changed to; it takes effect at its next start.</summary>
internal sealed class VirtualMachineRules : ResourceRules<VirtualMachine>
{
    protected override IEnumerable<FieldError> Check(VirtualMachine before, VirtualMachine after)
    {
        if (after.CpuCount is < 1 or > CreateVirtualMachine.MaxCpuCount)
            yield return new("cpuCount", "out-of-range", $"cpuCount is between 1 and {CreateVirtualMachine.MaxCpuCount}; it is {after.CpuCount}.");
        foreach (var error in MachineSize.Memory("memoryBytes", after.MemoryBytes))
            yield return error;
    }
    protected override IEnumerable<string> FromNextStart(VirtualMachine before, VirtualMachine after)
    {
        if (before.State is VmState.Stopped or VmState.Recycled)
            yield break;
        if (before.CpuCount != after.CpuCount)
            yield return "cpuCount";
        if (before.MemoryBytes != after.MemoryBytes)
            yield return "memoryBytes";
    }
}
