using Nssv.Kernel.Peers;

namespace Nssv.Kernel.Ownership;

/// <summary>Which node runs the turns and operations of which resources.</summary>
public interface IOwnership
{
    /// <summary>This node's hold on the resource's shard; null while it is another's or nobody's.</summary>
    ShardHold? Hold(Id resource);

    /// <summary>Where the resource's owner is, as far as this node knows; null when it is this one or nobody.</summary>
    PeerAddress? OwnerOf(Id resource);

    /// <summary>The other live nodes.</summary>
    IReadOnlyList<PeerAddress> Peers { get; }

    /// <summary>This node holds no shards, since it and other live nodes do not hear each other: it serves reads, and passes changes on to those whom it does reach.</summary>
    bool StandsAside { get; }

    /// <summary>Where agents reach the live nodes, this one included; empty while the node is alone and its agents know it anyway.</summary>
    IReadOnlyList<string> AgentUrls { get; }

    /// <summary>The lowest level of all live nodes, this one included, and of those that were here a while ago: what new plans may use.</summary>
    long Level { get; }

    /// <summary>The highest level of all live nodes, this one included.</summary>
    long HighestLevel { get; }

    /// <summary>To be told of shards that come and go. Before <see cref="Start"/>.</summary>
    void Listen(IShardListener listener);

    /// <summary>Takes what this node should hold, and goes on doing so.</summary>
    Task Start();

    /// <summary>Members or shards have changed: do not wait until it is time to look.</summary>
    void LookSoon();
}

/// <summary>Has memory that belongs to shards.</summary>
public interface IShardListener
{
    /// <summary>Takes up what was left there. Resources of these shards get no turns before it has returned.</summary>
    Task Gained(ShardSet shards);

    /// <summary>Forgets everything of these shards; must be quick.</summary>
    void Lost(ShardSet shards);
}

/// <summary>Some shards.</summary>
public sealed class ShardSet(IEnumerable<int> shards)
{
    private readonly HashSet<int> _shards = [.. shards];

    public static ShardSet All { get; } = new(Enumerable.Range(0, Shards.Count));

    public int Count => _shards.Count;

    public bool Has(Id resource) => _shards.Contains(Shards.Of(resource));
}

/// <summary>Ownership of a node that is alone: the fence of the database makes sure of that.</summary>
public sealed class SoleOwnership : IOwnership
{
    private readonly ShardHold _hold;
    private readonly List<IShardListener> _listeners = [];

    /// <param name="generation">Of the node's right to write.</param>
    public SoleOwnership(long generation)
    {
        _hold = new(generation, static () => true);
        _hold.BecomeReady();
    }

    public IReadOnlyList<PeerAddress> Peers => [];

    public bool StandsAside => false;

    public IReadOnlyList<string> AgentUrls => [];

    public long Level => PlatformLevel.Current;

    public long HighestLevel => PlatformLevel.Current;

    public ShardHold? Hold(Id resource) => _hold;

    public PeerAddress? OwnerOf(Id resource) => null;

    public void Listen(IShardListener listener) => _listeners.Add(listener);

    public void LookSoon()
    {
    }

    public async Task Start()
    {
        foreach (var listener in _listeners)
            await listener.Gained(ShardSet.All);
    }
}
