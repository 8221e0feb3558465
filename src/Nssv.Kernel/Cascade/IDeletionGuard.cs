namespace Nssv.Kernel.Cascade;

/// <summary>
/// Says which resources of a kind must stay. Asked about everything that a deletion takes, the target and parts of others included, whether it was asked for by itself or with
/// what depends on it, before anything is done; never again for what goes because of that. One that throws, or takes too long, keeps everything of its kind.
/// </summary>
public interface IDeletionGuard
{
    /// <summary>Singular kebab-case.</summary>
    string Kind { get; }

    ValueTask<IReadOnlyList<CascadeHindrance>> Hindrances(IReadOnlyList<CascadeRow> rows, CancellationToken cancel);
}

/// <summary>A request that removes its target for good, though it is no <see cref="DeleteRequest"/>: guards are asked about it as well.</summary>
public interface IRemovesTarget;
