using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Calls.Patching;

namespace Nssv.Services.Inventory;

/// <summary>What a host's shares may be changed to.</summary>
internal sealed class HostChangeRules : ResourceRules<Host>
{
    protected override IEnumerable<FieldError> Check(Host before, Host after) =>
        [.. HostRules.ReservedMemory("reservedMemoryBytes", after.ReservedMemoryBytes), .. HostRules.CpuOvercommit("cpuOvercommitRatio", after.CpuOvercommitRatio)];
}
