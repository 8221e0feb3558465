using System.Collections.Concurrent;
using System.Text;
using Nssv.Kernel.Events;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Data;

/// <summary>
/// Turns a unit of work into statements and events. Pure: the same unit gives the same SQL.
/// Versions: each change of configuration writes <c>version = before + 1 WHERE version = before</c>; a record that was written earlier in the same unit counts from there.
/// </summary>
internal sealed class UnitCompiler(ResourceModels models)
{
    private readonly ConcurrentDictionary<(Type, SqlShape, UInt128), string> _sql = new();
    private readonly ConcurrentDictionary<(Type, SqlShape, UInt128), RowChange?> _changes = new();

    /// <summary>Tables whose rows others refer to: deleting one may delete or refuse elsewhere.</summary>
    private readonly HashSet<string> _referredTo = [.. models.Tables.SelectMany(table => table.References).Select(reference => reference.Target.Name)];

    /// <summary>Left by the last unit for the next one.</summary>
    private EventText? _text;

    private enum SqlShape { Insert, Update, Observe, Delete }

    public CompiledUnit Compile(UnitOfWork unit, DateTimeOffset now)
    {
        var statements = new List<Statement>(unit.Changes.Count);
        var events = new List<PendingEvent>();
        Dictionary<object, long>? versions = null;
        EventText? text = null;

        foreach (var change in unit.Changes)
        {
            switch (change)
            {
                case Change.Insert insert:
                    CompileInsert(models.Table(insert.Type), insert.Row);
                    break;
                case Change.Update update:
                    CompileUpdate(models.Table(update.Type), update.Before, update.After);
                    break;
                case Change.Observe observe:
                    CompileObserve(models.Table(observe.Type), observe.Before, observe.After);
                    break;
                case Change.Require require:
                    CompileRequire(models.Table(require.Type), require);
                    break;
                case Change.Delete delete:
                    CompileDelete(models.Table(delete.Type), delete.Row);
                    break;
                case Change.Statement raw:
                    statements.Add(new(raw.Table, "", raw.Sql, Array.ConvertAll(raw.Parameters, Sql.Encode), raw.ExpectedRows ?? -1, ReachOf(raw)));
                    break;
            }
        }
        foreach (var draft in unit.Events)
        {
            var named = draft.OperationId is null && unit.OperationId is not null ? draft with { OperationId = unit.OperationId } : draft;
            events.Add(new(named.Type, named.ResourceType, named.ResourceId, named.ProjectId, named.OperationId, named.At, named.Data.ToJsonString(KernelJson.Options), -1));
        }
        if (text is { IsSmall: true })
            _text = text;
        return new(statements, events);

        void CompileInsert(TableModel table, object row)
        {
            var raw = table.Codec.Raw(row);
            var values = new object[raw.Length];
            for (var i = 0; i < raw.Length; i++)
                values[i] = RowCodec.Encode(table.Columns[i], raw[i]);
            statements.Add(new(table.Name, Key(table, raw), Text(table, SqlShape.Insert, 0), values, 1, Reach.Insert, table));
            IndexLabels(table, null, raw);
            if (row is Resource resource)
                Publish(table, resource, "created", table.Columns, values, -1);
        }

        void IndexLabels(TableModel table, object?[]? old, object?[]? @new)
        {
            foreach (var column in table.Labelled)
            {
                var (before, after) = (LabelsOf(old, column), LabelsOf(@new, column));
                if (before.Count == 0 && after.Count == 0 || ReferenceEquals(before, after))
                    continue;
                var index = models.Table<LabelRow>();
                var (source, id) = (LabelRow.SourceOf(table, column), (string)(@new ?? old)![table.Key[0].Ordinal]!);
                foreach (var (name, value) in before.Where(label => !after.TryGetValue(label.Key, out var kept) || kept != label.Value))
                    statements.Add(new(index.Name, $"{source}/{name}/{id}", Text(index, SqlShape.Delete, 0), [source, name, value, id], -1, Reach.Table));
                foreach (var (name, value) in after.Where(label => !before.TryGetValue(label.Key, out var known) || known != label.Value))
                    CompileInsert(index, new LabelRow { Source = source, Name = name, Value = value, ResourceId = Id.Parse(id) });
            }
        }

        void CompileUpdate(TableModel table, object before, object after)
        {
            var (old, @new) = (table.Codec.Raw(before), table.Codec.Raw(after));
            RefuseOtherKey(table, old, @new);
            var resource = after as Resource;
            var version = before is Resource r ? versions is not null && versions.TryGetValue(before, out var written) ? written : r.Version : 0;
            List<ColumnModel> changed = [];
            List<object> values = [];
            var configured = false;
            foreach (var column in table.Columns)
            {
                if (resource is not null && column.Property == nameof(Resource.Version) || Same(column, old, @new))
                    continue;
                changed.Add(column);
                values.Add(RowCodec.Encode(column, @new[column.Ordinal]));
                configured |= !column.Observed && column.Property != nameof(Resource.UpdatedAt);
            }
            if (changed.Count == 0 || resource is not null && changed is [{ Property: nameof(Resource.UpdatedAt) }])
                version = Remember(after, version);
            else if (resource is null)
            {
                statements.Add(ChangeOf(table, old, SqlShape.Update, changed, [.. values, .. KeyValues(table, old)], 1));
            }
            else
            {
                if (configured)
                {
                    changed.Add(table.Column(nameof(Resource.Version)));
                    values.Add(version + 1);
                }
                // The mask puts columns in the table's order, so the values must follow it.
                var order = changed.Select((column, i) => (column, value: values[i])).OrderBy(pair => pair.column.Ordinal).ToList();
                changed = order.ConvertAll(pair => pair.column);
                values = order.ConvertAll(pair => pair.value);
                statements.Add(ChangeOf(table, old, SqlShape.Update, changed, [.. values, .. KeyValues(table, old), version], 1));
                IndexLabels(table, old, @new);
                Publish(table, resource, "updated", changed, values, -1);
                version = Remember(after, configured ? version + 1 : version);
            }
        }

        long Remember(object row, long version)
        {
            if (row is Resource resource && resource.Version != version)
                (versions ??= new(ReferenceEqualityComparer.Instance))[row] = version;
            return version;
        }

        void CompileObserve(TableModel table, object before, object after)
        {
            var (old, @new) = (table.Codec.Raw(before), table.Codec.Raw(after));
            RefuseOtherKey(table, old, @new);
            List<ColumnModel> changed = [];
            List<object> values = [];
            foreach (var column in table.Columns)
            {
                if (!column.Observed && !IsObservedSequence(table, column) || Same(column, old, @new))
                    continue;
                changed.Add(column);
                values.Add(RowCodec.Encode(column, @new[column.Ordinal]));
            }
            if (changed.Count == 0)
                return;
            values.AddRange(KeyValues(table, old));
            if (table.Observed)
                values.Add(((IObserved)after).ObservedSequence);
            statements.Add(ChangeOf(table, old, SqlShape.Observe, changed, [.. values], table.Observed ? -1 : 1));
            if (after is Resource resource)
                Publish(table, resource, "updated", changed, values, table.Observed ? statements.Count - 1 : -1);
            if (versions is not null && versions.TryGetValue(before, out var version))
                versions[after] = version;
        }

        void CompileRequire(TableModel table, Change.Require require)
        {
            if (table.Key is not [{ Kind: ColumnKind.Id } key])
                throw new ArgumentException($"{table.Type.Name} has no id as its key");
            var sql = new StringBuilder("SELECT 1 FROM ").Append(Sql.Quote(table.Name));
            var values = Store.Where(table, [Condition.Equal(key.Property, require.Id), .. require.Conditions], sql);
            statements.Add(new(table.Name, require.Id.ToString(), sql.ToString(), values, 1, Reach.Check));
        }

        void CompileDelete(TableModel table, object row)
        {
            var raw = table.Codec.Raw(row);
            List<object> values = KeyValues(table, raw);
            if (row is Resource resource)
            {
                values.Add(versions is not null && versions.TryGetValue(row, out var version) ? version : resource.Version);
                Publish(table, resource, "deleted", [], [], -1);
            }
            statements.Add(new(table.Name, Key(table, raw), Text(table, SqlShape.Delete, 0), [.. values], 1, _referredTo.Contains(table.Name) ? Reach.Anything : Reach.Table));
            IndexLabels(table, raw, null);
        }

        void Publish(TableModel table, Resource resource, string what, IReadOnlyList<ColumnModel> columns, IReadOnlyList<object> values, int statement)
        {
            if (table.Silent || what == "updated" && !columns.Any(EventText.Tells))
                return;
            text ??= Interlocked.Exchange(ref _text, null) ?? new();
            events.Add(new($"{table.Singular}.{what}", table.Singular, resource.Id, resource.ProjectId, unit.OperationId, now, text.Of(columns, values), statement));
        }
    }

