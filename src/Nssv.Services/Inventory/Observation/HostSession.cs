using Nssv.Contracts.Agent;
using Nssv.Kernel;

namespace Nssv.Services.Inventory.Observation;

/// <summary>What this node remembers of one host since it heard of it. Read and written under its lock, but for single figures.</summary>
/// <param name="since">When it begins. A host may be silent for as long from then on: its first word here may be a report, long before its next heartbeat.</param>
internal sealed class HostSession(long since)
{
    public long Incarnation { get; set; }
    public string? BootId { get; set; }
    public bool Synced { get; set; }
    public bool Reconciling { get; set; }
    public bool SaidLost { get; set; }
    public long LastOrder { get; set; }
    public long LastHeartbeat { get; set; }

    /// <summary>Machines that a whole list did not name though they should run, and the number up to which the host had been heard then.</summary>
    public Dictionary<(Id VirtualMachineId, long RunGeneration), long> Missing { get; } = [];

    public long HeardAt { get; set; } = since;
    public long WrittenAt { get; set; }
    public long? LastComplete { get; set; }
    public Heartbeat? Last { get; set; }

    /// <summary>The last write of its row; never waited for by a reader.</summary>
    public Task Written { get; set; } = Task.CompletedTask;

    /// <summary>Free space changes all the time; less than a hundredth of the whole is no news.</summary>
    public bool SaysTheSame(Heartbeat next) =>
        Last is { } last && last.Capacity == next.Capacity && last.Storages.Count == next.Storages.Count &&
        last.Storages.Zip(next.Storages).All(pair =>
            pair.First with { AvailableBytes = 0 } == pair.Second with { AvailableBytes = 0 } &&
            Math.Abs(pair.First.AvailableBytes - pair.Second.AvailableBytes) < Math.Max(1, pair.Second.CapacityBytes / 100));
}
