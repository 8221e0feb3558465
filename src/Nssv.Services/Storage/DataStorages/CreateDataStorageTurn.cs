using System.Text.Json.Nodes;
using Nssv.Contracts;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;

namespace Nssv.Services.Storage.DataStorages;

internal sealed class CreateDataStorageTurn(DataStorageKinds kinds) : CreateTurn<CreateDataStorage>
{
    public override Type ResourceType => typeof(DataStorage);

    public override async ValueTask<Decision> Decide(CreateDataStorage request, AcceptContext turn)
    {
        var kind = kinds.Get(request.Kind);
        if (kind.Check(request).FirstOrDefault() is { } wrong)
            throw Problems.Invalid(wrong.Field, wrong.Detail, code: wrong.Code).AsException();
        await turn.Store.Referred<DataCenter>(request.DataCenterId, "dataCenterId");
        foreach (var other in await turn.Store.List<DataStorage>(
            Condition.Equal(nameof(DataStorage.DataCenterId), request.DataCenterId), Condition.Equal(nameof(DataStorage.Kind), request.Kind)))
        {
            if (kind.Clash(request, other) is { } clash)
                throw new Problem(409, clash.Code, "Another storage is there already.", clash.Detail, "Choose another path.", clash.Field).AsException();
        }

        return Decision.Done(
            new UnitOfWork().Insert(new DataStorage
            {
                Id = request.Id,
                ProjectId = turn.Caller.ProjectId,
                CreatedBy = turn.Caller.AccountId,
                CreatedAt = turn.Now,
                UpdatedAt = turn.Now,
                Version = 1,
                Name = request.Name,
                Description = request.Description,
                Labels = request.Labels ?? Rules.NoLabels,
                Tags = request.Tags ?? Rules.NoLabels,
                DataCenterId = request.DataCenterId,
                Kind = request.Kind,
                Path = request.Path,
                State = StorageState.Detached,
            }),
            new JsonObject { ["dataStorageId"] = request.Id.ToString() });
    }
}
