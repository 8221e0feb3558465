using System.Text.Json.Nodes;
using Nssv.Contracts;
using Nssv.Contracts.Inventory;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;

namespace Nssv.Services.Inventory.Hosts;

internal sealed class CreateHostTurn : CreateTurn<CreateHost>
{
    public override Type ResourceType => typeof(Host);

    public override async ValueTask<Decision> Decide(CreateHost request, AcceptContext turn)
    {
        await turn.Store.Referred<Cluster>(request.ClusterId, "clusterId");
        return Decision.Done(
            new UnitOfWork().Insert(new Host
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
                ClusterId = request.ClusterId,
                Address = request.Address,
                ReservedMemoryBytes = request.ReservedMemoryBytes,
                CpuOvercommitRatio = request.CpuOvercommitRatio,
                State = HostState.Enrolling,
            }),
            new JsonObject { ["hostId"] = request.Id.ToString() });
    }
}
