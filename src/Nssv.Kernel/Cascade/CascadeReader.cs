using System.Data.Common;
using Nssv.Kernel.Data;
using Nssv.Kernel.Deletion;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Cascade;

/// <summary>
/// Reads what a plan is made from: one statement an edge of the reference graph, however many rows there are. Rows that are no resources belong to one, and go with it.
/// </summary>
internal sealed class CascadeReader(ResourceModels models, IStore store, CascadeHooks hooks, CascadeCatalog catalog)
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
            found = await hooks.Ask(reading.Snapshot([], []), store, kind => models.TrySingular(kind, out _));
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
        List<(ReferenceModel Reference, CascadeRow Row)> uses = [];
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
            uses.AddRange(staying.Select(row => (reference, row)));
        }

        // What is a part of another one that is named goes with that.
        var users = uses.Select(use => use.Row.Id).ToHashSet();
        uses.RemoveAll(use => use.Row.Links.Any(link => link.OnDelete == OnDelete.Part && users.Contains(link.To)));
        foreach (var (reference, row) in uses.Take(Named))
            hindrances.Add(await Uses(reading, reference, row));
        count += uses.Count;
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
            models.TrySingular(group.Key, out var table);
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
        var recycled = table.TryColumn(nameof(IRecyclable.DeletedAt), out var deleted) ? Sql.Quote(deleted.Name) : "NULL";
        var columns = string.Concat(references.Select(reference => ", " + Sql.Quote(reference.Column.Name)));
        return store.Select($"SELECT \"id\", {name}, {recycled}{columns} FROM {Sql.Quote(table.Name)} WHERE {where} ORDER BY \"id\"", parameters, Row);

        CascadeRow Row(DbDataReader reader)
        {
            List<CascadeLink> links = new(references.Count);
            for (var i = 0; i < references.Count; i++)
            {
                if (!reader.IsDBNull(i + 3))
                    links.Add(new(references[i].Column.Property, references[i].OnDelete, Id.Parse(reader.GetString(i + 3))));
            }
            return new(table.Singular, Id.Parse(reader.GetString(0)), reader.IsDBNull(1) ? null : reader.GetString(1), links) { IsRecycled = !reader.IsDBNull(2) };
        }
    }

    private static CascadeHindrance Beside(TableModel target, CascadeRow row, string because) => new(
        row.Kind, row.Id, row.Name, $"{row.Title} would go as well ({because}), and no {target.Singular} can take it along.", $"Delete the {row.Kind} first.");

    private async ValueTask<CascadeHindrance> Uses(Reading reading, ReferenceModel reference, CascadeRow row)
    {
        var id = row.Reference(reference.Column.Property);
        var to = reading.RowsOf(reference.Target).First(known => known.Id == id);
        return new(row.Kind, row.Id, row.Name, $"{await Title(reference, row)} uses {to.Title}.", $"{Removal(reference.From, row)}{(reference.OnDelete == OnDelete.Refuse ? "." : ", or all of it with cascade=true.")}");
    }

    /// <summary>One without a name is told by what else it refers to: a link by its other end.</summary>
    private async ValueTask<string> Title(ReferenceModel reference, CascadeRow row)
    {
        foreach (var other in row.Name is null ? reference.From.References.Where(other => other != reference && row.Links.Any(link => link.Property == other.Column.Property)) : [])
        {
            if ((await Rows(other.Target, "\"id\" = @p0", [row.Reference(other.Column.Property)])) is [{ Name: { } name }])
                return $"{row.Kind} of {other.Target.Singular} '{name}' ({row.Id})";
        }

        return row.Title;
    }

    /// <summary>What is a part goes with what it is a part of.</summary>
    private string Removal(TableModel table, CascadeRow row)
    {
        var owner = table.References.FirstOrDefault(part => part.OnDelete == OnDelete.Part && row.Links.Any(link => link.Property == part.Column.Property));
        var goes = owner is null ? row : new CascadeRow(owner.Target.Singular, row.Reference(owner.Column.Property), null, []);
        return catalog.Way(goes) is { } way ? $"{(owner is null ? "Remove it" : $"Remove the {goes.Kind} that it is a part of")} first: {way}" : $"Delete or detach the {goes.Kind} first";
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
