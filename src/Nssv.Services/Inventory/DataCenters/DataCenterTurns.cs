using System.Text.Json.Nodes;
using Nssv.Contracts;
using Nssv.Contracts.Inventory;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;

namespace Nssv.Services.Inventory.DataCenters;

internal sealed class CreateDataCenterTurn : CreateTurn<CreateDataCenter>
{
    public override Type ResourceType => typeof(DataCenter);

    public override ValueTask<Decision> Decide(CreateDataCenter request, AcceptContext turn) =>
        ValueTask.FromResult(Decision.Done(
            new UnitOfWork().Insert(new DataCenter
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
            }),
            new JsonObject { ["dataCenterId"] = request.Id.ToString() }));
}

internal sealed class DeleteDataCenterTurn(References references) : AcceptTurn<DeleteDataCenter, DataCenter>
{
    public override async ValueTask<Decision> Decide(DeleteDataCenter request, DataCenter dataCenter, AcceptContext turn)
    {
        await references.MakeSureFree(dataCenter);
        return Decision.Done(new UnitOfWork().Delete(dataCenter));
    }
}
