using Nssv.Agent;
using Nssv.Contracts.Agent;
using Nssv.Kernel;

namespace Nssv.Simulator;

/// <summary>
/// What is on a simulated host and outlives its agent: storages, layers, images, and domains that go on running. Everything that changes it is counted,
/// so that a test can tell what was done, how often, and for whom.
/// </summary>
public sealed class SimulatedMachine(Id hostId)
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<Id, SimulatedDomain> _domains = [];
    private readonly SortedDictionary<Id, string> _dataStorages = [];
    private readonly SortedDictionary<Id, string> _imageStorages = [];
    private readonly SortedDictionary<Id, SimulatedLayer> _layers = [];
    private readonly SortedDictionary<Id, Id> _images = [];
    private readonly Dictionary<Id, long> _asked = [];
    private readonly SortedDictionary<Id, long> _uploads = [];
    private readonly List<SimulatedEffect> _effects = [];
    private readonly List<string> _violations = [];
    private int _boots = 1;

    public Id HostId { get; } = hostId;

    /// <summary>Room of each of its storages; what its layers take is not available.</summary>
    public long StorageBytes { get; init; } = 1L << 42;

    /// <summary>False: <see cref="Effects"/> stays empty, for thousands of hosts would remember everything that ever happened.</summary>
    public bool KeepsEffects { get; init; } = true;

    public string BootId => Locked(() => $"boot-{HostId.Short}-{_boots}");

    /// <summary>Everything that was changed, in order.</summary>
    public IReadOnlyList<SimulatedEffect> Effects => Locked(() => _effects.ToList());

    /// <summary>Commands that began for an owner after a newer one had asked (invariant 3), and domains that ran twice.</summary>
    public IReadOnlyList<string> Violations => Locked(() => _violations.ToList());

    public IReadOnlyList<DomainStatus> Domains => Locked(() => _domains.Values.Select(domain => domain.Status).ToList());

    public IReadOnlyList<LayerStatus> Layers => Locked(() => _layers.Select(pair => new LayerStatus(pair.Value.DataStorageId, pair.Key, pair.Value.AllocatedBytes)).ToList());

    public IReadOnlyList<Id> Images => Locked(() => _images.Keys.ToList());

    /// <summary>Bytes received of each uploaded image.</summary>
    public IReadOnlyDictionary<Id, long> Uploads => Locked(() => new SortedDictionary<Id, long>(_uploads));

    /// <summary>How often each machine was started in each generation.</summary>
    public IReadOnlyDictionary<(Id VirtualMachineId, long Generation), int> Starts => Locked(() => _effects
        .Where(effect => effect.What == "domain.start")
        .GroupBy(effect => (effect.Resource, effect.Generation))
        .ToDictionary(group => group.Key, group => group.Count()));

    /// <summary>The power fails: what ran stops, what is on disk stays, and the next boot has another id.</summary>
    public void CutPower()
    {
        lock (_gate)
        {
            _boots++;
            foreach (var domain in _domains.Values)
                domain.State = DomainState.Defined;
        }
    }

    /// <summary>The guest changes by itself (it powers off, or crashes); null when it does not run.</summary>
    public DomainStatus? GuestEnds(Id virtualMachineId, DomainState state)
    {
        lock (_gate)
        {
            if (!_domains.TryGetValue(virtualMachineId, out var domain) || !domain.IsActive)
                return null;
            domain.State = state;
            return domain.Status;
        }
    }

    internal void Uploaded(Id imageId, long bytes)
    {
        lock (_gate)
            _uploads[imageId] = bytes;
    }

    /// <summary>An Ask was answered: from here on nothing of an older epoch may begin.</summary>
    internal void Asked(Id operationId, long epoch)
    {
        lock (_gate)
            _asked[operationId] = Math.Max(_asked.GetValueOrDefault(operationId), epoch);
    }

    internal void Begins(CommandScope scope)
    {
        lock (_gate)
        {
            if (_asked.TryGetValue(scope.OperationId, out var epoch) && scope.Epoch < epoch)
                _violations.Add($"{scope.CommandId} began with epoch {scope.Epoch} although {epoch} had asked");
        }
    }

    /// <summary>One step of the engine: looks and changes at one moment.</summary>
    internal T Change<T>(Func<MachineState, T> change)
    {
        lock (_gate)
            return change(new(_domains, _dataStorages, _imageStorages, _layers, _images, KeepsEffects ? _effects : [], _violations) { StorageBytes = StorageBytes });
    }

    /// <summary>Everything that a restart of the host leaves, and what runs.</summary>
    internal SimulatedHoldings Holdings => Locked(() => new SimulatedHoldings
    {
        Boots = _boots,
        Domains = [.. _domains.Values.Select(domain => new SimulatedRun(domain.Spec, domain.RunningGeneration, domain.State))],
        DataStorages = new Dictionary<Id, string>(_dataStorages),
        ImageStorages = new Dictionary<Id, string>(_imageStorages),
        Layers = new Dictionary<Id, SimulatedLayer>(_layers),
        Images = new Dictionary<Id, Id>(_images),
    });

    /// <summary>Puts back what <see cref="Holdings"/> gave; for a machine that holds nothing yet.</summary>
    internal void Hold(SimulatedHoldings holdings)
    {
        lock (_gate)
        {
            _boots = holdings.Boots;
            foreach (var run in holdings.Domains)
                _domains[run.Spec.VirtualMachineId] = new(run.Spec) { RunningGeneration = run.RunningGeneration, State = run.State };
            foreach (var (id, path) in holdings.DataStorages)
                _dataStorages[id] = path;
            foreach (var (id, path) in holdings.ImageStorages)
                _imageStorages[id] = path;
            foreach (var (id, layer) in holdings.Layers)
                _layers[id] = layer;
            foreach (var (id, storage) in holdings.Images)
                _images[id] = storage;
        }
    }

    private T Locked<T>(Func<T> read)
    {
        lock (_gate)
            return read();
    }
}

