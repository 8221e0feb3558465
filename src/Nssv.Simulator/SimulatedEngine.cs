using Nssv.Agent;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Storage;
using Nssv.Kernel;
using Nssv.Kernel.Agents;

namespace Nssv.Simulator;

/// <summary>The engine of one life of a simulated agent: does on the <see cref="SimulatedMachine"/> what the real one does on a host, in the time it is told to take.</summary>
public sealed class SimulatedEngine(SimulatedMachine machine, TimeProvider time, EngineBehaviour behaviour) : IHostEngine
{
    private volatile bool _dead;

    public event Action<DomainStatus>? DomainChanged;

    public event Action? DomainsResynced;

    public string BootId { get; } = machine.BootId;

    HostCapacity IHostEngine.Capacity => behaviour.Capacity;

    public IReadOnlyList<StorageStatus> Storages => machine.Change(state => state.DataStorages.Keys.Concat(state.ImageStorages.Keys)
        .Select(id => new StorageStatus(id, true, state.StorageBytes, state.AvailableBytes, null)).ToList());

    public Task Start(CancellationToken cancel) => Task.CompletedTask;

    public async Task<IReadOnlyList<DomainStatus>> ListDomains(CancellationToken cancel)
    {
        await behaviour.BeforeListing();
        return machine.Domains;
    }

    public Task<IReadOnlyList<LayerStatus>> ListLayers(CancellationToken cancel) => Task.FromResult(machine.Layers);

    /// <summary>The agent dies: what has not happened yet never does.</summary>
    public void Kill() => _dead = true;

    /// <summary>libvirt was away and is back.</summary>
    public void Resync() => DomainsResynced?.Invoke();

    /// <summary>The guest powers itself off, or crashes.</summary>
    public void GuestEnds(Id virtualMachineId, DomainState state = DomainState.Defined)
    {
        if (machine.GuestEnds(virtualMachineId, state) is { } status)
            DomainChanged?.Invoke(status);
    }

    public async Task<object> Run(Command command, CommandScope scope, CancellationToken cancel)
    {
        machine.Begins(scope);
        if (behaviour.Latency(command) is { Ticks: > 0 } latency)
            await Task.Delay(latency, time, cancel);
        await behaviour.BeforeEffect(command, scope).WaitAsync(cancel);
        cancel.ThrowIfCancellationRequested();
        if (_dead)
            throw new OperationCanceledException("The agent was killed.");
        if (behaviour.Refuse(command, scope) is { } problem)
            throw problem.AsException();
        DomainStatus? changed = null;
        var result = machine.Change(state => new SimulatedCommand(state, scope).Apply(command, out changed));
        if (changed is not null && !_dead)
            DomainChanged?.Invoke(changed);
        await behaviour.AfterEffect(command, scope);
        return result;
    }

    public async Task ReceiveUpload(Id? imageStorageId, Id imageId, Stream content, long? length, CancellationToken cancel)
    {
        var buffer = new byte[1 << 16];
        var total = 0L;
        while (await content.ReadAsync(buffer, cancel) is var count && count > 0)
            total += count;
        machine.Uploaded(imageId, total);
    }

    public Task<StoredImage> OpenImage(Id? imageStorageId, Id imageId, CancellationToken cancel) =>
        machine.Images.Contains(imageId)
            ? Task.FromResult(new StoredImage(new MemoryStream(imageId.Value.ToByteArray()), 16, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(imageId.Value.ToByteArray())), IsIso: false))
            : throw Problems.NotFound("image", imageId.ToString()).AsException();

    public Task<Stream> OpenConsole(Id virtualMachineId, CancellationToken cancel) =>
        Task.FromResult(behaviour.Console(virtualMachineId) ?? throw Problems.NotFound("console", virtualMachineId.ToString()).AsException());
}

/// <summary>How a simulated host behaves; a test replaces what it is about.</summary>
public sealed record EngineBehaviour
{
    /// <summary>From the command's begin to its effect.</summary>
    public Func<Command, TimeSpan> Latency { get; init; } = _ => TimeSpan.Zero;

    /// <summary>The effect waits for this.</summary>
    public Func<Command, CommandScope, Task> BeforeEffect { get; init; } = (_, _) => Task.CompletedTask;

    /// <summary>The end, after the effect, waits for this.</summary>
    public Func<Command, CommandScope, Task> AfterEffect { get; init; } = (_, _) => Task.CompletedTask;

    /// <summary>A problem makes the command fail with it, before any effect.</summary>
    public Func<Command, CommandScope, Problem?> Refuse { get; init; } = (_, _) => null;

    /// <summary>A listing of domains waits for this; it throws while libvirt is away.</summary>
    public Func<Task> BeforeListing { get; init; } = () => Task.CompletedTask;

    /// <summary>The guest's serial console.</summary>
    public Func<Id, Stream?> Console { get; init; } = _ => null;

    public HostCapacity Capacity { get; init; } = new(64, 512L << 30, "simulated", "kvm", "simulated", "9.0.0", "7.2.0", "x86_64");
}
