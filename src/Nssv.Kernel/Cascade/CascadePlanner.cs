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
        var rows = snapshot.Rows.ToDictionary(row => row.Id);
        rows[snapshot.Target.Id] = snapshot.Target;
        var owners = new Dictionary<Id, CascadeRow>(rows.Count);
        foreach (var row in rows.Values)
            OwnerOf(row);

        var own = snapshot.Rows.Where(row => owners[row.Id] == row).GroupBy(row => row.Kind).ToDictionary(group => group.Key, group => (IReadOnlyList<CascadeRow>)[.. group]);
        var parts = snapshot.Rows.Where(row => owners[row.Id] != row)
            .GroupBy(row => (row.Kind, Owner: Group(row))).ToLookup(group => group.Key.Owner, group => (group.Key.Kind, Rows: (IReadOnlyList<CascadeRow>)[.. group]));
        List<PlannedCascade> steps = [];
        foreach (var kind in Order(own.Keys, Before(), kinds))
        {
            steps.AddRange(Detachments(kind));
            steps.Add(new(kinds(kind).Action, kind, own[kind]));
            steps.AddRange(Parts(kind, kind));
        }

        steps.AddRange(Detachments(""));
        steps.AddRange(Parts("", snapshot.Target.Kind));
        return new(snapshot.Target, targetAction, steps, snapshot.Hindrances, snapshot.HindranceCount);

        // The row that is asked for when this one is to go: itself, or what it is a part of.
        CascadeRow OwnerOf(CascadeRow row)
        {
            if (owners.TryGetValue(row.Id, out var known))
                return known;
            // Against a circle of parts, which the model refuses.
            owners[row.Id] = row;
            foreach (var link in row == snapshot.Target ? [] : row.Links)
            {
                if (link.OnDelete == OnDelete.Part && rows.TryGetValue(link.To, out var owner))
                    return owners[row.Id] = OwnerOf(owner);
            }
            return row;
        }

        // The step in which it goes; empty: with the target.
        string Group(CascadeRow row) => owners[row.Id] is var owner && owner == snapshot.Target ? "" : owner.Kind;

        HashSet<(string First, string Then)> Before()
        {
            HashSet<(string, string)> pairs = [];
            foreach (var row in snapshot.Rows)
            {
                var first = Group(row);
                foreach (var link in row.Links)
                {
                    if (rows.TryGetValue(link.To, out var to) && Group(to) is var then && first != then)
                        pairs.Add((first, then));
                }
            }
            return pairs;
        }

        IEnumerable<PlannedCascade> Detachments(string group) => snapshot.Detached
            .Where(detached => rows.TryGetValue(detached.From, out var from) && Group(from) == group)
            .GroupBy(detached => (detached.Row.Kind, detached.Property))
            .Select(found => new PlannedCascade(CascadeAction.Detach, found.Key.Kind, [.. found.Select(detached => detached.Row)], Property: found.Key.Property));

        IEnumerable<PlannedCascade> Parts(string group, string owner) =>
            parts[group].OrderBy(part => kinds(part.Kind).Rank).ThenBy(part => part.Kind, StringComparer.Ordinal).Select(part => new PlannedCascade(CascadeAction.Delete, part.Kind, part.Rows, owner));
    }

    /// <summary>Of those that nothing left refers to, the greatest rank first: it is nearest to the leaves.</summary>
    private static IEnumerable<string> Order(IEnumerable<string> groups, HashSet<(string First, string Then)> before, Func<string, CascadeKind> kinds)
    {
        var left = groups.OrderByDescending(kind => kinds(kind).Rank).ThenBy(kind => kind, StringComparer.Ordinal).ToList();
        while (left.Count > 0)
        {
            // If they refer to each other in a circle, rank alone decides, and who must wait refuses.
            var next = left.Find(kind => !left.Exists(other => other != kind && before.Contains((other, kind)))) ?? left[0];
            left.Remove(next);
            yield return next;
        }
    }
}
