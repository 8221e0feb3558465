using Nssv.Contracts.Compute;
using Nssv.Contracts.Images;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Network;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Kernel.Model;
using Nssv.Kernel.Operations;
using Nssv.Simulation.Tests.Invariants;
using Nssv.Simulation.Tests.World;

namespace Nssv.Simulation.Tests.Machines;

/// <summary>A deletion with all that depends on it took all of it, or says what it left; it asked for nothing twice.</summary>
internal static class CascadeChecks
{
    private const string Flow = "cascade.delete";

    /// <summary>Of each deletion by itself, and of the references that are left.</summary>
    public static async Task Whole(IStore store, ResourceModels models, Findings findings)
    {
        var ends = await Ends(store);
        foreach (var cascade in await store.List<Operation>(Condition.Equal(nameof(Operation.Kind), Flow)))
        {
            var name = $"cascade {cascade.Id.Short} of {cascade.TargetType} {cascade.TargetName}";
            var children = await store.List<Operation>(Condition.Equal(nameof(Operation.ParentId), cascade.Id));
            // A storage is detached from each of its clusters.
            foreach (var twice in children.Where(child => child.State == OperationState.Succeeded && !child.Kind.EndsWith(".detach", StringComparison.Ordinal)).GroupBy(child => (child.TargetId, child.Kind)).Where(group => group.Count() > 1))
                findings.Add(Invariant.Once, $"{name}: {twice.Key.Kind} on {twice.Key.TargetId.Short} {twice.Count()} times");
            foreach (var late in children.Where(child => ends.GetValueOrDefault(child.Id) > ends.GetValueOrDefault(cascade.Id)))
                findings.Add(Invariant.NothingLeft, $"{name} had ended when {late.Kind} on {late.TargetId.Short} was still at it");
            if (cascade.State == OperationState.Succeeded)
            {
                findings.Expect(!await Exists(store, models, cascade.TargetType, cascade.TargetId), Invariant.NothingLeft, $"{name} succeeded, and it is still there");
                continue;
            }

            findings.Expect(cascade.Error is { Code: "cascade-stopped" } || cascade is { CancelRequested: true, Error.Code: "cancelled" }, Invariant.Ended,
                $"{name} ended with {cascade.Error?.Code}: {cascade.Error?.Detail}");
            // What refers to what goes is in the plan, or a reason to refuse it; and a database that refuses is waited for.
            findings.Expect(cascade.Error?.Detail?.Contains(" is used by ", StringComparison.Ordinal) != true, Invariant.NothingLeft, $"{name} stopped at what goes with it: {cascade.Error?.Detail}");
            findings.Expect(cascade.Error?.Status != 507, Invariant.Ended, $"{name} did not wait for room: {cascade.Error?.Detail}");
        }

        foreach (var table in models.Resources)
        {
            foreach (var reference in table.References)
            {
                var (column, target) = (Sql.Quote(reference.Column.Name), Sql.Quote(reference.Target.Name));
                findings.AddAll(Invariant.NothingLeft, await store.Select(
                    $"SELECT \"id\", {column} FROM {Sql.Quote(table.Name)} WHERE {column} IS NOT NULL AND {column} NOT IN (SELECT \"id\" FROM {target})", [],
                    row => $"{table.Singular} {row.GetString(0)} refers to {reference.Target.Singular} {row.GetString(1)}, which is gone"));
            }
        }
    }

    /// <summary>The event that told each operation's end: clocks of managers differ, the order of commits is one.</summary>
    private static async Task<Dictionary<Id, long>> Ends(IStore store)
    {
        var ended = new[] { "succeeded", "failed", "needsAttention" };
        return (await store.List<Event>(Condition.Equal(nameof(Event.ResourceType), "operation"))).Where(change => ended.Contains((string?)change.Data["state"]))
            .GroupBy(change => change.ResourceId).ToDictionary(group => group.Key, group => group.Min(change => change.Sequence));
    }

    /// <summary>A deletion of the only data center there is leaves nothing at all.</summary>
    public static async Task NothingLeft(IStore store, IReadOnlyList<HostNode> hosts, Findings findings)
    {
        foreach (var cascade in await store.List<Operation>(Condition.Equal(nameof(Operation.Kind), Flow), Condition.Equal(nameof(Operation.State), OperationState.Succeeded)))
        {
            var left = await Left(store);
            findings.Expect(left == 0, Invariant.NothingLeft, $"cascade {cascade.Id.Short} succeeded and left {left} rows");
            foreach (var host in hosts)
                findings.Expect(!host.Machine.Domains.Any() && !host.Machine.Layers.Any(), Invariant.NothingLeft, $"cascade {cascade.Id.Short} left something on {host.Name}");
        }
    }

    /// <summary>Rows of what is in data centers, and these themselves.</summary>
    public static async Task<long> Left(IStore store) =>
        await store.Count<DataCenter>() + await store.Count<Contracts.Inventory.Cluster>() + await store.Count<Host>() + await store.Count<VirtualMachine>() + await store.Count<Volume>()
        + await store.Count<VolumeLayer>() + await store.Count<DataStorage>() + await store.Count<PortGroup>() + await store.Count<ImageStorage>() + await store.Count<Image>();

    public static async Task<bool> Exists(IStore store, ResourceModels models, string kind, Id id) => models.TrySingular(kind, out var table)
        && (await store.Select($"SELECT count(*) FROM {Sql.Quote(table.Name)} WHERE \"id\" = @p0", [id], row => row.GetInt64(0)))[0] > 0;
}
