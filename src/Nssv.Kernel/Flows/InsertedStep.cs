using System.Text.Json.Nodes;
using Nssv.Kernel.Operations;

namespace Nssv.Kernel.Flows;

/// <summary>A step that does not belong to the flow but is put into it, beside one of its own. It is in the plans of operations that start while it is registered.</summary>
public abstract class InsertedStep
{
    /// <summary>Unique among all steps, and for ever: frozen plans hold it.</summary>
    public abstract string Name { get; }

    public abstract string Flow { get; }

    /// <summary>The flow's own step that it stands beside.</summary>
    public abstract string Beside { get; }

    public abstract bool Before { get; }

    /// <summary>The operation goes on when it fails, is late, or is there no more.</summary>
    public abstract bool Optional { get; }

    public abstract TimeSpan Deadline { get; }

    /// <summary>Whether it goes into a plan that is made now.</summary>
    public abstract bool Offered { get; }

    /// <summary>Called once when the flows are put together and it does not fit: it is in no plan.</summary>
    public abstract void DoesNotFit(string reason);

    public abstract Task Run(InsertedCall call, CancellationToken cancelled);

    public abstract Task Undo(InsertedCall call, CancellationToken cancelled);
}

/// <param name="Key">The same whenever this step of this operation runs.</param>
/// <param name="Context">The flow's context where the step stands. Never a secret.</param>
public sealed record InsertedCall(string Key, Operation Operation, JsonObject Context);

/// <summary>The runner holds it like any other step.</summary>
internal sealed class InsertedStepBinding : StepBinding
{
    private readonly InsertedStep _step;

    [System.Diagnostics.CodeAnalysis.SetsRequiredMembers]
    public InsertedStepBinding(InsertedStep step)
    {
        _step = step;
        Name = step.Name;
        ContextType = typeof(JsonObject);
    }

    public override Id? Host(OperationRun run, string scope) => null;

    public override Task Run(OperationRun run, string scope, StepRun step) => Call(_step.Run, run, scope, step);

    public override Task Undo(OperationRun run, string scope, StepRun step) => Call(_step.Undo, run, scope, step);

    private async Task Call(Func<InsertedCall, CancellationToken, Task> half, OperationRun run, string scope, StepRun step)
    {
        try
        {
            await half(new(step.Key, run.Operation, run.ContextOf<JsonObject>(scope)), step.Cancelled);
        }
        catch (Exception e) when (_step.Optional && (e is ProblemException || step.IsLate))
        {
            // Whoever gave the step knows of its failure; the operation does without it.
        }
    }
}
