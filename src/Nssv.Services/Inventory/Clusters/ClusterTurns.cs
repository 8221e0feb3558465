using System.Text.Json.Nodes;
using Nssv.Contracts;
using Nssv.Contracts.Inventory;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;

namespace Nssv.Services.Inventory.Clusters;

internal sealed class CreateClusterTurn : CreateTurn<CreateCluster>
{
    public override Type ResourceType => typeof(Cluster);

    public override async ValueTask<Decision> Decide(CreateCluster request, AcceptContext turn)
    {
        await turn.Store.Referred<DataCenter>(request.DataCenterId, "dataCenterId");
        return Decision.Done(
            new UnitOfWork().Insert(new Cluster
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
                Architecture = request.Architecture,
            }),
            new JsonObject { ["clusterId"] = request.Id.ToString() });
    }
}

internal sealed class DeleteClusterTurn(References references) : AcceptTurn<DeleteCluster, Cluster>
{
    public override async ValueTask<Decision> Decide(DeleteCluster request, Cluster cluster, AcceptContext turn)
    {
        await references.MakeSureFree(cluster);
        return Decision.Done(new UnitOfWork().Delete(cluster));
    }
}
