using System.Data.Common;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Cascade;

/// <summary>
/// Reads what a plan is made from: one statement an edge of the reference graph, however many rows there are. Rows that are no resources belong to one, and go with it.
/// </summary>
internal sealed class CascadeReader(ResourceModels models, IStore store, CascadeHooks hooks)
{
    /// <summary>Hindrances that are named; the others are counted.</summary>
    private const int Named = 20;

    public bool HasGuards => hooks.HasGuards;

    /// <param name="cascade">False: only what goes with the target in any case, and everything else that refers to it stands in the way.</param>
    public async ValueTask<CascadeSnapshot> Read(TableModel table, Resource target, bool cascade)
    {
        var first = (await Rows(table, "\"id\" = @p0", [target.Id]))[0];
        var reading = new Reading(table, first);
        await Follow(reading, cascade);
        var found = CascadeFindings.None;
        List<CascadeHindrance> outside = [];
        for (var round = 0; cascade; round++)
        {
            found = await hooks.Ask(reading.Snapshot([], []), store);
            if (round == CascadeHooks.Rounds)
            {
                found = found with { Hindrances = [.. found.Hindrances, new(first.Kind, first.Id, first.Name, "What goes with it does not come to an end.", "Look at the platform's plugins.")] };
                break;
            }
            outside.Clear();
            if (!await Add(reading, table, found.Also, outside))
                break;
            await Follow(reading, cascade);
        }

        List<CascadeHindrance> hindrances = [.. found.Hindrances, .. outside, .. await hooks.Kept(reading.Snapshot([], []))];
        long count = hindrances.Count;
        List<DetachedRow> detached = [];
        foreach (var reference in reading.Kinds.SelectMany(kind => models.ReferencesTo(kind.Type)).Where(reference => reference.From.IsResource))
        {
            if (reference.OnDelete == OnDelete.Part || cascade && reference.OnDelete == OnDelete.Cascade)
                continue;
            if (await Staying(reading, reference) is not { Count: > 0 } staying)
                continue;
            if (cascade && reference.OnDelete == OnDelete.Detach)
            {
                detached.AddRange(staying.Select(row => new DetachedRow(row, reference.Column.Property, row.Reference(reference.Column.Property))));
                continue;
            }
            hindrances.AddRange(staying.Take(Named).Select(row => Uses(reference, row)));
            count += staying.Count;
        }

        return reading.Snapshot(detached, [.. hindrances.Take(Named)]) with { HindranceCount = count };
    }

    /// <summary>What must stay of the target and its parts; nothing is read when nobody keeps anything.</summary>
    public async ValueTask<IReadOnlyList<CascadeHindrance>> Kept(TableModel table, Resource target)
    {
        if (!hooks.HasGuards)
            return [];
        var reading = new Reading(table, (await Rows(table, "\"id\" = @p0", [target.Id]))[0]);
        await Follow(reading, cascade: false);
        return await hooks.Kept(reading.Snapshot([], []));
    }

    /// <summary>Everything that goes because of what is there: from each kind along the references to it.</summary>
    private async ValueTask Follow(Reading reading, bool cascade)
    {
        while (reading.TryTakeNew(out var kind, out var ids))
        {
            foreach (var reference in models.ReferencesTo(kind.Type))
            {
                var goes = reference.OnDelete == OnDelete.Part || cascade && reference.OnDelete == OnDelete.Cascade;
                if (goes && reference.From.IsResource && !await AreAllKnown(reading, reference, ids))
                    reading.Add(reference.From, await Rows(reference.From, $"{Sql.Quote(reference.Column.Name)} {{in0}}", [ids]));
            }
        }
    }

    /// <param name="outside">What cannot go by an operation of the target's: that claims what is of a greater rank alone.</param>
    private async ValueTask<bool> Add(Reading reading, TableModel target, IReadOnlyList<CascadeAddition> also, List<CascadeHindrance> outside)
    {
        var added = false;
        foreach (var group in also.Where(addition => !reading.Goes(addition.Id)).GroupBy(addition => addition.Kind))
        {
            if (!models.TrySingular(group.Key, out var table))
                throw new InvalidOperationException($"a cascade hook adds a '{group.Key}', which is no kind of resource");
            var rows = await Rows(table, "\"id\" {in0}", [group.Select(addition => addition.Id).Distinct().ToList()]);
            if (table.Rank > target.Rank)
                added |= reading.Add(table, rows);
            else
                outside.AddRange(rows.Select(row => Beside(target, row, group.First(addition => addition.Id == row.Id).Because)));
        }
        return added;
    }

    /// <summary>Rows that refer to what goes and stay themselves.</summary>
    private async ValueTask<IReadOnlyList<CascadeRow>> Staying(Reading reading, ReferenceModel reference)
    {
        var ids = reading.IdsOf(reference.Target);
        if (ids.Count == 0 || await AreAllKnown(reading, reference, ids))
            return [];
        return [.. (await Rows(reference.From, $"{Sql.Quote(reference.Column.Name)} {{in0}}", [ids])).Where(row => !reading.Goes(row.Id))];
    }

