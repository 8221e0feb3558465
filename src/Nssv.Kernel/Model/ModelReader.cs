using System.Collections;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Nssv.Kernel.Model;

/// <summary>Reads the attributes of stored types once, by reflection, and finds what is wrong with them.</summary>
internal sealed class ModelReader
{
    /// <summary>PostgreSQL cuts longer names off.</summary>
    internal const int LongestName = 63;

    private readonly List<string> _faults = [];
    private readonly NullabilityInfoContext _nullability = new();

    public static IReadOnlyList<TableModel> Read(IReadOnlyList<Type> types)
    {
        var reader = new ModelReader();
        var tables = types.Select(reader.ReadTable).OfType<TableModel>().OrderBy(table => table.Name, StringComparer.Ordinal).ToList();
        reader.Refuse(tables, table => table.Name, "table");
        reader.Refuse(tables.Where(table => table.IsResource), table => table.Collection!, "collection");
        reader.Refuse(tables.Where(table => table.IsResource), table => table.Singular, "singular name");
        reader.Refuse(tables.Where(table => table.ShortName is not null), table => table.ShortName!, "short name");
        reader.ReadReferences(tables);
        foreach (var table in tables)
            reader.ReadIndexes(table);
        reader.Refuse(tables.SelectMany(table => table.Indexes), index => index.Name, "index");
        reader.RefuseCascadeCycles(tables);
        return reader._faults.Count == 0 ? tables : throw new ModelException(reader._faults);
    }

    private TableModel? ReadTable(Type type)
    {
        var resource = type.GetCustomAttribute<ResourceAttribute>();
        var table = type.GetCustomAttribute<TableAttribute>();
        var before = _faults.Count;
        if (resource is not null == table is not null)
            Fault($"{type.Name} needs either [Resource] or [Table]");
        if (resource is not null && !typeof(Resource).IsAssignableFrom(type))
            Fault($"{type.Name} has [Resource] but does not derive from Resource");
        if (type.IsAbstract || type.IsGenericTypeDefinition || type.GetConstructor(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance, []) is null)
            Fault($"{type.Name} must be a record with a constructor without parameters (use required init properties)");
        if (_faults.Count != before)
            return null;

        var name = resource is null ? table!.Name : resource.Collection.Replace('-', '_');
        if (name.Length > LongestName || name.Length == 0 || name.Any(c => c is not ((>= 'a' and <= 'z') or (>= '0' and <= '9') or '_')))
            Fault($"{type.Name}: '{name}' is no table name (a-z, 0-9 and separators, at most {LongestName})");
        List<ColumnModel> columns = [];
        foreach (var property in StoredProperties(type))
        {
            if (ReadColumn(property, columns.Count) is { } column)
                columns.Add(column);
        }
        if (columns.Count > 128)
            Fault($"{type.Name} has more than 128 columns");
        List<ColumnModel> key = resource is not null
            ? columns.FindAll(column => column.Property == nameof(Resource.Id))
            : columns.FindAll(column => column.Info.IsDefined(typeof(KeyAttribute)));
        if (key.Count == 0)
            Fault($"{type.Name} has no [Key]");
        foreach (var column in key)
        {
            column.IsKey = true;
            if (column.Nullable || column.Kind is ColumnKind.Json or ColumnKind.Real)
                Fault($"{column} cannot be a key: a key is neither null nor JSON nor a fraction");
        }
        if (typeof(IObserved).IsAssignableFrom(type) && columns.Find(column => column.Property == nameof(IObserved.ObservedSequence)) is not { Kind: ColumnKind.Whole, Nullable: false })
            Fault($"{type.Name} is IObserved and must store ObservedSequence as a long");
        foreach (var column in columns.Where(column => column.HasLabelIndex && (resource is null || column.ClrType != typeof(IReadOnlyDictionary<string, string>))))
            Fault($"{column} cannot be in the label index: that is for keys and texts of a resource");
        var singular = resource?.Singular ?? JsonNamingPolicy.KebabCaseLower.ConvertName(type.Name);
        return _faults.Count == before ? new TableModel(type, name, resource, singular, columns, key) : null;
    }

