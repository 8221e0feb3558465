using Nssv.Contracts.Compute;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Data;
using Nssv.Kernel.Tags;

namespace Nssv.Tests.Data.Querying;

/// <summary>The platform of docs/query.md.</summary>
internal static class ExamplePlatform
{
    /// <summary>What the page says to be declared.</summary>
    public static readonly TagCatalog Tags = new([new DurationTag("backup.keep", "T", "D", TimeSpan.Zero, TimeSpan.FromDays(365), typeof(VirtualMachine))]);

    private static readonly DateTimeOffset At = new(2026, 1, 15, 12, 0, 0, TimeSpan.Zero);

    public static UnitOfWork Insert(Id owner)
    {
        var unit = new UnitOfWork();
        var made = 0;
        var center = NewId();
        unit.Insert(new DataCenter { Id = center, Name = "dc", ProjectId = owner, CreatedBy = owner, CreatedAt = At, UpdatedAt = At, Version = 1 });
        Dictionary<string, Id> hosts = [], storages = [];
        foreach (var (host, cluster) in (ReadOnlySpan<(string, string)>)[("h-1", "east"), ("h-2", "west")])
        {
            var id = NewId();
            unit.Insert(new Cluster { Id = id, Name = cluster, DataCenterId = center, Architecture = Architecture.X86_64, ProjectId = owner, CreatedBy = owner, CreatedAt = At, UpdatedAt = At, Version = 1 });
            unit.Insert(new Host
            {
                Id = hosts[host] = NewId(),
                Name = host,
                ClusterId = id,
                Address = "10.0.0.1",
                ReservedMemoryBytes = 0,
                CpuOvercommitRatio = 1,
                State = HostState.Connected,
                ProjectId = owner,
                CreatedBy = owner,
                CreatedAt = At,
                UpdatedAt = At,
                Version = 1,
            });
            hosts[cluster] = id;
        }
        foreach (var storage in (ReadOnlySpan<string>)["fast", "slow"])
            unit.Insert(new DataStorage { Id = storages[storage] = NewId(), Name = storage, DataCenterId = center, Kind = "local", Path = "/s", State = StorageState.Attached, ProjectId = owner, CreatedBy = owner, CreatedAt = At, UpdatedAt = At, Version = 1 });

        Machine("web-1", VmState.Running, 2, 4, "h-1", [("env", "prod"), ("tier", "web")], [("web-1-root", 20, "fast")]);
        Machine("web-2", VmState.Stopped, 2, 2, null, [("env", "test"), ("tier", "web")], [("web-2-root", 20, "slow")]);
        Machine("db-1", VmState.Running, 8, 32, "h-2", [("env", "prod")], [("db-1-root", 20, "fast"), ("db-1-data", 500, "slow")]);
        Machine("spare", VmState.Stopped, 1, 1, null, [], []);
        return unit;

        // In the order in which they are made: the page shows lists in the order of ids.
        Id NewId() => new(Guid.CreateVersion7(At.AddMilliseconds(made++)));

        void Machine(string name, VmState state, int cpus, long memory, string? host, (string Key, string Value)[] labels, (string Name, long Size, string Storage)[] volumes)
        {
            var machine = Services.Samples.Machine(hosts["east"], Id.None) with
            {
                Id = NewId(),
                Name = name,
                ProjectId = owner,
                CreatedBy = owner,
                CreatedAt = At,
                UpdatedAt = At,
                State = state,
                CpuCount = cpus,
                MemoryBytes = memory << 30,
                HostId = host is null ? null : hosts[host],
                ImageId = null,
                Description = name == "db-1" ? "main" : null,
                Labels = new SortedDictionary<string, string>(labels.ToDictionary(label => label.Key, label => label.Value), StringComparer.Ordinal),
                Tags = name switch
                {
                    "db-1" => new() { ["compute.pinnedToHost"] = hosts["h-2"].ToString() },
                    "web-1" => new() { ["backup.keep"] = "12h" },
                    "web-2" => new() { ["backup.keep"] = "7d" },
                    _ => new Dictionary<string, string>(),
                },
            };
            unit.Insert(machine);
            foreach (var volume in volumes)
                unit.Insert(Services.Samples.Volume(hosts["h-1"], storages[volume.Storage], null) with { Id = NewId(), Name = volume.Name, VirtualMachineId = machine.Id, SizeBytes = volume.Size << 30, Serial = volume.Name, ProjectId = owner, CreatedBy = owner, CreatedAt = At, UpdatedAt = At });
        }
    }
}
