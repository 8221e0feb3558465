using System.Globalization;

namespace Nssv.Kernel.Query;

/// <summary>
/// What a filter may ask for, in points that follow what the database must do: a comparison is 1, a text looked for anywhere 10, each join 5 and one more for each it lies within.
/// The time limit of the statement is the other half of the protection.
/// </summary>
internal static class FilterCost
{
    public const int MostPoints = 300, MostComparisons = 100;

    /// <exception cref="ProblemException">400 query-too-expensive.</exception>
    public static void Check(FilterNode node)
    {
        var (points, comparisons) = (0, 0);
        Add(node, 0);
        if (comparisons > MostComparisons)
            throw TooExpensive($"It has {comparisons} comparisons; a filter has at most {MostComparisons}.", "Use IN (…) for several values of one field, or 'ids' of a :query for many ids.");
        if (points > MostPoints)
        {
            throw TooExpensive($"It costs {points.ToString(CultureInfo.InvariantCulture)} points; a filter has at most {MostPoints}: a comparison is 1, a text looked for anywhere (: or a leading *) 10, a join 5 or more.",
                "Leave out joins and leading asterisks, put conditions on one row into one parenthesis (volumes:(…)), or ask several times.");
        }

        void Add(FilterNode node, int depth)
        {
            switch (node)
            {
                case FilterNode.AllOf { Parts: var parts }:
                    Each(parts);
                    break;
                case FilterNode.AnyOf { Parts: var parts }:
                    Each(parts);
                    break;
                case FilterNode.Not { Part: var part }:
                    Add(part, depth);
                    break;
                case FilterNode.Related { Inner: var inner }:
                    points += 5 + depth;
                    if (inner is FilterNode.AllOf { Parts.Count: 0 })
                        comparisons++;
                    Add(inner, depth + 1);
                    break;
                default:
                    comparisons++;
                    points += Of(node);
                    break;
            }

            void Each(IReadOnlyList<FilterNode> parts)
            {
                foreach (var part in parts)
                    Add(part, depth);
            }
        }
    }

    private static int Of(FilterNode node) => node switch
    {
        FilterNode.Matching { Pattern: { IsPrefix: true } } => 1,
        FilterNode.Matching { Pattern: { Prefix.Length: > 0, Parts.Count: 2 } } => 2,
        FilterNode.Matching { Pattern: var pattern } => 10 * (pattern.Parts.Count - 1),
        FilterNode.Containing => 10,
        FilterNode.OneOf { Values.Count: var count } => 1 + count / 100,
        _ => 1,
    };

    private static ProblemException TooExpensive(string detail, string advice) =>
        new Problem(400, "query-too-expensive", "The query asks for too much at once.", detail, advice, "filter").AsException();
}
