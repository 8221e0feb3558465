using Nssv.Kernel.Model;

namespace Nssv.Contracts.Compute;

public sealed partial record VirtualMachine
{
    /// <summary>What the second build's own step has written.</summary>
    [Internal, Observed] public string? UpgradeNote { get; init; }
}