    private Statement ChangeOf(TableModel table, object?[] old, SqlShape shape, List<ColumnModel> changed, object[] values, int expected)
    {
        var mask = Mask(changed);
        var change = _changes.GetOrAdd((table.Type, shape, mask), _ => table.Indexes.Any(index => index.Unique && index.Columns.Any(changed.Contains))
            ? null : new RowChange(table, [.. changed], Guard(table, shape)));
        return new(table.Name, Key(table, old), Text(table, shape, mask), values, expected, change is null ? Reach.Table : Reach.Row, Change: change);
    }

    private static (string Column, string Operator)? Guard(TableModel table, SqlShape shape) =>
        shape == SqlShape.Observe ? table.Observed ? ("observed_sequence", "<=") : null
        : typeof(Resource).IsAssignableFrom(table.Type) ? ("version", "=") : null;

    /// <summary>Hand-written SQL that reads other tables does so by SELECT, FROM or USING.</summary>
    private Reach ReachOf(Change.Statement raw)
    {
        var sql = raw.Sql.AsSpan();
        if (sql.StartsWith("DELETE FROM ", StringComparison.Ordinal) && !_referredTo.Contains(raw.Table))
            sql = sql["DELETE FROM ".Length..];
        else if (!sql.StartsWith("UPDATE ", StringComparison.Ordinal))
            return Reach.Anything;
        return sql.Contains("SELECT", StringComparison.OrdinalIgnoreCase) || sql.Contains("FROM", StringComparison.OrdinalIgnoreCase)
            || sql.Contains("USING", StringComparison.OrdinalIgnoreCase) ? Reach.Anything : Reach.Table;
    }

