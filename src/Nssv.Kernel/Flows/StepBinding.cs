using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Nssv.Kernel.Flows;

/// <summary>A step with its context's type taken away, so that the runner can hold all of them alike.</summary>
internal abstract class StepBinding
{
    public required string Name { get; init; }
    public required Type ContextType { get; init; }

    public abstract Id? Host(JsonObject context);
    public abstract Task Run(JsonObject context, StepRun run);
    public abstract Task Undo(JsonObject context, StepRun run);

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

        public override Id? Host(JsonObject context) => _step.Host(Typed(context));

        public override Task Run(JsonObject context, StepRun run) => _step.Run(Typed(context), new StepRunContext<TContext>(run));

        public override Task Undo(JsonObject context, StepRun run) => _step.Undo(Typed(context), new StepRunContext<TContext>(run));

        private static TContext Typed(JsonObject context) =>
            context.Deserialize<TContext>(KernelJson.Options) ?? throw new InvalidOperationException($"no {typeof(TContext).Name}");
    }
}
