namespace Nssv.Kernel.Operations;

/// <summary>What fails again and again, as far as this node runs it.</summary>
public sealed partial class OperationEngine
{
    /// <summary>
    /// The last failure of an operation's step that is being tried again. A step that waits for an operation that it has started is shown that one's:
    /// it is what is in the way, and the longest chain tells the most. Null when nothing is, or when another node runs it.
    /// </summary>
    public FailedTry? LastFailure(Id operationId, int stepIndex)
    {
        FailedTry? found = null;
        var deepest = -1;
        foreach (var failed in _runner.FailedTries)
        {
            if (DepthBelow(failed.Operation, operationId, stepIndex) is { } depth && depth > deepest)
                (found, deepest) = (failed, depth);
        }

        return found;
    }

    /// <summary>How many operations there are between one and a step of another that it was started by; 0 for the operation's own step, null when they have nothing to do with each other.</summary>
    private int? DepthBelow(Operation operation, Id ancestor, int stepIndex)
    {
        if (operation.Id == ancestor)
            return operation.StepIndex == stepIndex ? 0 : null;
        var current = operation;
        for (var depth = 1; current.ParentId is { } parent; depth++)
        {
            if (parent == ancestor)
                return current.ParentCall!.StartsWith($"{stepIndex}:", StringComparison.Ordinal) ? depth : null;
            if (!_running.TryGetValue(parent, out var above))
                return null;
            current = above.Operation;
        }

        return null;
    }
}
