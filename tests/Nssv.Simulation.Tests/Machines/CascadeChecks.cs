using Nssv.Contracts.Compute;
using Nssv.Contracts.Images;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Network;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;
using Nssv.Simulation.Tests.Invariants;
using Nssv.Simulation.Tests.World;

namespace Nssv.Simulation.Tests.Machines;

/// <summary>A deletion with all that depends on it took all of it, or says what it left; it asked for nothing twice.</summary>
internal static class CascadeChecks
{
    public static async Task Whole(IStore store, IReadOnlyList<HostNode> hosts, Findings findings)
    {
        foreach (var cascade in await store.List<Operation>(Condition.Equal(nameof(Operation.Kind), "cascade.delete")))
        {
            var name = $"cascade {cascade.Id.Short}";
            var children = await store.List<Operation>(Condition.Equal(nameof(Operation.ParentId), cascade.Id));
            foreach (var twice in children.Where(child => child.State == OperationState.Succeeded).GroupBy(child => (child.TargetId, child.Kind)).Where(group => group.Count() > 1))
                findings.Add(Invariant.Once, $"{name}: {twice.Key.Kind} on {twice.Key.TargetId.Short} {twice.Count()} times");
            foreach (var late in children.Where(child => child.EndedAt > cascade.EndedAt))
                findings.Add(Invariant.NothingLeft, $"{name} had ended when {late.Kind} on {late.TargetId.Short} was still at it");
            if (cascade.State != OperationState.Succeeded)
            {
                findings.Expect(cascade.Error is { Code: "cascade-stopped" }, Invariant.Ended, $"{name} ended with {cascade.Error?.Code}: {cascade.Error?.Detail}");
                continue;
            }

            var left = await store.Count<DataCenter>() + await store.Count<Contracts.Inventory.Cluster>() + await store.Count<Host>() + await store.Count<VirtualMachine>() + await store.Count<Volume>() + await store.Count<VolumeLayer>()
                + await store.Count<DataStorage>() + await store.Count<PortGroup>() + await store.Count<ImageStorage>() + await store.Count<Image>();
            findings.Expect(left == 0, Invariant.NothingLeft, $"{name} succeeded and left {left} rows");
            foreach (var host in hosts)
                findings.Expect(!host.Machine.Domains.Any() && !host.Machine.Layers.Any(), Invariant.NothingLeft, $"{name} left something on {host.Name}");
        }
    }
}
