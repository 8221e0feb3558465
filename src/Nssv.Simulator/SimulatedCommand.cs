using System.Globalization;
using Nssv.Agent;
using Nssv.Contracts.Agent;
using Nssv.Kernel;
using Nssv.Kernel.Agents;

namespace Nssv.Simulator;

/// <summary>What each command does to a machine: idempotent, as on a real host. Runs at one moment, under the machine's lock.</summary>
internal sealed class SimulatedCommand(MachineState state, CommandScope scope)
{
    private const long OverlayBytes = 196_608;

    public object Apply(Command command, out DomainStatus? changed)
    {
        changed = null;
        return command switch
        {
            AttachDataStorage attach => Attach(state.DataStorages, attach.DataStorageId, attach.Path, "storage.attach-data"),
            DetachDataStorage detach => DetachData(detach.DataStorageId),
            AttachImageStorage attach => Attach(state.ImageStorages, attach.ImageStorageId, attach.Path, "storage.attach-images"),
            DetachImageStorage detach => DetachImages(detach.ImageStorageId),
            CreateLayer create => MakeLayer(create.LayerId, new(create.DataStorageId, create.ParentLayerId, create.SizeBytes, OverlayBytes), "layer.create"),
            CacheImage cache => MakeLayer(cache.LayerId, new(cache.DataStorageId, null, 1L << 30, 20L << 20), "layer.cache-image"),
            DeleteLayer delete => RemoveLayer(delete.LayerId),
            ImportImage import => Import(import),
            DeleteImage delete => Remove(state.Images, delete.ImageId, "image.delete"),
            DefineDomain define => Define(define.Domain),
            StartDomain start => StartDomain(start, out changed),
            StopDomain stop => StoppedDomain.Of(To(stop.VirtualMachineId, DomainState.Defined, "domain.stop", out changed), changed is null ? null : stop.GraceSeconds <= 0),
            KillDomain kill => To(kill.VirtualMachineId, DomainState.Defined, "domain.kill", out changed),
            RebootDomain reboot => To(reboot.VirtualMachineId, DomainState.Running, "domain.reboot", out changed),
            PauseDomain pause => To(pause.VirtualMachineId, DomainState.Paused, "domain.pause", out changed),
            ResumeDomain resume => To(resume.VirtualMachineId, DomainState.Running, "domain.resume", out changed),
            RemoveDomain remove => RemoveDomain(remove.VirtualMachineId, out changed),
            _ => throw new NotSupportedException($"{command.GetType().Name} is not simulated"),
        };
    }

    private StorageCapacity Attach(SortedDictionary<Id, string> storages, Id id, string path, string what)
    {
        if (storages.TryAdd(id, path))
            Note(what, id);
        return new(state.StorageBytes, state.AvailableBytes);
    }

    private Done DetachData(Id id) => state.Layers.Values.Any(layer => layer.DataStorageId == id)
        ? throw Conflict("storage-in-use", $"Data storage {id} still holds layers.")
        : Remove(state.DataStorages, id, "storage.detach-data");

    private Done DetachImages(Id id) => state.Images.ContainsValue(id)
        ? throw Conflict("storage-in-use", $"Image storage {id} still holds images.")
        : Remove(state.ImageStorages, id, "storage.detach-images");

    private LayerInfo MakeLayer(Id id, SimulatedLayer layer, string what)
    {
        if (!state.DataStorages.ContainsKey(layer.DataStorageId))
            throw Conflict("storage-not-attached", $"Data storage {layer.DataStorageId} is not attached to this host.");
        if (layer.ParentLayerId is { } parent && !state.Layers.ContainsKey(parent))
            throw Conflict("layer-parent-missing", $"Layer {id} needs layer {parent}.");
        if (!state.Layers.ContainsKey(id) && layer.AllocatedBytes > state.AvailableBytes)
            throw new Problem(507, "storage-full", "The storage has not enough free space.", $"{layer.AllocatedBytes} bytes are needed.", "Free some space, or choose another storage.").AsException();
        if (state.Layers.TryAdd(id, layer))
            Note(what, id);
        return new(state.Layers[id].SizeBytes, state.Layers[id].AllocatedBytes);
    }

    private Done RemoveLayer(Id id)
    {
        if (state.Layers.Values.Any(layer => layer.ParentLayerId == id))
            throw Conflict("layer-in-use", $"Another layer builds on layer {id}.");
        if (state.Domains.Values.Any(domain => domain.IsActive && domain.Spec.Disks.Any(disk => disk.LayerId == id)))
            throw Conflict("layer-in-use", $"A running machine writes layer {id}.");
        return Remove(state.Layers, id, "layer.delete");
    }

