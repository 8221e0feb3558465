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
            return change(new(_domains, _dataStorages, _imageStorages, _layers, _images, _effects, _violations));
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
    SortedDictionary<Id, SimulatedLayer> Layers, SortedDictionary<Id, Id> Images, List<SimulatedEffect> Effects, List<string> Violations);
