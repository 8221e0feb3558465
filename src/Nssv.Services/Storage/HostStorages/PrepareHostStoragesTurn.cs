using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Flows;
using Nssv.Services.Storage.DataStorages;

namespace Nssv.Services.Storage.HostStorages;

/// <summary>Context of "host.prepare-storages".</summary>
[FlowContext]
internal sealed record HostStoragesPrepare
{
    public required Id HostId { get; init; }
    public required IReadOnlyList<HostStorage> Storages { get; init; }
}

internal sealed class PrepareHostStoragesTurn : AcceptTurn<PrepareHostStorages, Host>
{
    public override async ValueTask<Decision> Decide(PrepareHostStorages request, Host host, AcceptContext turn)
    {
        var missing = await MissingStorages.Of(turn.Store, host, alsoUnavailable: true);
        return missing.Count == 0 ? Decision.Done() : Decision.Run("host.prepare-storages", new HostStoragesPrepare
        {
            HostId = host.Id,
            Storages = [.. missing.Select(storage => HostStorage.Of(host, storage))],
        });
    }
}

internal sealed class CountStoragesToPrepareTurn : CallTurn<CountStoragesToPrepare, int>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<int>> Decide(CountStoragesToPrepare request, TurnContext turn) =>
        Answer((await MissingStorages.Of(turn.Store, await turn.Store.Get<Host>(request.HostId), alsoUnavailable: false)).Count);
}

internal static class MissingStorages
{
    /// <summary>Storages attached to the host's cluster that the host does not have yet.</summary>
    public static async ValueTask<IReadOnlyList<DataStorage>> Of(IStore store, Host host, bool alsoUnavailable)
    {
        var attached = await store.List<DataStorageAttachment>(Condition.Equal(nameof(DataStorageAttachment.ClusterId), host.ClusterId));
        if (attached.Count == 0)
            return [];
        var settled = (await store.List<HostDataStorage>(Condition.Equal(nameof(HostDataStorage.HostId), host.Id)))
            .Where(row => row.State == HostStorageState.Connected || row.State == HostStorageState.Unavailable && !alsoUnavailable)
            .Select(row => row.DataStorageId).ToHashSet();
        return await store.List<DataStorage>(Condition.In(nameof(DataStorage.Id), attached.Select(link => link.DataStorageId).Where(id => !settled.Contains(id))));
    }
}

/// <summary>Makes the rows that a new host of the cluster lacks.</summary>
[Step("storage.enter-host-rows")]
internal sealed class EnterHostRows : Step<HostStoragesPrepare>
{
    public override async Task Run(HostStoragesPrepare prepare, StepContext<HostStoragesPrepare> step)
    {
        foreach (var storage in prepare.Storages)
            await step.Call(new EnterHostStorage(storage.DataStorageId, prepare.HostId));
    }

    public override Task Undo(HostStoragesPrepare prepare, StepContext<HostStoragesPrepare> step) =>
        NothingToUndo("a row says no more than that the storage is attached to the host's cluster");
}

/// <summary>Makes the row of one host unless it is there, or the storage has been detached in the meantime.</summary>
internal sealed record EnterHostStorage(Id DataStorageId, Id HostId) : Request<bool>
{
    public override Id Target => DataStorageId;
}

internal sealed class EnterHostStorageTurn : CallTurn<EnterHostStorage, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(EnterHostStorage request, TurnContext turn)
    {
        var host = await turn.Store.Find<Host>(request.HostId);
        var storage = await turn.Store.Find<DataStorage>(request.DataStorageId);
        if (host is null || storage is null || await DataStorageLinks.Find(turn.Store, storage.Id, host.ClusterId) is null)
            return Answer(false);
        var row = await turn.Store.First<HostDataStorage>(
            Condition.Equal(nameof(HostDataStorage.HostId), host.Id), Condition.Equal(nameof(HostDataStorage.DataStorageId), storage.Id));
        return Answer(true, row is not null ? null : new UnitOfWork().Insert(DataStorageLinks.Row(host, storage, turn)));
    }
}
