using Microsoft.Extensions.Logging;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Services.Compute.Placement;

namespace Nssv.Services.Compute.VirtualMachines;

/// <summary>The state follows reality: a guest that turns itself off becomes Stopped.</summary>
internal sealed partial class ObserveDomainTurn(ILogger<ObserveDomainTurn> log) : CallTurn<ObserveDomain, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(ObserveDomain request, TurnContext turn)
    {
        var vm = await turn.Store.Find<VirtualMachine>(request.VirtualMachineId);
        if (vm is null)
            return Answer(false);
        var observation = VmObservation.Of(vm, request, turn.Now);
        if (observation.Strange is { } strange)
            LogStrange(log, vm.Id, strange);
        if (observation.After is null)
            return Answer(false);
        var unit = new UnitOfWork().Observe(vm, observation.After);
        // What runs occupies its host, whoever counted it as stopped.
        if (vm.State == VmState.Stopped && observation.After.State is VmState.Running or VmState.Paused)
            await unit.Occupy(turn.Store, request.HostId, vm);
        return Answer(true, observation.Ended ? await unit.Release(turn.Store, vm.Id) : unit);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Virtual machine {VirtualMachineId} {What}; left alone")]
    private static partial void LogStrange(ILogger log, Id virtualMachineId, string what);
}

/// <summary>What ran on a silent host may run or not.</summary>
internal sealed class ObserveHostSilenceTurn : CallTurn<ObserveHostSilence, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(ObserveHostSilence request, TurnContext turn)
    {
        var vm = await turn.Store.Find<VirtualMachine>(request.VirtualMachineId);
        // Said by another node, it may come late: the host may have been heard again.
        if (await turn.Store.Find<Host>(request.HostId) is not { State: HostState.Disconnected })
            return Answer(false);
        return vm is { State: VmState.Running or VmState.Paused } && vm.PlacementHostId == request.HostId
            ? Answer(true, new UnitOfWork().Require<Host>(request.HostId, Condition.Equal(nameof(Host.State), HostState.Disconnected)).Observe(vm, vm with { State = VmState.Unknown, StateReason = "host-disconnected", StateChangedAt = turn.Now }))
            : Answer(false);
    }
}

/// <summary>What was on a host that is surely off runs no more.</summary>
internal sealed class ObserveHostDownTurn : CallTurn<ObserveHostDown, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(ObserveHostDown request, TurnContext turn)
    {
        var vm = await turn.Store.Find<VirtualMachine>(request.VirtualMachineId);
        if (vm is not { State: VmState.Unknown } || vm.PlacementHostId != request.HostId)
            return Answer(false);
        var after = vm with { State = VmState.Stopped, StateReason = "host-down", StateChangedAt = turn.Now, PlacementHostId = null, PowerIntent = PowerIntent.Off, SeenEnded = vm.RunGeneration };
        return Answer(true, await new UnitOfWork().Observe(vm, after).Release(turn.Store, vm.Id));
    }
}
