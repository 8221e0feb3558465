using System.Reflection;
using Nssv.Kernel.Operations;

namespace Nssv.Kernel.Flows;

/// <summary>A step with its context's type taken away, so that the runner can hold all of them alike.</summary>
internal abstract class StepBinding
{
    public required string Name { get; init; }
    public required Type ContextType { get; init; }

    /// <param name="scope">Where the step's context is in the operation's.</param>
    public abstract Id? Host(OperationRun run, string scope);
    public abstract Task Run(OperationRun run, string scope, StepRun step);
    public abstract Task Undo(OperationRun run, string scope, StepRun step);

    public static StepBinding For(object step)
    {
        var type = step.GetType();
        var name = type.GetCustomAttribute<StepAttribute>()?.Name ?? throw new FlowException($"{type.Name} has no [Step] name");
        for (var t = type.BaseType; t is not null; t = t.BaseType)
        {
            if (t.IsGenericType && t.GetGenericTypeDefinition() == typeof(Step<>))
            {
                var contextType = t.GetGenericArguments()[0];
                return (StepBinding)Activator.CreateInstance(typeof(Of<>).MakeGenericType(contextType), step, name)!;
            }
        }

        throw new FlowException($"{type.Name} is no Step<…>");
    }

    private sealed class Of<TContext> : StepBinding where TContext : class
    {
        private readonly Step<TContext> _step;

        [System.Diagnostics.CodeAnalysis.SetsRequiredMembers]
        public Of(object step, string name)
        {
            _step = (Step<TContext>)step;
            Name = name;
            ContextType = typeof(TContext);
        }

        public override Id? Host(OperationRun run, string scope) => _step.Host(run.ContextOf<TContext>(scope));

        public override Task Run(OperationRun run, string scope, StepRun step) => _step.Run(run.ContextOf<TContext>(scope), new StepRunContext<TContext>(step));

        public override Task Undo(OperationRun run, string scope, StepRun step) => _step.Undo(run.ContextOf<TContext>(scope), new StepRunContext<TContext>(step));
    }
}