/// <param name="Epoch">Of the owner for whom it was done.</param>
/// <param name="What">The command's name.</param>
/// <param name="Resource">What was changed.</param>
public sealed record SimulatedEffect(Id OperationId, string CommandId, long Epoch, string What, Id Resource, long Generation);

internal sealed record SimulatedLayer(Id DataStorageId, Id? ParentLayerId, long SizeBytes, long AllocatedBytes);

internal sealed class SimulatedDomain(DomainSpec spec)
{
    public DomainSpec Spec { get; set; } = spec;
    public long RunningGeneration { get; set; }
    public DomainState State { get; set; } = DomainState.Defined;

    public bool IsActive => State is DomainState.Running or DomainState.Paused or DomainState.ShuttingDown;

    public DomainStatus Status => new(Spec.VirtualMachineId, IsActive ? RunningGeneration : Spec.RunGeneration, State, null);
}

internal sealed record MachineState(
    SortedDictionary<Id, SimulatedDomain> Domains, SortedDictionary<Id, string> DataStorages, SortedDictionary<Id, string> ImageStorages,
    SortedDictionary<Id, SimulatedLayer> Layers, SortedDictionary<Id, Id> Images, List<SimulatedEffect> Effects, List<string> Violations)
{
    public required long StorageBytes { get; init; }

    /// <summary>What is left in each data storage.</summary>
    public long AvailableBytes => Math.Max(0, StorageBytes - Layers.Values.Sum(layer => layer.AllocatedBytes));
}

/// <summary>What a simulated machine holds, as it can be written down.</summary>
internal sealed record SimulatedHoldings
{
    public required int Boots { get; init; }
    public required IReadOnlyList<SimulatedRun> Domains { get; init; }
    public required IReadOnlyDictionary<Id, string> DataStorages { get; init; }
    public required IReadOnlyDictionary<Id, string> ImageStorages { get; init; }
    public required IReadOnlyDictionary<Id, SimulatedLayer> Layers { get; init; }

    /// <summary>Images by id, each with its storage.</summary>
    public required IReadOnlyDictionary<Id, Id> Images { get; init; }
}

internal sealed record SimulatedRun(DomainSpec Spec, long RunningGeneration, DomainState State);