    private ImportedImage Import(ImportImage import)
    {
        if (!state.ImageStorages.ContainsKey(import.ImageStorageId))
            throw Conflict("storage-not-attached", $"Image storage {import.ImageStorageId} is not attached to this host.");
        if (state.Images.TryAdd(import.ImageId, import.ImageStorageId))
            Note("image.import", import.ImageId);
        return new(1L << 30, 20L << 20, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(import.ImageId.Value.ToByteArray())));
    }

    private DefinedDomain Define(DomainSpec spec)
    {
        var hardware = spec.Hardware ?? new DomainHardware("pc-q35-7.2", "<cpu mode='custom' match='exact'><model>qemu64</model></cpu>",
            spec.Disks.ToDictionary(disk => $"disk:{disk.VolumeId}", IReadOnlyDictionary<string, string> (disk) =>
                new SortedDictionary<string, string>(StringComparer.Ordinal) { ["type"] = "pci", ["slot"] = disk.DeviceIndex.ToString(CultureInfo.InvariantCulture) }));
        if (!state.Domains.TryGetValue(spec.VirtualMachineId, out var domain))
        {
            state.Domains.Add(spec.VirtualMachineId, new(spec));
            Note("domain.define", spec.VirtualMachineId, spec.RunGeneration);
        }
        else
        {
            domain.Spec = spec;
        }
        return new(hardware);
    }

    private DomainStatus StartDomain(StartDomain start, out DomainStatus? changed)
    {
        changed = null;
        var domain = Domain(start.VirtualMachineId);
        if (domain.IsActive)
        {
            return domain.RunningGeneration == start.RunGeneration ? domain.Status
                : throw Conflict("domain-generation", $"Generation {domain.RunningGeneration} of {start.VirtualMachineId} runs here, not {start.RunGeneration}.");
        }
        if (domain.Spec.RunGeneration != start.RunGeneration)
            throw Conflict("domain-generation", $"Generation {domain.Spec.RunGeneration} of {start.VirtualMachineId} is defined here, not {start.RunGeneration}.");
        if (domain.Spec.Disks.Where(disk => !state.Layers.ContainsKey(disk.LayerId)).ToList() is [var missing, ..])
            throw Conflict("layer-missing", $"Layer {missing.LayerId} of {start.VirtualMachineId} is not here.");
        domain.RunningGeneration = start.RunGeneration;
        domain.State = DomainState.Running;
        Note("domain.start", start.VirtualMachineId, start.RunGeneration);
        changed = domain.Status;
        return domain.Status;
    }

    private DomainStatus To(Id id, DomainState target, string what, out DomainStatus? changed)
    {
        changed = null;
        if (!state.Domains.TryGetValue(id, out var domain))
            return target == DomainState.Defined ? new(id, 0, DomainState.Absent, null) : throw NotHere(id);
        if (target == DomainState.Defined ? !domain.IsActive && domain.State != DomainState.Crashed : domain.State == target && what != "domain.reboot")
            return domain.Status;
        if (target != DomainState.Defined && !domain.IsActive)
            throw Conflict("domain-not-running", $"{id} does not run here.");
        domain.State = target;
        Note(what, id, domain.RunningGeneration);
        changed = domain.Status;
        return domain.Status;
    }

    private Done RemoveDomain(Id id, out DomainStatus? changed)
    {
        changed = null;
        if (state.Domains.Remove(id, out var domain))
        {
            Note("domain.remove", id, domain.Spec.RunGeneration);
            changed = new(id, domain.Spec.RunGeneration, DomainState.Absent, null);
        }
        return new();
    }

    private Done Remove<T>(SortedDictionary<Id, T> rows, Id id, string what)
    {
        if (rows.Remove(id))
            Note(what, id);
        return new();
    }

    private SimulatedDomain Domain(Id id) => state.Domains.TryGetValue(id, out var domain) ? domain : throw NotHere(id);

    private void Note(string what, Id resource, long generation = 0) =>
        state.Effects.Add(new(scope.OperationId, scope.CommandId, scope.Epoch, what, resource, generation));

    private static ProblemException NotHere(Id id) => Conflict("domain-not-defined", $"No domain for {id}.");

    private static ProblemException Conflict(string code, string detail) =>
        new Problem(409, code, "The host cannot do this as things are.", detail, "Look at what the host reports, then try again.").AsException();
}
