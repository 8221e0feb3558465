using System.Text.Json;
using Nssv.Kernel.Flows;
using Nssv.Plugins;
using Nssv.Plugins.Runner;
using InsertedStep = Nssv.Kernel.Flows.InsertedStep;

namespace Nssv.Server.Plugins;

/// <summary>A plugin's step in a flow.</summary>
internal sealed class PluginStep(HostedPlugin plugin, Described step, PluginLimits limits, ResourceDocuments documents) : InsertedStep
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    private TimeSpan Own { get; } = TimeSpan.FromSeconds(Math.Clamp(step.DeadlineSeconds, Shortest.TotalSeconds, Longest.TotalSeconds));

    public override string Name => $"plugin.{plugin.Name}.{step.Name}";
    public override string Flow => step.Flow ?? "";
    public override string Beside => step.Beside ?? "";
    public override bool Before => step.Place == Place.Before;
    public override bool Optional => !step.Required;

    /// <summary>With the time that its process may need to begin, and to be ended.</summary>
    public override TimeSpan Deadline => Own + limits.Begin + limits.Grace + limits.Grace;

    /// <summary>One that rests is in the plan: it may be well again when its turn comes.</summary>
    public override bool Offered => plugin.State != PluginState.Refused;

    public override void DoesNotFit(string reason) => plugin.Refuse($"Its step '{step.Name}' does not fit: {reason}.");

    public override Task Run(InsertedCall call, CancellationToken cancelled) => Ask(Calls.Run, call, cancelled);

    public override Task Undo(InsertedCall call, CancellationToken cancelled) => Ask(Calls.Undo, call, cancelled);

    private async Task Ask(string half, InsertedCall call, CancellationToken cancelled)
    {
        var operation = call.Operation;
        var body = new FlowCall(call.Key, operation.Id.ToString(), operation.Kind, operation.TargetType, operation.TargetId.ToString(), call.Context,
            await documents.Find(operation.TargetType, operation.TargetId));
        try
        {
            await plugin.Call(half, step.Name, JsonSerializer.SerializeToNode(body, Messages.Json), Own, cancelled);
        }
        catch (PluginFailure e)
        {
            throw e.Problem.AsException();
        }
    }
}
