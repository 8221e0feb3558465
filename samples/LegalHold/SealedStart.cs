using Nssv.Plugins;

namespace LegalHold;

/// <summary>A machine that runs is no longer what it was: one on hold is not started.</summary>
internal sealed class SealedStart(TimeProvider time) : InsertedStep
{
    public override string Name => "sealed-start";

    public override string Flow => "virtual-machine.start";

    public override string Beside => "compute.begin-start";

    public override bool Required => true;

    public override Task Run(FlowCall call, CancellationToken cancelled) => Hold.Of(call.Target, Hold.Today(time)) is { } until
        ? throw new RefusedException($"The virtual machine is on legal hold until {until:yyyy-MM-dd}.", $"Clone it and start the clone, or take tag {Hold.Tag} away.")
        : Task.CompletedTask;
}
