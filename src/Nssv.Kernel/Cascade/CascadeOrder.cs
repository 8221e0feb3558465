namespace Nssv.Kernel.Cascade;

/// <summary>
/// Steps of rows of one kind, each free to go when those before it are gone. Whole kinds wherever nothing that is left refers to any of them, the greatest rank first, since it
/// is nearest to the leaves; where kinds (or rows of one kind) refer to each other, those rows that are free.
/// </summary>
internal static class CascadeOrder
{
    public static IEnumerable<IReadOnlyList<CascadeRow>> Of(CascadeOwners owners, Func<string, CascadeKind> kinds)
    {
        // How many of what is left refer to each row.
        var referring = new Dictionary<CascadeRow, int>(ReferenceEqualityComparer.Instance);
        foreach (var row in owners.Own)
        {
            foreach (var referred in owners.ReferredBy(row))
                referring[referred] = referring.GetValueOrDefault(referred) + 1;
        }

        var left = owners.Own.GroupBy(row => row.Kind).OrderByDescending(group => kinds(group.Key).Rank).ThenBy(group => group.Key, StringComparer.Ordinal).Select(group => group.ToList()).ToList();
        while (left.Count > 0)
        {
            List<CascadeRow> rows = [.. left.Find(group => group.TrueForAll(IsFree)) ?? left.Select(group => group.FindAll(IsFree)).FirstOrDefault(free => free.Count > 0)
                // They refer to each other in a circle: rank alone decides, and who must wait refuses.
                ?? left[0]];
            var going = rows.ToHashSet<object>(ReferenceEqualityComparer.Instance);
            foreach (var row in rows)
            {
                foreach (var referred in owners.ReferredBy(row))
                    referring[referred]--;
            }

            foreach (var group in left)
                group.RemoveAll(row => going.Contains(row));
            left.RemoveAll(group => group.Count == 0);
            yield return rows;
        }

        bool IsFree(CascadeRow row) => referring.GetValueOrDefault(row) == 0;
    }
}
