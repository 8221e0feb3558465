using Nssv.Contracts;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Images;
using Nssv.Contracts.Inventory;
using Nssv.Contracts.Network;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Services.Compute.Placement;

namespace Nssv.Services.Compute.VirtualMachines;

/// <summary>Accepts a new virtual machine: everything it names must be there and fit together; then its rows stand, and the flow makes them true.</summary>
internal sealed class CreateVirtualMachineTurn : CreateTurn<CreateVirtualMachine>
{
    public override Type ResourceType => typeof(VirtualMachine);

    public override async ValueTask<Decision> Decide(CreateVirtualMachine request, AcceptContext turn)
    {
        request = OnItsPinnedHost(request);
        var footing = await Footing.Find(request, turn.Store) ?? await Explained(request, turn.Store);
        await RefuseMissingPortGroups(request, turn.Store);

        var vm = new VirtualMachine
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
            ClusterId = footing.ClusterId,
            CpuCount = request.CpuCount,
            MemoryBytes = request.MemoryBytes,
            Architecture = footing.Architecture,
            Firmware = request.Firmware,
            ImageId = request.ImageId,
            PowerIntent = request.Start ? PowerIntent.On : PowerIntent.Off,
            RunGeneration = 1,
            State = VmState.Creating,
            StateChangedAt = turn.Now,
            DeletionPolicy = request.DeletionPolicy,
        };
        // The image's deletion at this moment either sees this machine, or makes the request fail.
        var unit = new UnitOfWork().Insert(vm).Require<Image>(request.ImageId, Condition.Equal(nameof(Image.State), ImageState.Ready));
        var disks = new List<VolumeMake>();
        var rootBytes = request.RootDisk?.SizeBytes ?? footing.ImageBytes;
        disks.Add(AddDisk(unit, vm, footing, turn, 0, $"{request.Name} root", rootBytes, request.ImageId));
        for (var i = 0; i < request.DataDisks.Count; i++)
            disks.Add(AddDisk(unit, vm, footing, turn, i + 1, request.DataDisks[i].Name ?? $"{request.Name} data {i + 1}", request.DataDisks[i].SizeBytes, null));
        for (var i = 0; i < request.Nics.Count; i++)
            AddNic(unit, vm, request.Nics[i], i, turn);