    /// <summary>Base types first, each in order of declaration.</summary>
    private static IEnumerable<PropertyInfo> StoredProperties(Type type)
    {
        var chain = new Stack<Type>();
        for (var t = type; t is not null && t != typeof(object); t = t.BaseType)
            chain.Push(t);
        return chain.SelectMany(t => t.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(property => property is { CanRead: true, CanWrite: true } && property.GetIndexParameters().Length == 0)
            .OrderBy(property => property.MetadataToken));
    }

    private ColumnModel? ReadColumn(PropertyInfo property, int ordinal)
    {
        var clr = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var nullable = property.PropertyType.IsValueType
            ? clr != property.PropertyType
            : _nullability.Create(property).ReadState != NullabilityState.NotNull;
        ColumnKind? kind = property.IsDefined(typeof(JsonColumnAttribute)) ? ColumnKind.Json
            : clr == typeof(Id) ? ColumnKind.Id
            : clr == typeof(string) ? ColumnKind.Text
            : clr == typeof(int) || clr == typeof(long) ? ColumnKind.Whole
            : clr == typeof(bool) ? ColumnKind.Boolean
            : clr == typeof(DateTimeOffset) ? ColumnKind.Time
            : clr == typeof(double) ? ColumnKind.Real
            : clr.IsEnum && !clr.IsDefined(typeof(FlagsAttribute)) ? ColumnKind.Enum
            : null;
        if (kind is not { } known)
        {
            Fault($"{property.DeclaringType!.Name}.{property.Name}: {clr.Name} cannot be a column (Id, string, enum, int, long, bool, double, DateTimeOffset, or [JsonColumn])");
            return null;
        }
        var column = new ColumnModel(property, ordinal, known, clr, nullable);
        if (column.Name.Length > LongestName)
            Fault($"{column}: the column's name is longer than {LongestName}");
        if (known == ColumnKind.Json && column.Public && HiddenInside(clr, []) is { } hidden)
            Fault($"{column} is shown as a whole but contains {hidden}: give what is hidden a column of its own");
        return column;
    }

