using Nssv.Contracts.Agent;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Flows;

namespace Nssv.Simulation.Tests.Widgets;

internal static class WidgetRules
{
    public static readonly Id Storage = Id.Parse("01890000-0000-7000-8000-0000000000aa");

    public static DomainSpec Domain(WidgetFlow flow) => new()
    {
        VirtualMachineId = flow.WidgetId,
        Title = "widget",
        RunGeneration = 1,
        Architecture = Architecture.X86_64,
        Firmware = Firmware.Bios,
        CpuCount = 1,
        MemoryBytes = 1 << 28,
        Disks = [.. flow.Parts.Where(part => part.HostId == flow.HostId).Select((part, i) => new DiskSpec(part.LayerId, Storage, part.LayerId, VolumeFormat.Qcow2, i, "s"))],
        Nics = [],
    };
}

[Step("widget.book")]
internal sealed class BookStep : Step<WidgetFlow>
{
    public override Task Run(WidgetFlow context, StepContext<WidgetFlow> step) => step.Call(new BookRoom(context.ShelfId, context.WidgetId, 1));
    public override Task Undo(WidgetFlow context, StepContext<WidgetFlow> step) => step.Call(new ReleaseRoom(context.ShelfId, context.WidgetId));
}

/// <summary>The first step of making one, so that the last thing to be undone is the row.</summary>
[Step("widget.keep-row")]
internal sealed class KeepRowStep : Step<WidgetFlow>
{
    public override Task Run(WidgetFlow context, StepContext<WidgetFlow> step) => Task.CompletedTask;
    public override Task Undo(WidgetFlow context, StepContext<WidgetFlow> step) => step.Call(new ForgetWidget(context.WidgetId));
}

[Step("widget.make-layer")]
internal sealed class MakeLayerStep : Step<PartFlow>
{
    public override Id? Host(PartFlow context) => context.HostId;

    public override Task Run(PartFlow context, StepContext<PartFlow> step) =>
        step.Command(new CreateLayer(WidgetRules.Storage, context.LayerId, VolumeFormat.Qcow2, 1 << 20, null, null));

    public override Task Undo(PartFlow context, StepContext<PartFlow> step) => step.Command(new DeleteLayer(WidgetRules.Storage, context.LayerId));
}

[Step("widget.remove-layer")]
internal sealed class RemoveLayerStep : Step<PartFlow>
{
    public override Id? Host(PartFlow context) => context.HostId;
    public override Task Run(PartFlow context, StepContext<PartFlow> step) => step.Command(new DeleteLayer(WidgetRules.Storage, context.LayerId));
    public override Task Undo(PartFlow context, StepContext<PartFlow> step) => NothingToUndo("behind the point of no return");
}

/// <summary>Marks the widget, which only the call's key keeps from happening twice, and then waits for a host: a repeat is sure to come.</summary>
[Step("widget.define")]
internal sealed class DefineStep : Step<WidgetFlow>
{
    public override Id? Host(WidgetFlow context) => context.HostId;

    public override async Task Run(WidgetFlow context, StepContext<WidgetFlow> step)
    {
        await step.Call(new AddMark(context.ShelfId, context.WidgetId));
        await step.Command(new DefineDomain(WidgetRules.Domain(context)));
    }

    public override async Task Undo(WidgetFlow context, StepContext<WidgetFlow> step)
    {
        await step.Command(new RemoveDomain(context.WidgetId));
        await step.Call(new RemoveMarks(context.ShelfId, context.WidgetId));
    }
}

[Step("widget.start")]
internal sealed class StartStep : Step<WidgetFlow>
{
    public override Id? Host(WidgetFlow context) => context.HostId;
    public override Task Run(WidgetFlow context, StepContext<WidgetFlow> step) => step.Command(new StartDomain(context.WidgetId, 1));

    public override async Task Undo(WidgetFlow context, StepContext<WidgetFlow> step)
    {
        await step.Command(new StopDomain(context.WidgetId, 0));
        await step.Call(new SetWidget(context.WidgetId, WidgetState.Off));
    }
}

