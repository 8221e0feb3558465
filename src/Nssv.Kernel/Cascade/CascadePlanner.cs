using Nssv.Kernel.Model;

namespace Nssv.Kernel.Cascade;

/// <summary>
/// Decides in which order what was read can go, so that every foreign key holds all the way: no row goes before those that refer to it. Pure.
/// Rows that are parts go with what they are parts of, and count for it in the order.
/// </summary>
public static class CascadePlanner
{
    public static CascadePlan Plan(CascadeSnapshot snapshot, Func<string, CascadeKind> kinds, CascadeAction targetAction = CascadeAction.Delete)
    {
        var owners = new CascadeOwners(snapshot);
        List<PlannedCascade> steps = [];
        foreach (var rows in CascadeOrder.Of(owners, kinds))
        {
            var (kind, going) = (rows[0].Kind, rows.ToHashSet(ReferenceEqualityComparer.Instance));
            steps.AddRange(Detachments(going));
            steps.Add(new(kinds(kind).Action, kind, rows));
            steps.AddRange(Parts(rows));
        }

        steps.AddRange(Detachments([snapshot.Target]));
        steps.AddRange(Parts([snapshot.Target]));
        return new(snapshot.Target, targetAction, steps, snapshot.Hindrances, snapshot.HindranceCount);

        IEnumerable<PlannedCascade> Detachments(HashSet<object?> going) => snapshot.Detached.Count == 0 ? [] : snapshot.Detached
            .Where(detached => owners.TryOwner(detached.From, out var owner) && going.Contains(owner))
            .GroupBy(detached => (detached.Row.Kind, detached.Property))
            .Select(found => new PlannedCascade(CascadeAction.Detach, found.Key.Kind, [.. found.Select(detached => detached.Row)], Property: found.Key.Property));

        IEnumerable<PlannedCascade> Parts(IReadOnlyList<CascadeRow> rows) => rows.SelectMany(owners.PartsOf).GroupBy(part => part.Kind)
            .OrderBy(parts => kinds(parts.Key).Rank).ThenBy(parts => parts.Key, StringComparer.Ordinal)
            .Select(parts => new PlannedCascade(CascadeAction.Delete, parts.Key, [.. parts], rows[0].Kind));
    }
}

/// <summary>Which rows are asked for, and which go with one of them as its parts.</summary>
internal sealed class CascadeOwners
{
    private readonly Dictionary<Id, CascadeRow> _rows;
    private readonly Dictionary<Id, CascadeRow> _owners;
    private readonly ILookup<Id, CascadeRow> _parts;

    public CascadeOwners(CascadeSnapshot snapshot)
    {
        Target = snapshot.Target;
        _rows = snapshot.Rows.ToDictionary(row => row.Id);
        _rows[Target.Id] = Target;
        _owners = new(_rows.Count);
        foreach (var row in _rows.Values)
            Find(row);
        _parts = snapshot.Rows.Where(row => _owners[row.Id] != row).ToLookup(row => _owners[row.Id].Id);
        Own = [.. snapshot.Rows.Where(row => ReferenceEquals(_owners[row.Id], row))];
    }

    public CascadeRow Target { get; }

    /// <summary>Without the target.</summary>
    public IReadOnlyList<CascadeRow> Own { get; }

    public IEnumerable<CascadeRow> PartsOf(CascadeRow owner) => _parts[owner.Id];

    public bool TryOwner(Id row, out CascadeRow owner) => _owners.TryGetValue(row, out owner!);

    /// <summary>Others that must stay until this one and its parts are gone.</summary>
    public IEnumerable<CascadeRow> ReferredBy(CascadeRow owner)
    {
        foreach (var row in PartsOf(owner).Prepend(owner))
        {
            foreach (var link in row.Links)
            {
                if (_owners.TryGetValue(link.To, out var to) && !ReferenceEquals(to, owner) && !ReferenceEquals(to, Target))
                    yield return to;
            }
        }
    }

    private CascadeRow Find(CascadeRow row)
    {
        if (_owners.TryGetValue(row.Id, out var known))
            return known;
        // Against a circle of parts, which the model refuses.
        _owners[row.Id] = row;
        foreach (var link in ReferenceEquals(row, Target) ? [] : row.Links)
        {
            if (link.OnDelete == OnDelete.Part && _rows.TryGetValue(link.To, out var owner))
                return _owners[row.Id] = Find(owner);
        }
        return row;
    }
}
