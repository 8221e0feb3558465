using Nssv.Contracts.Agent;
using Nssv.Contracts.Images;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;

namespace Nssv.Services.Inventory.Observation;

/// <param name="Order">Of the message that says so; <see cref="long.MaxValue"/> for what this node found out by itself.</param>
/// <param name="Heartbeat">Null when only the state has changed.</param>
internal sealed record ObserveHost(Id HostId, HostState State, DateTimeOffset? HeardAt, long Order, Heartbeat? Heartbeat) : Request<bool>
{
    public override Id Target => HostId;
}

internal sealed class ObserveHostTurn : CallTurn<ObserveHost, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(ObserveHost request, TurnContext turn)
    {
        var host = await turn.Store.Find<Host>(request.HostId);
        if (host is null || (request.Order != long.MaxValue && request.Order < host.ObservedSequence))
            return Answer(false);
        var after = host with
        {
            State = request.State,
            LastHeartbeatAt = request.HeardAt ?? host.LastHeartbeatAt,
            ObservedSequence = request.Order == long.MaxValue ? host.ObservedSequence : request.Order,
            FenceState = request.State == HostState.Disconnected ? FenceState.Suspected : FenceState.None,
        };
        if (request.Heartbeat is { } told)
        {
            after = after with
            {
                BootId = told.BootId,
                AgentIncarnation = told.AgentIncarnation,
                CpuCount = told.Capacity.CpuCount,
                MemoryBytes = told.Capacity.MemoryBytes,
                CpuModel = told.Capacity.CpuModel,
                VirtualizationType = told.Capacity.VirtualizationType,
                AgentVersion = told.Capacity.AgentVersion,
                LibvirtVersion = told.Capacity.LibvirtVersion,
                HypervisorVersion = told.Capacity.HypervisorVersion,
            };
        }

        return Answer(true, new UnitOfWork().Observe(host, after));
    }
}

/// <summary>State and room of the storages on one host.</summary>
internal sealed record ObserveHostStorages(Id HostId, long Order, IReadOnlyList<StorageStatus> Storages) : Request<bool>
{
    public override Id Target => HostId;
}

internal sealed class ObserveHostStoragesTurn : CallTurn<ObserveHostStorages, bool>
{
    public override bool NaturallyKeyed => true;

    public override async ValueTask<Answer<bool>> Decide(ObserveHostStorages request, TurnContext turn)
    {
        var told = request.Storages.ToDictionary(s => s.StorageId);
        var unit = new UnitOfWork();
        foreach (var row in await turn.Store.List<HostDataStorage>(Condition.Equal(nameof(HostDataStorage.HostId), request.HostId)))
        {
            if (row.State == HostStorageState.Preparing || !told.TryGetValue(row.DataStorageId, out var status))
                continue;
            unit.Observe(row, row with
            {
                State = status.Available ? HostStorageState.Connected : HostStorageState.Unavailable,
                CapacityBytes = status.CapacityBytes,
                AvailableBytes = status.AvailableBytes,
                Reason = status.Reason,
                ObservedSequence = request.Order,
            });
        }

        foreach (var row in await turn.Store.List<ImageStorage>(Condition.Equal(nameof(ImageStorage.HostId), request.HostId)))
        {
            if (row.State == ImageStorageState.Preparing || !told.TryGetValue(row.Id, out var status))
                continue;
            unit.Observe(row, row with
            {
                State = status.Available ? ImageStorageState.Ready : ImageStorageState.Unavailable,
                CapacityBytes = status.CapacityBytes,
                AvailableBytes = status.AvailableBytes,
            });
        }

        return Answer(true, unit);
    }
}