        return Decision.Run("virtual-machine.create", new VmCreate
        {
            VirtualMachineId = vm.Id,
            RunGeneration = vm.RunGeneration,
            Start = request.Start,
            Disks = disks,
            WantedHostId = request.HostId,
        }, unit);
    }

    /// <summary>Who pins a machine has chosen its host, with the checks that a chosen host gets.</summary>
    private static CreateVirtualMachine OnItsPinnedHost(CreateVirtualMachine request)
    {
        if (!ComputeTags.PinnedToHost.TryGet(request.Tags, out var pinned))
            return request;
        return request.HostId is null || request.HostId == pinned
            ? request with { HostId = pinned }
            : throw Problems.Invalid("hostId", $"The tag {ComputeTags.PinnedToHost.Name} pins the machine to host {pinned}, and hostId asks for {request.HostId}.", "Leave one of them out.", "pinned-to-another-host").AsException();
    }

    /// <summary>The same, read one after the other: finds what the short question leaves open, or the reason why not.</summary>
    private static async ValueTask<Footing> Explained(CreateVirtualMachine request, IStore store)
    {
        var image = await UsableImage(request, store);
        var cluster = await ChosenCluster(request, image, store);
        if (!await SomeHostCanDo(request, cluster.Id, store))
            RefuseWhatNoHostCanDo(request, await store.List<Host>(Condition.Equal(nameof(Host.ClusterId), cluster.Id)));
        return new(image.Architecture, image.VirtualSizeBytes, image.ImageStorageId, cluster.Id, await ChosenDataStorage(request, cluster, store));
    }

    private static async ValueTask<Image> UsableImage(CreateVirtualMachine request, IStore store)
    {
        var image = await store.Find<Image>(request.ImageId)
            ?? throw Problems.Invalid("imageId", $"There is no image '{request.ImageId}'.", "List the images with GET /api/v1/images.", "reference-not-found").AsException();
        if (image.State != ImageState.Ready)
        {
            throw new Problem(409, "image-not-ready", "The image cannot be used yet.", $"Image '{image.Name}' is {image.State.ToString().ToLowerInvariant()}.",
                "Wait for the operation that works on it.", "imageId").AsException();
        }

        if (image.Format == ImageFormat.Iso || image.Kind != ImageKind.System)
            throw Problems.Invalid("imageId", $"Image '{image.Name}' is no system image that a machine can boot from.", "Choose an image of kind system in format qcow2 or raw.", "image-kind").AsException();
        if (request.RootDisk?.SizeBytes is { } size && size < image.VirtualSizeBytes)
            throw Problems.Invalid("rootDisk.sizeBytes", $"The image '{image.Name}' has {ByteCount.InWords(image.VirtualSizeBytes)}; a disk of {ByteCount.InWords(size)} cannot hold it.", "Ask for at least the image's size, or leave it out.", "disk-smaller-than-image").AsException();
        return image;
    }

    private static async ValueTask<Cluster> ChosenCluster(CreateVirtualMachine request, Image image, IStore store)
    {
        Cluster cluster;
        if (request.ClusterId is { } id)
        {
            cluster = await store.Find<Cluster>(id) ?? throw Problems.Invalid("clusterId", $"There is no cluster '{id}'.", code: "reference-not-found").AsException();
        }
        else if (request.HostId is { } wanted)
        {
            var host = await store.Find<Host>(wanted) ?? throw Problems.Invalid("hostId", $"There is no host '{wanted}'.", code: "reference-not-found").AsException();
            cluster = await store.Get<Cluster>(host.ClusterId);
        }
        else
        {
            var candidates = await store.List<Cluster>(Condition.Equal(nameof(Cluster.Architecture), image.Architecture));
            cluster = candidates.Count == 1 ? candidates[0] : throw new Problem(400, "cluster-needed", "The request does not say where the machine shall run.",
                candidates.Count == 0 ? $"No cluster has the image's architecture {image.Architecture.ToString().ToLowerInvariant()}." : $"{candidates.Count} clusters have the image's architecture.",
                "Name one with clusterId.", "clusterId")
            { Candidates = Problems.Candidates(candidates.OrderBy(c => c.Name, StringComparer.Ordinal)) }.AsException();
        }

        if (cluster.Architecture != image.Architecture)
        {
            throw Problems.Invalid("imageId", $"Image '{image.Name}' is for {image.Architecture.ToString().ToLowerInvariant()}, cluster '{cluster.Name}' is {cluster.Architecture.ToString().ToLowerInvariant()}.",
                "Choose an image of the cluster's architecture.", "architecture-mismatch").AsException();
        }

        if (request.HostId is { } hostId)
        {
            var host = await store.Find<Host>(hostId) ?? throw Problems.Invalid("hostId", $"There is no host '{hostId}'.", code: "reference-not-found").AsException();
            if (host.ClusterId != cluster.Id)
                throw Problems.Invalid("hostId", $"Host '{host.Name}' is not in cluster '{cluster.Name}'.").AsException();
        }

        return cluster;
    }

    /// <summary>Asked of the database, so that accepting costs the same whatever the number of hosts; they are looked at one by one only to say why none will do.</summary>
    private static async ValueTask<bool> SomeHostCanDo(CreateVirtualMachine request, Id clusterId, IStore store)
    {
        const string Fits = "SELECT 1 FROM hosts WHERE cluster_id = @p0 AND cpu_count >= @p1 AND memory_bytes - reserved_memory_bytes >= @p2";
        var found = request.HostId is { } wanted
            ? await store.Select($"{Fits} AND id = @p3 LIMIT 1", [clusterId, request.CpuCount, request.MemoryBytes, wanted], row => row.GetInt32(0))
            : await store.Select($"{Fits} LIMIT 1", [clusterId, request.CpuCount, request.MemoryBytes], row => row.GetInt32(0));
        return found.Count > 0;
    }

    private static void RefuseWhatNoHostCanDo(CreateVirtualMachine request, IReadOnlyList<Host> hosts)
    {
        var candidates = hosts.Where(h => h.CpuCount > 0 && (request.HostId is null || h.Id == request.HostId)).ToList();
        if (candidates.Count == 0)
            throw new Problem(409, "no-host", "There is no host that could run the machine.", "No host of the cluster has reported its capacity yet.", "Add a host, or wait until its agent has connected.").AsException();
        if (candidates.TrueForAll(h => h.CpuCount < request.CpuCount))
            throw Problems.Invalid("cpuCount", $"The largest host has {candidates.Max(h => h.CpuCount)} CPUs; {request.CpuCount} are wanted.", "Ask for no more than one host has.", "larger-than-any-host").AsException();
        if (!candidates.Exists(h => h.CpuCount >= request.CpuCount && h.MemoryBytes - h.ReservedMemoryBytes >= request.MemoryBytes))
        {
            var most = candidates.Max(h => h.MemoryBytes - h.ReservedMemoryBytes);
            throw Problems.Invalid("memoryBytes", $"The largest host can give {ByteCount.InWords(most)}; {ByteCount.InWords(request.MemoryBytes)} are wanted.",
                "Ask for no more than one host has.", "larger-than-any-host").AsException();
        }
    }

    private static async ValueTask<Id> ChosenDataStorage(CreateVirtualMachine request, Cluster cluster, IStore store)
    {
        var links = await store.List<DataStorageAttachment>(Condition.Equal(nameof(DataStorageAttachment.ClusterId), cluster.Id));
        if (request.DataStorageId is { } id)
        {
            var storage = await store.Find<DataStorage>(id) ?? throw Problems.Invalid("dataStorageId", $"There is no data storage '{id}'.", code: "reference-not-found").AsException();
            return links.Any(l => l.DataStorageId == id)
                ? storage.Id
                : throw Problems.Invalid("dataStorageId", $"Data storage '{storage.Name}' is not attached to cluster '{cluster.Name}'.", "Attach it first, or choose another one.", "not-attached").AsException();
        }

        if (links.Count == 1)
            return links[0].DataStorageId;
        if (links.Count == 0)
            throw new Problem(400, "data-storage-needed", "The request does not say where the disks shall be.", $"No data storage is attached to cluster '{cluster.Name}'.", "Attach one to the cluster.", "dataStorageId").AsException();
        var storages = (await store.List<DataStorage>(Condition.In(nameof(DataStorage.Id), links.Select(l => l.DataStorageId)))).OrderBy(storage => storage.Name, StringComparer.Ordinal).ToList();
        throw new Problem(400, "data-storage-needed", "The request does not say where the disks shall be.",
            $"{storages.Count} data storages are attached to cluster '{cluster.Name}': {Problems.Named(storages)}.", "Name one with dataStorageId.", "dataStorageId")
        { Candidates = Problems.Candidates(storages) }.AsException();
    }

    private static async ValueTask RefuseMissingPortGroups(CreateVirtualMachine request, IStore store)
    {
        for (var i = 0; i < request.Nics.Count; i++)
        {
            if (await store.Find<PortGroup>(request.Nics[i].PortGroupId) is null)
                throw Problems.Invalid($"nics[{i}].portGroupId", $"There is no port group '{request.Nics[i].PortGroupId}'.", code: "reference-not-found").AsException();
            if (request.Nics[i].MacAddress is { } mac && await store.First<NetworkInterface>(Condition.Equal(nameof(NetworkInterface.MacAddress), mac)) is not null)
                throw Problems.Invalid($"nics[{i}].macAddress", $"The address {mac} is taken.", "Leave it out, and one is chosen.", "mac-address-taken").AsException();
        }
    }

    private static VolumeMake AddDisk(UnitOfWork unit, VirtualMachine vm, Footing footing, AcceptContext turn, int index, string name, long sizeBytes, Id? imageId)
    {
        var volume = new Volume
        {
            Id = turn.Ids.Next(),
            ProjectId = vm.ProjectId,
            CreatedBy = vm.CreatedBy,
            CreatedAt = turn.Now,
            UpdatedAt = turn.Now,
            Version = 1,
            Name = Rules.Shorten(name),
            VirtualMachineId = vm.Id,
            DataStorageId = footing.DataStorageId,
            Role = index == 0 ? VolumeRole.Root : VolumeRole.Data,
            SizeBytes = sizeBytes,
            Format = VolumeFormat.Qcow2,
            ImageId = imageId,
            DeviceIndex = index,
            Serial = "",
            State = VolumeState.Creating,
        };
        volume = volume with { Serial = DiskSerial.Of(volume.Id), ActiveLayerId = turn.Ids.Next() };
        unit.Insert(volume).Insert(new VolumeLayer
        {
            Id = volume.ActiveLayerId.Value,
            ProjectId = vm.ProjectId,
            CreatedBy = vm.CreatedBy,
            CreatedAt = turn.Now,
            UpdatedAt = turn.Now,
            Version = 1,
            VolumeId = volume.Id,
            DataStorageId = footing.DataStorageId,
            Role = LayerRole.Data,
            Format = volume.Format,
            SizeBytes = sizeBytes,
            Immutable = false,
            State = LayerState.Creating,
        });
        return new VolumeMake
        {
            VolumeId = volume.Id,
            LayerId = volume.ActiveLayerId.Value,
            DataStorageId = footing.DataStorageId,
            SizeBytes = sizeBytes,
            Format = volume.Format,
            ImageId = imageId,
            ImageStorageId = imageId is null ? null : footing.ImageStorageId,
        };
    }

    private static void AddNic(UnitOfWork unit, VirtualMachine vm, NewNic nic, int index, AcceptContext turn)
    {
        var id = turn.Ids.Next();
        unit.Insert(new NetworkInterface
        {
            Id = id,
            ProjectId = vm.ProjectId,
            CreatedBy = vm.CreatedBy,
            CreatedAt = turn.Now,
            UpdatedAt = turn.Now,
            Version = 1,
            Name = $"nic {index}",
            VirtualMachineId = vm.Id,
            PortGroupId = nic.PortGroupId,
            MacAddress = nic.MacAddress ?? MacAddress.From(id),
            DeviceIndex = index,
            Model = nic.Model,
        });
    }
}
