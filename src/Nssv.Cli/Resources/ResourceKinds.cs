using Nssv.Cli.Output;
using Nssv.Client;
using Nssv.Client.Units;

namespace Nssv.Cli.Resources;

/// <summary>What the command line knows of each collection.</summary>
internal static class ResourceKinds
{
    private static readonly Column Name = new("Name", "name");
    private static readonly Column State = new("State", "state");
    private static readonly Column Id = new("Id", "id");
    private static readonly Column Created = new("Created", "createdAt");

    public static ResourceKind VirtualMachine => new("vm", "virtual-machines", "vm",
        [Name, State, new("CPUs", "cpuCount"), new("Memory", "memoryBytes"), new("Host", "hostId", "hosts"), new("Image", "imageId", "images"), Created, Id])
    {
        Sort = "name",
        IsLabelled = true,
        MoreReferences = [new("Cluster", "clusterId", "clusters")],
        Parts = [(Volume, "virtualMachineId"), (NetworkInterface, "virtualMachineId")],
    };

    public static ResourceKind Image => new("image", "images", "image",
        [Name, State, new("Kind", "kind"), new("Format", "format"), new("Size", "virtualSizeBytes"), new("Stored", "storedSizeBytes"), Created, Id])
    { Sort = "name", IsLabelled = true };

    public static ResourceKind Volume => new("volume", "volumes", "volume",
        [Name, State, new("Role", "role"), new("Size", "sizeBytes"), new("VM", "virtualMachineId", "virtual-machines"), new("Storage", "dataStorageId", "data-storages"), Created, Id])
    { Sort = "name", IsLabelled = true };

    public static ResourceKind Host => new("host", "hosts", "host",
        [Name, State, new("Address", "address"), new("Cluster", "clusterId", "clusters"), new("CPUs", "cpuCount"), new("Memory", "memoryBytes"), new("Booked", "bookedMemoryBytes"), new("Heartbeat", "lastHeartbeatAt"), Id])
    { Sort = "name", IsLabelled = true };

    public static ResourceKind Cluster => new("cluster", "clusters", "cluster",
        [Name, new("Data center", "dataCenterId", "data-centers"), new("Architecture", "architecture"), Created, Id])
    { Sort = "name", IsLabelled = true };

    public static ResourceKind DataCenter => new("datacenter", "data-centers", "data center", [Name, new("Description", "description"), Created, Id]) { Sort = "name", IsLabelled = true };

    public static ResourceKind DataStorage => new("datastorage", "data-storages", "data storage",
        [Name, State, new("Kind", "kind"), new("Path", "path"), new("Data center", "dataCenterId", "data-centers"), Created, Id])
    { Sort = "name", IsLabelled = true };

    public static ResourceKind ImageStorage => new("imagestorage", "image-storages", "image storage",
        [Name, State, new("Kind", "kind"), new("Host", "hostId", "hosts"), new("Path", "path"), new("Capacity", "capacityBytes"), new("Available", "availableBytes"), Id])
    { Sort = "name", IsLabelled = true };

    public static ResourceKind PortGroup => new("portgroup", "port-groups", "port group",
        [Name, new("Kind", "kind"), new("Data center", "dataCenterId", "data-centers"), Created, Id])
    { Sort = "name", IsLabelled = true };

    public static ResourceKind NetworkInterface => new("nic", "network-interfaces", "network interface",
        [new("MAC", "macAddress"), new("VM", "virtualMachineId", "virtual-machines"), new("Port group", "portGroupId", "port-groups"), new("Model", "model"), new("Index", "deviceIndex"), Id])
    { IsLabelled = true };

    public static ResourceKind Account => new("account", "accounts", "account", [Name, new("Role", "role"), Created, Id]) { Sort = "name" };

    public static ResourceKind Setting => new("setting", "settings", "setting",
        [Name, new("Value", "value"), new("Default", "defaultValue"), new("Unit", "unit"), new("Overridden", "overridden"), new("Title", "title")])
    { Sort = "name" };

    public static ResourceKind TagType => new("tag", "tag-types", "system tag",
        [Name, new("Title", "title"), new("Kind", "kind"), new("Of", "carriers"), new("Allowed", "allowed"), new("Owner", "owner"), new("Known", "known")])
    { Sort = "name" };

    public static ResourceKind AuditEntry => new("audit", "audit-entries", "audit entry",
        [new("Sequence", "sequence"), new("Begun", "begunAt"), new("Account", "accountName"), new("Address", "clientAddress"), new("Action", "action"), new("Target", "targetName"), new("Result", "result"), new("Error", "errorCode"), Id])
    { Sort = "sequence desc", Nouns = "audit entries", HasNames = false };

    public static ResourceKind Operation => new("operation", "operations", "operation",
        [new("Kind", "kind"), State, new("Progress", "progress"), Named("Target", "targetName", "targetId"), Named("By", "callerName", "createdBy"), new("Started", "startedAt"), new("Error", "error.code"), Id])
    {
        Sort = "createdAt desc",
        HasNames = false,
        Inner = ("steps",
        [
            new("Step", "name"), State,
            new("Duration", "endedAt") { Shown = step => step["startedAt"].AsTime() is { } from && step["endedAt"].AsTime() is { } to ? DurationText.Format(to - from) : "-" },
            new("Error", "error") { Shown = step => step.At("error.detail").AsText() ?? step.At("error.title").AsText() ?? (step["waitsFor"].AsText() is { } reason ? $"waits: {reason}" : null) },
        ]),
    };

    public static ResourceKind Schedule => new("schedule", "schedules", "schedule",
        [Name, new("Action", "action"), new("Cron", "cron"), new("Time zone", "timeZone"), new("Enabled", "enabled"), new("Next run", "nextRunAt"), new("Last run", "lastRunAt"), new("Id", "id")])
    { Sort = "name", IsLabelled = true };

    public static ResourceKind RecycledItem => new("recycle-bin", "recycle-bin", "recycled item",
        [Name, new("Kind", "kind"), new("Occupies", "occupiedBytes"), new("Disks", "diskCount"), new("Addresses", "addressCount"), new("Deleted", "deletedAt"), new("Expunged", "expungeAt"), new("Resource", "resourceId")])
    { Sort = "deletedAt desc" };

    public static ResourceKind Event => new("event", "events", "event",
        [new("Sequence", "sequence"), new("At", "at"), new("Type", "type"), new("Resource", "resourceId"), new("Operation", "operationId")]);

    /// <summary>The name that was written down; of what has none, its id.</summary>
    private static Column Named(string header, string name, string id) => new(header, name) { Shown = item => item[name].AsText() ?? item[id].AsText() };

    private static ResourceKind[] All =>
        [VirtualMachine, Image, Volume, Host, Cluster, DataCenter, DataStorage, ImageStorage, PortGroup, NetworkInterface, Account, Setting, TagType, Schedule, RecycledItem, AuditEntry, Operation, Event];

    /// <summary>The command that lists a collection; null for one that the command line does not show.</summary>
    public static string? CommandOf(string collection) => All.FirstOrDefault(kind => kind.Collection == collection)?.Command;

    /// <summary>People know its resources by names; else by ids alone.</summary>
    public static bool IsNamed(string collection) => All.Any(kind => kind.Collection == collection && kind.Columns.Any(column => column.Path == "name"));
}
