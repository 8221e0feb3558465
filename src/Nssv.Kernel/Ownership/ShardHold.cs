namespace Nssv.Kernel.Ownership;

/// <summary>
/// This node's hold on one shard (or, when it is alone, on all of them), from the moment it was claimed until it is dropped. A shard that is claimed again gets a
/// new hold with a higher epoch, so whoever still has the old one can tell.
/// </summary>
public sealed class ShardHold
{
    private readonly Func<bool> _leaseIsValid;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _dropped;

    /// <param name="leaseIsValid">Whether the node may still believe that nobody has taken its shards.</param>
    public ShardHold(long epoch, Func<bool> leaseIsValid)
    {
        Epoch = epoch;
        _leaseIsValid = leaseIsValid;
    }

    /// <summary>Higher than that of every earlier owner of the shard: what hosts compare.</summary>
    public long Epoch { get; }

    /// <summary>Turns may begin under it now.</summary>
    public bool IsValid => !_dropped && _leaseIsValid();

    /// <summary>It never becomes valid again.</summary>
    public bool IsDropped => _dropped;

    /// <summary>Ends when what the last owner left has been taken up.</summary>
    public Task Ready => _ready.Task;

    /// <exception cref="NotOwnerException">The shard is, or may by now be, another node's.</exception>
    public void Demand()
    {
        if (!IsValid)
            throw _dropped ? new NotOwnerException() : new NotOwnerException("The lease may have run out.");
    }

    internal void BecomeReady() => _ready.TrySetResult();

    internal void Drop()
    {
        _dropped = true;
        _ready.TrySetException(new NotOwnerException());
        // Nobody may have waited.
        _ = _ready.Task.Exception;
    }
}

/// <summary>The shard is not, or no longer, this node's: whoever is its owner must be asked.</summary>
public sealed class NotOwnerException(string detail = "The resource belongs to another management node.") : Exception(detail);