    /// <summary>A count is much cheaper than rows that were read along another reference.</summary>
    private async ValueTask<bool> AreAllKnown(Reading reading, ReferenceModel reference, IReadOnlyCollection<Id> ids)
    {
        var targets = ids as IReadOnlySet<Id> ?? ids.ToHashSet();
        var known = reading.RowsOf(reference.From).Count(row => row.Links.Any(link => link.Property == reference.Column.Property && targets.Contains(link.To)));
        return known == (await store.Select(
            $"SELECT count(*) FROM {Sql.Quote(reference.From.Name)} WHERE {Sql.Quote(reference.Column.Name)} {{in0}}", [ids], row => row.GetInt64(0)))[0];
    }

    private ValueTask<IReadOnlyList<CascadeRow>> Rows(TableModel table, string where, IReadOnlyList<object?> parameters)
    {
        var references = table.References;
        var name = table.TryColumn(nameof(NamedResource.Name), out var column) ? Sql.Quote(column.Name) : "NULL";
        var columns = string.Concat(references.Select(reference => ", " + Sql.Quote(reference.Column.Name)));
        return store.Select($"SELECT \"id\", {name}{columns} FROM {Sql.Quote(table.Name)} WHERE {where} ORDER BY \"id\"", parameters, Row);

        CascadeRow Row(DbDataReader reader)
        {
            List<CascadeLink> links = new(references.Count);
            for (var i = 0; i < references.Count; i++)
            {
                if (!reader.IsDBNull(i + 2))
                    links.Add(new(references[i].Column.Property, references[i].OnDelete, Id.Parse(reader.GetString(i + 2))));
            }
            return new(table.Singular, Id.Parse(reader.GetString(0)), reader.IsDBNull(1) ? null : reader.GetString(1), links);
        }
    }

    private static CascadeHindrance Beside(TableModel target, CascadeRow row, string because) => new(
        row.Kind, row.Id, row.Name, $"{row.Kind} {(row.Name is null ? row.Id.ToString() : $"'{row.Name}'")} would go as well ({because}), and no {target.Singular} can take it along.",
        $"Delete the {row.Kind} first.");

    private static CascadeHindrance Uses(ReferenceModel reference, CascadeRow row)
    {
        var (from, to) = (reference.From.Singular, reference.Target.Singular);
        var title = row.Name is null ? $"{from} {row.Id}" : $"{from} '{row.Name}'";
        return new(from, row.Id, row.Name, $"{title} uses {to} {row.Reference(reference.Column.Property)}.", reference.OnDelete == OnDelete.Refuse
            ? $"Delete or detach the {from} first."
            : $"Delete or detach the {from} first, or all of it with cascade=true.");
    }

    /// <summary>What has been read so far.</summary>
    private sealed class Reading
    {
        private readonly Dictionary<TableModel, List<CascadeRow>> _rows = [];
        private readonly HashSet<Id> _ids = [];
        private readonly Queue<(TableModel Kind, IReadOnlyList<Id> Ids)> _new = new();
        private readonly CascadeRow _target;

        public Reading(TableModel table, CascadeRow target)
        {
            _target = target;
            Add(table, [target]);
        }

        public IEnumerable<TableModel> Kinds => _rows.Keys.OrderBy(kind => kind.Rank).ThenBy(kind => kind.Name, StringComparer.Ordinal).ToList();

        public bool Goes(Id id) => _ids.Contains(id);

        public List<CascadeRow> RowsOf(TableModel kind) => _rows.GetValueOrDefault(kind) ?? [];

        public IReadOnlyList<Id> IdsOf(TableModel kind) => [.. RowsOf(kind).Select(row => row.Id)];

        public bool Add(TableModel kind, IReadOnlyList<CascadeRow> rows)
        {
            var fresh = rows.Where(row => _ids.Add(row.Id)).ToList();
            if (fresh.Count == 0)
                return false;
            if (!_rows.TryGetValue(kind, out var known))
                _rows[kind] = known = [];
            known.AddRange(fresh);
            _new.Enqueue((kind, [.. fresh.Select(row => row.Id)]));
            return true;
        }

        public bool TryTakeNew(out TableModel kind, out IReadOnlyList<Id> ids)
        {
            var any = _new.TryDequeue(out var next);
            (kind, ids) = next;
            return any;
        }

        public CascadeSnapshot Snapshot(IReadOnlyList<DetachedRow> detached, IReadOnlyList<CascadeHindrance> hindrances) =>
            new(_target, [.. Kinds.SelectMany(RowsOf).Where(row => row.Id != _target.Id)], detached, hindrances, hindrances.Count);
    }
}