    /// <summary>[Secret] and [Internal] count only on columns; inside JSON they would be shown.</summary>
    private static string? HiddenInside(Type type, HashSet<Type> seen)
    {
        if (type.IsPrimitive || type == typeof(string) || typeof(JsonNode).IsAssignableFrom(type) || !seen.Add(type))
            return null;
        if (type.IsArray)
            return HiddenInside(type.GetElementType()!, seen);
        if (type.IsGenericType && type.GetGenericArguments().Select(argument => HiddenInside(argument, seen)).FirstOrDefault(found => found is not null) is { } inside)
            return inside;
        if (type.Namespace?.StartsWith("System", StringComparison.Ordinal) == true || typeof(IEnumerable).IsAssignableFrom(type))
            return null;
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.IsDefined(typeof(SecretAttribute)) || property.IsDefined(typeof(InternalAttribute)))
                return $"{type.Name}.{property.Name}";
            if (HiddenInside(property.PropertyType, seen) is { } found)
                return found;
        }
        return null;
    }

    private void ReadReferences(List<TableModel> tables)
    {
        var byType = tables.GroupBy(table => table.Type).ToDictionary(group => group.Key, group => group.First());
        foreach (var table in tables)
        {
            List<ReferenceModel> references = [];
            foreach (var column in table.Columns)
            {
                if (column.Info.GetCustomAttribute<ReferenceAttribute>() is not { } attribute)
                    continue;
                if (!byType.TryGetValue(attribute.Target, out var target))
                    Fault($"{column} refers to {attribute.Target.Name}, which is not stored");
                else if (target.Key is not [{ Kind: ColumnKind.Id }] || column.Kind != ColumnKind.Id)
                    Fault($"{column} refers to {attribute.Target.Name}: both must be ids");
                else if (attribute.OnDelete == OnDelete.Detach && !column.Nullable)
                    Fault($"{column} is detached when {attribute.Target.Name} is deleted, so it must be nullable");
                else if (attribute.OnDelete == OnDelete.Cascade && target == table)
                    Fault($"{column} cascades to its own kind: a tree of rows is detached or refused");
                else if (attribute.OnDelete == OnDelete.Cascade && table.IsResource && target.IsResource && table.Rank <= target.Rank)
                    Fault($"{column} cascades from {attribute.Target.Name}, so the rank of {table.Type.Name} must be greater");
                else
                    references.Add(column.Reference = new(table, column, target, attribute.OnDelete));
            }
            table.References = references;
        }
    }

    private void ReadIndexes(TableModel table)
    {
        var declared = table.Columns
            .SelectMany(column => column.Info.GetCustomAttributes<IndexAttribute>(), (column, attribute) => (column, attribute))
            .GroupBy(pair => pair.attribute.Name ?? pair.column.Name, StringComparer.Ordinal)
            .Select(group => (Name: group.Key, Columns: group.Select(pair => pair.column).ToList(), Unique: group.Any(pair => pair.attribute.Unique), Number: group.FirstOrDefault(pair => pair.attribute.Number).column))
            .ToList();
        foreach (var column in table.References.Select(reference => reference.Column))
        {
            // Without an index each deletion of the target would read this whole table.
            if (table.Key[0] != column && !declared.Exists(index => index.Columns[0] == column))
                declared.Add((column.Name, [column], false, null!));
        }
        foreach (var index in table.Type.GetCustomAttributes<IndexOnAttribute>())
        {
            foreach (var missing in index.Properties.Where(property => !table.TryColumn(property, out _)))
                Fault($"{table.Type.Name}: index {index.Name} is on {missing}, which is no column");
            declared.Add((index.Name, [.. table.Columns.Where(column => index.Properties.Contains(column.Property)).OrderBy(column => index.Properties.ToList().IndexOf(column.Property))], false, null!));
        }
        table.Indexes = [.. declared
            .Select(index => new IndexModel($"ix_{table.Name}_{index.Name}", index.Columns, index.Unique, index.Number))
            .OrderBy(index => index.Name, StringComparer.Ordinal)];
        foreach (var index in table.Indexes)
        {
            if (index.Name.Length > LongestName)
                Fault($"{table.Type.Name}: the index name {index.Name} is longer than {LongestName}; name the index");
            if (index.Columns.Any(column => column.Kind == ColumnKind.Json))
                Fault($"{table.Type.Name}: index {index.Name} is on a JSON column");
            if (index.Number is { Kind: not ColumnKind.Text })
                Fault($"{table.Type.Name}: index {index.Name} is of a number that no text says");
        }
    }

    private void RefuseCascadeCycles(List<TableModel> tables)
    {
        foreach (var start in tables)
        {
            var path = new List<TableModel>();
            // Parts of their own kind are a tree of rows, which ends; a circle of several types is a mistake.
            if (Visit(start, start, path))
            {
                Fault("cascade in a circle: " + string.Join(" → ", path.Select(table => table.Type.Name)));
                return;
            }
        }

        bool Visit(TableModel table, TableModel start, List<TableModel> path)
        {
            if (path.Contains(table))
                return false;
            path.Add(table);
            foreach (var next in table.References.Where(reference => reference.OnDelete is OnDelete.Cascade or OnDelete.Part && reference.Target != table).Select(reference => reference.Target))
            {
                if (next == start)
                {
                    path.Add(next);
                    return true;
                }
                if (Visit(next, start, path))
                    return true;
            }
            path.RemoveAt(path.Count - 1);
            return false;
        }
    }

    private void Refuse<T>(IEnumerable<T> items, Func<T, string> name, string what)
    {
        foreach (var group in items.GroupBy(name, StringComparer.Ordinal).Where(group => group.Count() > 1))
            Fault($"the {what} '{group.Key}' is declared {group.Count()} times{(typeof(T) == typeof(TableModel) ? " (" + string.Join(", ", group.Select(item => ((TableModel)(object)item!).Type.Name)) + ")" : "")}");
    }

    private void Fault(string fault) => _faults.Add(fault);
}
