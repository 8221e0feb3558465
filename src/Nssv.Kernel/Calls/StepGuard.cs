using System.Globalization;
using Nssv.Kernel.Data;
using Nssv.Kernel.Flows;
using Nssv.Kernel.Operations;

namespace Nssv.Kernel.Calls;

/// <summary>
/// Where an operation must be for what its step asked of another node to take effect: still in that step, going the same way. What a network has kept back
/// may arrive when the step is long undone; the operation's row, required in the same transaction, tells.
/// </summary>
internal readonly record struct StepGuard(Id OperationId, int StepIndex, FlowDirection Direction)
{
    /// <param name="call">"3:volume.create" or "3:volume.create/undo", and whatever follows a slash.</param>
    public static StepGuard Of(Id operationId, string call) => new(
        operationId,
        int.Parse(call.AsSpan(0, call.IndexOf(':', StringComparison.Ordinal)), NumberStyles.None, CultureInfo.InvariantCulture),
        call.Contains("/undo", StringComparison.Ordinal) ? FlowDirection.Back : FlowDirection.Forward);

    /// <exception cref="ProblemException">409 step-over.</exception>
    public async ValueTask Check(IStore store)
    {
        if (await store.Find<Operation>(OperationId) is not { } operation || operation.StepIndex != StepIndex || operation.Direction != Direction || operation.HasEnded() && !operation.CleanupPending)
        {
            throw new Problem(409, "step-over", "The step that asked for this is over.", $"Operation {OperationId} is not in step {StepIndex} any more.", "Nothing was changed, and nothing is to be done.").AsException();
        }
    }

    /// <summary>It is so still when <paramref name="unit"/> is committed.</summary>
    public UnitOfWork Guard(UnitOfWork unit) => unit.Require<Operation>(OperationId,
        Condition.Equal(nameof(Operation.StepIndex), StepIndex), Condition.Equal(nameof(Operation.Direction), Direction));
}
