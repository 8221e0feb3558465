using Nssv.Kernel.Data;

namespace Nssv.Kernel.Model;

/// <summary>What is known about one stored record type: a resource of the API, or a table of rows.</summary>
public sealed class TableModel
{
    private readonly Dictionary<string, ColumnModel> _byProperty;
    private readonly Dictionary<string, ColumnModel> _byJsonName;
    private readonly Lazy<RowCodec> _codec;

    internal TableModel(Type type, string name, ResourceAttribute? resource, string singular, IReadOnlyList<ColumnModel> columns, IReadOnlyList<ColumnModel> key)
    {
        Type = type;
        Name = name;
        Collection = resource?.Collection;
        Singular = singular;
        ShortName = resource?.ShortName;
        Rank = resource?.Rank ?? 0;
        Silent = resource?.Silent ?? false;
        Columns = columns;
        Key = key;
        Observed = typeof(IObserved).IsAssignableFrom(type);
        Labelled = [.. columns.Where(column => column.HasLabelIndex)];
        _byProperty = columns.ToDictionary(column => column.Property, StringComparer.Ordinal);
        _byJsonName = columns.ToDictionary(column => column.JsonName, StringComparer.Ordinal);
        _codec = new(() => RowCodec.Create(this));
    }

    public Type Type { get; }

    /// <summary>snake_case name in the database.</summary>
    public string Name { get; }

    /// <summary>Plural kebab-case name in the API; null for rows that are no resources.</summary>
    public string? Collection { get; }

    /// <summary>Singular kebab-case, for events and messages.</summary>
    public string Singular { get; }

    /// <summary>The singular as people speak of one: "an image".</summary>
    public string One => $"{(Singular[0] is 'a' or 'e' or 'i' or 'o' or 'u' ? "an" : "a")} {Singular}";

    public string? ShortName { get; }

    /// <summary>Place in the order of claims.</summary>
    public int Rank { get; }

    /// <summary>Its changes make no events.</summary>
    public bool Silent { get; }

    /// <summary>What messages call it: the collection, or the table if it is no resource.</summary>
    public string PublicName => Collection ?? Name;

    public bool IsResource => Collection is not null;

    /// <summary>Its observed part is compared by <see cref="IObserved.ObservedSequence"/>.</summary>
    public bool Observed { get; }

    public IReadOnlyList<ColumnModel> Columns { get; }

    /// <summary>Columns whose keys and texts are in the label index.</summary>
    internal IReadOnlyList<ColumnModel> Labelled { get; }

    /// <summary>The primary key, in order.</summary>
    public IReadOnlyList<ColumnModel> Key { get; }

    public IReadOnlyList<ReferenceModel> References { get; internal set; } = [];
    public IReadOnlyList<IndexModel> Indexes { get; internal set; } = [];

    /// <exception cref="ArgumentException">There is no such property.</exception>
    public ColumnModel Column(string property) =>
        _byProperty.TryGetValue(property, out var column) ? column : throw new ArgumentException($"{Type.Name} has no stored property '{property}'", nameof(property));

    public bool TryColumn(string property, out ColumnModel column) => _byProperty.TryGetValue(property, out column!);

    public bool TryField(string jsonName, out ColumnModel column) => _byJsonName.TryGetValue(jsonName, out column!);

    internal RowCodec Codec => _codec.Value;

    /// <summary>Reads rows of <c>SELECT </c><see cref="SelectList"/>.</summary>
    internal RowCodec<T> CodecOf<T>() where T : class => (RowCodec<T>)_codec.Value;

    /// <summary>All columns in order, each quoted, with a prefix such as "t." if wanted.</summary>
    internal string SelectList(string prefix = "") => string.Join(", ", Columns.Select(column => prefix + Sql.Quote(column.Name)));

    public override string ToString() => Name;
}