    private static IReadOnlyDictionary<string, string> LabelsOf(object?[]? raw, ColumnModel column) =>
        raw?[column.Ordinal] as IReadOnlyDictionary<string, string> ?? System.Collections.ObjectModel.ReadOnlyDictionary<string, string>.Empty;

    private static bool Same(ColumnModel column, object?[] old, object?[] @new)
    {
        var (a, b) = (old[column.Ordinal], @new[column.Ordinal]);
        return Equals(a, b) || column.Kind == ColumnKind.Json && a is not null && b is not null && Sql.Json(a, column.ClrType) == Sql.Json(b, column.ClrType);
    }

    private static bool IsObservedSequence(TableModel table, ColumnModel column) => table.Observed && column.Property == nameof(IObserved.ObservedSequence);

    private static void RefuseOtherKey(TableModel table, object?[] old, object?[] @new)
    {
        foreach (var column in table.Key)
        {
            if (!Same(column, old, @new))
                throw new ArgumentException($"before and after are different rows of {table.Name}: {Key(table, old)} and {Key(table, @new)}");
        }
    }

    private static List<object> KeyValues(TableModel table, object?[] raw)
    {
        var values = new List<object>(table.Key.Count + 1);
        foreach (var column in table.Key)
            values.Add(RowCodec.Encode(column, raw[column.Ordinal]));
        return values;
    }

    private static string Key(TableModel table, object?[] raw) => table.Key is [var one] ? $"{raw[one.Ordinal]}" : string.Join('/', table.Key.Select(column => raw[column.Ordinal]));

    private static UInt128 Mask(List<ColumnModel> columns)
    {
        UInt128 mask = 0;
        foreach (var column in columns)
            mask |= UInt128.One << column.Ordinal;
        return mask;
    }

    private string Text(TableModel table, SqlShape shape, UInt128 mask) => _sql.GetOrAdd((table.Type, shape, mask), _ => Build(table, shape, mask));

    private static string Build(TableModel table, SqlShape shape, UInt128 mask)
    {
        var sql = new StringBuilder();
        var next = 0;
        switch (shape)
        {
            case SqlShape.Insert:
                sql.Append("INSERT INTO ").Append(Sql.Quote(table.Name)).Append(" (").Append(table.SelectList()).Append(") VALUES (");
                sql.AppendJoin(", ", table.Columns.Select(_ => $"@p{next++}")).Append(')');
                return sql.ToString();
            case SqlShape.Delete:
                sql.Append("DELETE FROM ").Append(Sql.Quote(table.Name));
                break;
            default:
                sql.Append("UPDATE ").Append(Sql.Quote(table.Name)).Append(" SET ");
                sql.AppendJoin(", ", table.Columns.Where(column => (mask >> column.Ordinal & 1) == 1).Select(column => $"{Sql.Quote(column.Name)} = @p{next++}"));
                break;
        }
        sql.Append(" WHERE ").AppendJoin(" AND ", table.Key.Select(column => $"{Sql.Quote(column.Name)} = @p{next++}"));
        if (Guard(table, shape) is (var column, var comparison))
            sql.Append($" AND {Sql.Quote(column)} {comparison} @p{next}");
        return sql.ToString();
    }
}
