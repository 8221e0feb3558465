using System.Globalization;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;

namespace Nssv.Services.Compute.Placement;

/// <summary>What a virtual machine asks of a host.</summary>
/// <param name="OnlyHostId">The one host that holds its disks, or that a person chose; null: any.</param>
/// <param name="PinnedHostId">The host that its tag pins it to; null: none.</param>
/// <param name="Refused">Hosts that a rule keeps it from.</param>
internal sealed record Demand(
    int CpuCount, long MemoryBytes, Architecture Architecture, Id? OnlyHostId, IReadOnlyList<Id> DataStorageIds, long DiskBytes, Id? PinnedHostId = null,
    IReadOnlyList<RefusedHost>? Refused = null);

/// <summary>A host as placement sees it.</summary>
/// <param name="AvailableBytes">Free space by data storage; a storage that is not usable on the host is not in it.</param>
internal sealed record HostSnapshot(Host Host, IReadOnlyDictionary<Id, long> AvailableBytes)
{
    public double FreeCpus => Host.CpuCount * Host.CpuOvercommitRatio - Host.BookedCpuCount;
    public long FreeMemory => Host.MemoryBytes - Host.ReservedMemoryBytes - Host.BookedMemoryBytes;
}

/// <summary>Why a host was, or was not, chosen.</summary>
/// <param name="Soon">It has only to be compared with the rows after its return, which takes a moment.</param>
internal sealed record HostVerdict(Id HostId, string HostName, string? Reason, bool Soon = false)
{
    public bool Fits => Reason is null;
}

/// <summary>Where a machine goes, and why.</summary>
internal sealed record PlacementPlan(Id? HostId, IReadOnlyList<HostVerdict> Verdicts)
{
    /// <summary>No host can take it now, but one that has just come back is about to.</summary>
    public bool FitsSoon => HostId is null && Verdicts.Any(v => v.Soon);

    /// <summary>One line a host, for people.</summary>
    public string Explain() => Verdicts.Count == 0 ? "The cluster has no host." : string.Join("; ", Verdicts.Select(v => $"{v.HostName}: {v.Reason ?? "fits"}"));
}

/// <summary>Chooses a host. Pure: a snapshot in, a plan with reasons out.</summary>
internal static class Placer
{
    public static PlacementPlan Place(Demand demand, IReadOnlyList<HostSnapshot> hosts)
    {
        var verdicts = hosts.OrderBy(h => h.Host.Id).Select(h => Judge(demand, h)).ToList();
        var fitting = verdicts.Where(v => v.Fits).Select(v => v.HostId).ToHashSet();
        var best = hosts.Where(h => fitting.Contains(h.Host.Id)).OrderByDescending(h => h.FreeMemory).ThenByDescending(h => h.FreeCpus).ThenBy(h => h.Host.Id).FirstOrDefault();
        return new PlacementPlan(best?.Host.Id, verdicts);
    }

    /// <summary>True when the host could run it if nothing else ran there: what no host can ever do is refused at once.</summary>
    public static bool CouldEver(Demand demand, Host host) =>
        host.CpuCount >= demand.CpuCount && host.MemoryBytes - host.ReservedMemoryBytes >= demand.MemoryBytes;

    private static HostVerdict Judge(Demand demand, HostSnapshot snapshot)
    {
        var refusal = Refusal(demand, snapshot);
        return refusal is null && snapshot.Host.State == HostState.Reconciling
            ? new HostVerdict(snapshot.Host.Id, snapshot.Host.Name, "it is reconciling", Soon: true)
            : new HostVerdict(snapshot.Host.Id, snapshot.Host.Name, refusal);
    }

    private static string? Refusal(Demand demand, HostSnapshot snapshot)
    {
        var host = snapshot.Host;
        if (demand.PinnedHostId is { } pinned && pinned != host.Id)
            return "the machine is pinned to another host";
        if (demand.Refused?.FirstOrDefault(refused => refused.HostId == host.Id) is { Because: var because })
            return because;
        if (demand.OnlyHostId is { } only && only != host.Id)
            return "its disks are, or shall be, on another host";
        if (host.State is not (HostState.Connected or HostState.Reconciling))
            return $"it is {host.State.ToString().ToLowerInvariant()}";
        if (host.FenceState != FenceState.None)
            return "it is fenced";
        if (host.CpuCount < demand.CpuCount)
            return Say($"it has {host.CpuCount} CPUs, {demand.CpuCount} are wanted");
        if (snapshot.FreeCpus < demand.CpuCount)
            return Say($"{snapshot.FreeCpus:0.#} virtual CPUs are free, {demand.CpuCount} are wanted");
        if (snapshot.FreeMemory < demand.MemoryBytes)
            return Say($"{snapshot.FreeMemory >> 20} MiB are free, {demand.MemoryBytes >> 20} are wanted");
        foreach (var storage in demand.DataStorageIds)
        {
            if (!snapshot.AvailableBytes.TryGetValue(storage, out var available))
                return "the data storage is not connected";
            if (available < demand.DiskBytes)
                return Say($"the data storage has {available >> 20} MiB free, {demand.DiskBytes >> 20} are needed at once");
        }

        return null;
    }

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