[Step("widget.stop")]
internal sealed class StopStep : Step<WidgetFlow>
{
    public override Id? Host(WidgetFlow context) => context.HostId;
    public override Task Run(WidgetFlow context, StepContext<WidgetFlow> step) => step.Command(new StopDomain(context.WidgetId, 0));
    public override Task Undo(WidgetFlow context, StepContext<WidgetFlow> step) => NothingToUndo("a stopped widget stays stopped");
}

[Step("widget.remove-domain")]
internal sealed class RemoveDomainStep : Step<WidgetFlow>
{
    public override Id? Host(WidgetFlow context) => context.HostId;
    public override Task Run(WidgetFlow context, StepContext<WidgetFlow> step) => step.Command(new RemoveDomain(context.WidgetId));
    public override Task Undo(WidgetFlow context, StepContext<WidgetFlow> step) => NothingToUndo("behind the point of no return");
}

[Step("widget.is-on")]
internal sealed class IsOnStep : Step<WidgetFlow>
{
    public override Task Run(WidgetFlow context, StepContext<WidgetFlow> step) => step.Call(new SetWidget(context.WidgetId, WidgetState.On));
    public override Task Undo(WidgetFlow context, StepContext<WidgetFlow> step) => step.Call(new SetWidget(context.WidgetId, WidgetState.Off));
}

[Step("widget.is-off")]
internal sealed class IsOffStep : Step<WidgetFlow>
{
    public override Task Run(WidgetFlow context, StepContext<WidgetFlow> step) => step.Call(new SetWidget(context.WidgetId, WidgetState.Off));
    public override Task Undo(WidgetFlow context, StepContext<WidgetFlow> step) => NothingToUndo("it is off");
}

/// <summary>What the flow is about may be gone by the time it starts.</summary>
[Step("widget.check")]
internal sealed class CheckStep : Step<WidgetFlow>
{
    public override async Task Run(WidgetFlow context, StepContext<WidgetFlow> step)
    {
        if (await step.Store.Find<Widget>(context.WidgetId) is not { State: WidgetState.On or WidgetState.Off })
            throw new Problem(409, "widget-gone", "The widget is not there any more.").AsException();
    }

    public override Task Undo(WidgetFlow context, StepContext<WidgetFlow> step) => NothingToUndo("it only looked");
}

[Step("widget.removing")]
internal sealed class RemovingStep : Step<WidgetFlow>
{
    public override Task Run(WidgetFlow context, StepContext<WidgetFlow> step) => step.Call(new SetWidget(context.WidgetId, WidgetState.Removing));
    public override Task Undo(WidgetFlow context, StepContext<WidgetFlow> step) => NothingToUndo("behind the point of no return");
}

[Step("widget.release")]
internal sealed class ReleaseStep : Step<WidgetFlow>
{
    public override async Task Run(WidgetFlow context, StepContext<WidgetFlow> step)
    {
        await step.Call(new RemoveMarks(context.ShelfId, context.WidgetId));
        await step.Call(new ReleaseRoom(context.ShelfId, context.WidgetId));
        await step.Call(new ForgetWidget(context.WidgetId));
    }

    public override Task Undo(WidgetFlow context, StepContext<WidgetFlow> step) => NothingToUndo("behind the point of no return");
}

[Step("shelf.delete-widgets")]
internal sealed class DeleteWidgetsStep : Step<ShelfFlow>
{
    public override async Task Run(ShelfFlow context, StepContext<ShelfFlow> step)
    {
        foreach (var widget in context.WidgetIds)
        {
            try
            {
                await step.Start(new DeleteWidget(widget));
            }
            catch (ProblemException e) when (e.Problem.Status is 404 or 409)
            {
                // Somebody else has deleted it, or is about to.
            }
        }
    }

    public override Task Undo(ShelfFlow context, StepContext<ShelfFlow> step) => NothingToUndo("what is deleted stays deleted");
}

[Step("shelf.prepare-host")]
internal sealed class PrepareHostStep : Step<PartFlow>
{
    public override Id? Host(PartFlow context) => context.HostId;
    public override Task Run(PartFlow context, StepContext<PartFlow> step) => step.Command(new AttachDataStorage(WidgetRules.Storage, "local", "/widgets"));
    public override Task Undo(PartFlow context, StepContext<PartFlow> step) => NothingToUndo("other shelves use it too");
}
