namespace Nssv.Kernel.Model;

/// <summary>What every resource carries. Times are UTC; <see cref="Version"/> counts configuration and is the ETag.</summary>
public abstract record Resource
{
    public required Id Id { get; init; }

    /// <summary>The project (tenant) that owns it.</summary>
    [Index] public required Id ProjectId { get; init; }

    /// <summary>The account that asked for it.</summary>
    public required Id CreatedBy { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Starts at 1 and grows by one with each change of configuration; never with what is only observed.</summary>
    public required long Version { get; init; }
}

/// <summary>Has a name by which people know it.</summary>
public interface INamed
{
    string Name { get; }
}

/// <summary>A resource that people name, describe and label.</summary>
public abstract record NamedResource : Resource, INamed
{
    /// <summary>1 to 128 printable characters; need not be unique.</summary>
    [Editable, Index] public required string Name { get; init; }

    [Editable] public string? Description { get; init; }

    /// <summary>System tags: names and values that their owners have declared, and that change what the platform does.</summary>
    [Editable, JsonColumn(Indexed = true)] public IReadOnlyDictionary<string, string> Tags { get; init; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>User's own key/value pairs, at most 64.</summary>
    [Editable, JsonColumn(Indexed = true)] public IReadOnlyDictionary<string, string> Labels { get; init; } = new SortedDictionary<string, string>(StringComparer.Ordinal);
}

/// <summary>Implemented by resources whose observed part is reported by a host: late reports are dropped by comparing this.</summary>
public interface IObserved
{
    /// <summary>The host's own sequence number of the last report that was taken in; only grows.</summary>
    long ObservedSequence { get; }
}
