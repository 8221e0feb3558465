using System.Text.Json.Nodes;
using Nssv.Contracts;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Network;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;

namespace Nssv.Services.Network.PortGroups;

internal sealed class CreatePortGroupTurn(PortGroupKinds kinds) : CreateTurn<CreatePortGroup>
{
    public override Type ResourceType => typeof(PortGroup);

    public override async ValueTask<Decision> Decide(CreatePortGroup request, AcceptContext turn)
    {
        if (kinds.Get(request.Kind).Check(request).FirstOrDefault() is { } wrong)
            throw Problems.Invalid(wrong.Field, wrong.Detail, code: wrong.Code).AsException();
        await turn.Store.Referred<DataCenter>(request.DataCenterId, "dataCenterId");
        return Decision.Done(
            new UnitOfWork().Insert(new PortGroup
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
            }),
            new JsonObject { ["portGroupId"] = request.Id.ToString() });
    }
}

internal sealed class DeletePortGroupTurn(References references) : AcceptTurn<DeletePortGroup, PortGroup>
{
    public override async ValueTask<Decision> Decide(DeletePortGroup request, PortGroup portGroup, AcceptContext turn)
    {
        await references.MakeSureFree(portGroup);
        return Decision.Done(new UnitOfWork().Delete(portGroup));
    }
}
