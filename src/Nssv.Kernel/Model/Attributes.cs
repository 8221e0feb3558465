namespace Nssv.Kernel.Model;

/// <summary>Declares a resource once: its collection in the API, its table, its rank in the order of claims, how it is deleted.</summary>
/// <param name="collection">Plural kebab-case, as in <c>/api/v1/virtual-machines</c>; the table has the same name with underscores.</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ResourceAttribute(string collection) : Attribute
{
    public string Collection { get; } = collection;

    /// <summary>Singular kebab-case for events and messages ("virtual-machine"); derived from the type's name if not given.</summary>
    public string? Singular { get; init; }

    /// <summary>What the CLI calls it.</summary>
    public string? ShortName { get; init; }

    /// <summary>A child operation claims only kinds of strictly greater rank.</summary>
    public int Rank { get; init; }

    /// <summary>Its changes make no events: it is itself made from events.</summary>
    public bool Silent { get; init; }
}

/// <summary>Declares a table of rows that are no resources of the API (steps of an operation, keys of calls).</summary>
/// <param name="name">snake_case name of the table.</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class TableAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}

/// <summary>Part of a table's primary key, in order of declaration. Resources have <c>Id</c> and do not need it.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class KeyAttribute : Attribute;

/// <summary>May be changed by a person through PATCH.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class EditableAttribute : Attribute;

/// <summary>Reported by the world (state, usage), never configured: changing it does not count as a new version.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ObservedAttribute : Attribute;

/// <summary>Kept, but never shown through the API (intent, fences, hardware that must not move).</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class InternalAttribute : Attribute;

/// <summary>Must never leave the platform: not in answers, events, logs or operations.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SecretAttribute : Attribute;

/// <summary>Stored as one JSON text column (nested records, lists, labels).</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class JsonColumnAttribute : Attribute
{
    /// <summary>Of keys and texts: filters find them by the label index (<see cref="Data.LabelRow"/>).</summary>
    public bool Indexed { get; init; }
}

/// <summary>An index on this column; several columns with one name make one index, in order of declaration.</summary>
[AttributeUsage(AttributeTargets.Property, AllowMultiple = true)]
public sealed class IndexAttribute(string? name = null) : Attribute
{
    public string? Name { get; } = name;
    public bool Unique { get; init; }

    /// <summary>Of the number that the text says (<see cref="Data.TextNumber"/>), and only of rows whose text says one.</summary>
    public bool Number { get; init; }
}

/// <summary>An index on several columns in an order of its own, also of a base type.</summary>
/// <param name="properties">C# names.</param>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public sealed class IndexOnAttribute(string name, params string[] properties) : Attribute
{
    public string Name { get; } = name;
    public IReadOnlyList<string> Properties { get; } = properties;
}

/// <summary>What becomes of the referring row when the row it refers to is deleted.</summary>
public enum OnDelete
{
    /// <summary>The deletion is refused while this row exists, unless a cascade takes this row for another reason.</summary>
    Refuse,
    /// <summary>Refused as well; with <c>cascade=true</c> this row is deleted first, by an operation of its own.</summary>
    Cascade,
    /// <summary>Refused as well; with <c>cascade=true</c> the reference is set to null.</summary>
    Detach,
    /// <summary>This row is a part of the other: whatever deletes that takes it along. What refers to it still refuses.</summary>
    Part,
}

/// <summary>A foreign key: always a real one in the database, with RESTRICT; <see cref="OnDelete"/> is what the platform does first.</summary>
[AttributeUsage(AttributeTargets.Property)]
public abstract class ReferenceAttribute(Type target, OnDelete onDelete) : Attribute
{
    public Type Target { get; } = target;
    public OnDelete OnDelete { get; } = onDelete;
}

/// <inheritdoc/>
public sealed class ReferenceAttribute<T>(OnDelete onDelete = OnDelete.Refuse) : ReferenceAttribute(typeof(T), onDelete);
