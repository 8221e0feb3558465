using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Flows;
using Nssv.Kernel.Operations;

namespace Nssv.Simulation.Tests.Invariants;

/// <summary>What must hold of operations once everything has settled, whatever they were about.</summary>
internal static class OperationChecks
{
    public static async Task Ended(IStore store, Findings findings)
    {
        foreach (var operation in await store.List<Operation>())
        {
            var name = $"{operation.Kind} {operation.Id.Short}";
            findings.Expect(operation.State is OperationState.Succeeded or OperationState.Failed, Invariant.Ended,
                $"{name} is {operation.State} in step {operation.StepIndex} {operation.Direction}: {operation.Error?.Code} {operation.Error?.Detail}");
            findings.Expect(!operation.CleanupPending, Invariant.Ended, $"{name}: its clean-up is still pending on {operation.CleanupHostId}");
            findings.Expect(operation.State != OperationState.Failed || operation.Error is not null, Invariant.Ended, $"{name} failed without a reason");
            findings.Expect(!operation.HasEnded() || operation.EndedAt is not null, Invariant.Ended, $"{name} has ended at no time");
            await Journal(store, operation, name, findings);
        }

        foreach (var call in await store.List<CallResult>())
            findings.Add(Invariant.NothingLeft, $"the recorded call {call.Key} of an ended operation");
    }

    /// <summary>Every step that began has come to the end that its operation's end says.</summary>
    private static async Task Journal(IStore store, Operation operation, string name, Findings findings)
    {
        var steps = (await store.List<OperationStep>(Condition.Equal(nameof(OperationStep.OperationId), operation.Id))).OrderBy(step => step.StepIndex).ToList();
        if (operation.State == OperationState.Succeeded)
            findings.Expect(steps.All(step => step.State == StepState.Done), Invariant.Ended, $"{name} succeeded, but not all of its steps: {Text(steps)}");
        else if (operation is { State: OperationState.Failed, Direction: FlowDirection.Back })
            findings.Expect(steps.All(step => step.State == StepState.Undone), Invariant.Ended, $"{name} failed, but not all of its steps are undone: {Text(steps)}");
    }

    private static string Text(IEnumerable<OperationStep> steps) => string.Join(", ", steps.Select(step => $"{step.Name} {step.State}"));

    public static async Task Acknowledged(IStore store, IEnumerable<Operation> acknowledged, Findings findings)
    {
        foreach (var operation in acknowledged)
            findings.Expect(await store.Find<Operation>(operation.Id) is not null, Invariant.Acknowledged, $"{operation.Kind} {operation.Id.Short} is gone");
    }
}
