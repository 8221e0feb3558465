using Nssv.Kernel;
using Nssv.Kernel.Audit;
using Nssv.Kernel.Data;
using Nssv.Kernel.Operations;

namespace Nssv.Simulation.Tests.Invariants;

/// <summary>The audit's chain is whole, and everything that was accepted is in it once, with its result.</summary>
internal static class AuditChecks
{
    public static async Task Once(IStore store, Findings findings)
    {
        var report = await new AuditVerification(store).Run(CancellationToken.None);
        findings.Expect(report.Valid, Invariant.Audit, $"entry {report.FirstBad?.Sequence} is bad: {report.FirstBad?.Fault} {report.FirstBad?.Detail}");
        var entries = (await store.List<AuditEntry>()).ToLookup(entry => entry.OperationId);
        var operations = (await store.List<Operation>(Condition.Equal(nameof(Operation.ParentId), null))).Where(operation => operation.HasEnded()).ToDictionary(operation => operation.Id);
        foreach (var operation in operations.Values)
        {
            var (name, result) = ($"{operation.Kind} {operation.Id.Short}", operation.State == OperationState.Succeeded ? AuditResult.Succeeded : AuditResult.Failed);
            var found = entries[operation.Id].ToList();
            findings.Expect(found.Count == 1, Invariant.Audit, $"{name} has {found.Count} entries");
            foreach (var entry in found)
            {
                findings.Expect((entry.Action, entry.TargetId, entry.Result, entry.ErrorCode) == (operation.Kind, operation.TargetId, result, operation.Error?.Code), Invariant.Audit,
                    $"{name} is {operation.State} {operation.Error?.Code}, its entry says {entry.Action} on {entry.TargetId} {entry.Result} {entry.ErrorCode}");
            }
        }

        findings.AddAll(Invariant.Audit, entries.Where(group => group.Key is not { } id || !operations.ContainsKey(id)).Select(group => $"{group.Count()} entries of {group.Key?.ToString() ?? "no operation"}"));
    }
}
