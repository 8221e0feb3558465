using System.Reflection;
using Nssv.Kernel.Data;
using Nssv.Kernel.Events;
using Nssv.Kernel.Ownership;

namespace Nssv.Kernel.Model;

/// <summary>
/// Everything that is stored, read once from the declarations at start-up and checked. Mapping, schema, query, events and cascade read this and nothing else.
/// </summary>
public sealed class ResourceModels
{
    private readonly Dictionary<Type, TableModel> _byType;
    private readonly Dictionary<string, TableModel> _byCollection;
    private readonly Dictionary<string, TableModel> _bySingular;
    private readonly ILookup<Type, ReferenceModel> _referencesTo;
    private readonly Dictionary<TableModel, IReadOnlyDictionary<string, RelationModel>> _relations;

    private ResourceModels(IReadOnlyList<TableModel> tables)
    {
        Tables = tables;
        Resources = [.. tables.Where(table => table.IsResource).OrderBy(table => table.Rank).ThenBy(table => table.Collection, StringComparer.Ordinal)];
        _byType = tables.ToDictionary(table => table.Type);
        _byCollection = Resources.ToDictionary(table => table.Collection!, StringComparer.Ordinal);
        _bySingular = Resources.ToDictionary(table => table.Singular, StringComparer.Ordinal);
        _referencesTo = tables.SelectMany(table => table.References).ToLookup(reference => reference.Target.Type);
        _relations = tables.ToDictionary(table => table, table => RelationModel.Of(table, _referencesTo[table.Type]));
    }

    /// <summary>All tables by name.</summary>
    public IReadOnlyList<TableModel> Tables { get; }

    /// <summary>All resources, by rank.</summary>
    public IReadOnlyList<TableModel> Resources { get; }

    /// <summary>Every type with [Resource] or [Table] in the kernel and in these assemblies.</summary>
    /// <exception cref="ModelException">The declarations contradict each other.</exception>
    public static ResourceModels FromAssemblies(params IEnumerable<Assembly> assemblies) =>
        FromTypes(assemblies.Append(typeof(ResourceModels).Assembly).Distinct().SelectMany(assembly => assembly.GetTypes()).Where(IsDeclared));

    /// <summary>These types and the tables that the data layer itself needs.</summary>
    /// <exception cref="ModelException">The declarations contradict each other.</exception>
    public static ResourceModels FromTypes(params IEnumerable<Type> types)
    {
        Type[] own = [typeof(Event), typeof(OutboxHead), typeof(Member), typeof(SchemaMigration)];
        List<Type> given = [.. types];
        if (given.Exists(type => typeof(NamedResource).IsAssignableFrom(type)))
            given.Add(typeof(LabelRow));
        return new(ModelReader.Read([.. given.Concat(own).Distinct()]));
    }

    /// <exception cref="ArgumentException">The type is not stored.</exception>
    public TableModel Table(Type type) =>
        _byType.TryGetValue(type, out var table) ? table : throw new ArgumentException($"{type.Name} is no stored type: it has neither [Resource] nor [Table], or its assembly was not given", nameof(type));

    public TableModel Table<T>() => Table(typeof(T));

    public bool TryCollection(string collection, out TableModel table) => _byCollection.TryGetValue(collection, out table!);

    public bool TrySingular(string singular, out TableModel table) => _bySingular.TryGetValue(singular, out table!);

    /// <summary>Who refers to rows of this type.</summary>
    public IEnumerable<ReferenceModel> ReferencesTo(Type type) => _referencesTo[type];

    /// <summary>Where queries can go from this table, by the name that they use: <c>host</c>, <c>volumes</c>.</summary>
    public IReadOnlyDictionary<string, RelationModel> Relations(TableModel table) => _relations[table];

    private static bool IsDeclared(Type type) => type.IsDefined(typeof(ResourceAttribute), inherit: false) || type.IsDefined(typeof(TableAttribute), inherit: false);
}

/// <summary>The declarations of stored types are wrong; the message names every fault.</summary>
public sealed class ModelException(IReadOnlyList<string> faults) : Exception("The declared model is wrong:\n- " + string.Join("\n- ", faults))
{
    public IReadOnlyList<string> Faults { get; } = faults;
}
