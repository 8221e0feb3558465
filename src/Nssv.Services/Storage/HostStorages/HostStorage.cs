using Nssv.Contracts.Agent;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Flows;

namespace Nssv.Services.Storage.HostStorages;

/// <summary>Context of the flows that bring one data storage to one host, or take it away.</summary>
[FlowContext]
internal sealed record HostStorage
{
    public required Id HostId { get; init; }
    public required Id DataStorageId { get; init; }
    public required string Kind { get; init; }
    public required string Path { get; init; }

    public static HostStorage Of(Host host, DataStorage storage) => new() { HostId = host.Id, DataStorageId = storage.Id, Kind = storage.Kind, Path = storage.Path };

    public AttachDataStorage AttachCommand => new(DataStorageId, Kind, Path);
}

/// <summary>Makes the directory ready on the host; what cannot be had there fails the attachment as a whole.</summary>
[Step("storage.attach-to-host")]
internal sealed class AttachToHost : Step<HostStorage>
{
    public override Id? Host(HostStorage context) => context.HostId;

    public override async Task Run(HostStorage context, StepContext<HostStorage> step)
    {
        var capacity = await step.Command(context.AttachCommand);
        await step.Call(SetHostStorage.Connected(context, capacity));
    }

    public override Task Undo(HostStorage context, StepContext<HostStorage> step) => step.Command(new DetachDataStorage(context.DataStorageId));
}

/// <summary>Lets the host forget the storage. Its directory stays.</summary>
[Step("storage.detach-from-host")]
internal sealed class DetachFromHost : Step<HostStorage>
{
    public override Id? Host(HostStorage context) => context.HostId;

    public override Task Run(HostStorage context, StepContext<HostStorage> step) => step.Command(new DetachDataStorage(context.DataStorageId));

    public override Task Undo(HostStorage context, StepContext<HostStorage> step) => step.Command(context.AttachCommand);
}

/// <summary>Brings a storage that is attached already to a host that came later. A storage that cannot be had there does not keep the others away.</summary>
[Step("storage.prepare-on-host")]
internal sealed class PrepareOnHost : Step<HostStorage>
{
    public override Id? Host(HostStorage context) => context.HostId;

    public override async Task Run(HostStorage context, StepContext<HostStorage> step)
    {
        try
        {
            await step.Call(SetHostStorage.Connected(context, await step.Command(context.AttachCommand)));
        }
        catch (ProblemException e)
        {
            await step.Call(SetHostStorage.Unavailable(context, e.Problem));
        }
    }

    public override Task Undo(HostStorage context, StepContext<HostStorage> step) =>
        NothingToUndo("the storage belongs on the host as long as it is attached to the cluster");
}

/// <summary>What a host answered about a storage; a row that is gone is left alone.</summary>
internal sealed record SetHostStorage(Id DataStorageId, Id HostId, HostStorageState State, long CapacityBytes, long AvailableBytes, string? Reason) : Request<bool>
{
    public override Id Target => DataStorageId;

    public static SetHostStorage Connected(HostStorage storage, StorageCapacity capacity) =>
        new(storage.DataStorageId, storage.HostId, HostStorageState.Connected, capacity.CapacityBytes, capacity.AvailableBytes, null);

    public static SetHostStorage Unavailable(HostStorage storage, Problem problem) =>
        new(storage.DataStorageId, storage.HostId, HostStorageState.Unavailable, 0, 0, problem.Detail ?? problem.Title);
}

internal sealed class SetHostStorageTurn : CallTurn<SetHostStorage, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(SetHostStorage request, TurnContext turn)
    {
        var row = await turn.Store.First<HostDataStorage>(
            Condition.Equal(nameof(HostDataStorage.HostId), request.HostId), Condition.Equal(nameof(HostDataStorage.DataStorageId), request.DataStorageId));
        return Answer(row is not null, row is null ? null : new UnitOfWork().Update(row, row with
        {
            State = request.State,
            CapacityBytes = request.CapacityBytes,
            AvailableBytes = request.AvailableBytes,
            Reason = request.Reason,
        }));
    }
}
