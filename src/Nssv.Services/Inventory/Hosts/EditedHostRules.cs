using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Calls.Patching;

namespace Nssv.Services.Inventory.Hosts;

/// <summary>What a changed host must be.</summary>
internal sealed class EditedHostRules : ResourceRules<Host>
{
    protected override IEnumerable<FieldError> Check(Host before, Host after) =>
        [.. HostRules.ReservedMemory("reservedMemoryBytes", after.ReservedMemoryBytes), .. HostRules.CpuOvercommit("cpuOvercommitRatio", after.CpuOvercommitRatio)];
}
