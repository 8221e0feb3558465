using Nssv.Contracts.Storage;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;

namespace Nssv.Services.Storage.DataStorages;

internal sealed class DeleteDataStorageTurn(References references) : AcceptTurn<DeleteDataStorage, DataStorage>
{
    public override async ValueTask<Decision> Decide(DeleteDataStorage request, DataStorage storage, AcceptContext turn)
    {
        await references.MakeSureFree(storage);
        var unit = new UnitOfWork();
        foreach (var row in await turn.Store.List<HostDataStorage>(Condition.Equal(nameof(HostDataStorage.DataStorageId), storage.Id)))
            unit.Delete(row);
        return Decision.Done(unit.Delete(storage));
    }
}
