namespace Nssv.Kernel.Cascade;

/// <summary>What a deletion takes, in order: each step's rows may go at once, and only when those of the steps before it are gone.</summary>
/// <param name="Steps">Without the target, which goes last.</param>
public sealed record CascadePlan(
    CascadeRow Target, CascadeAction TargetAction, IReadOnlyList<PlannedCascade> Steps, IReadOnlyList<CascadeHindrance> Hindrances, long HindranceCount)
{
    public bool Refused => HindranceCount > 0;

    /// <summary>What must be asked for one by one.</summary>
    public int Work => Steps.Sum(step => step.PartOf is null ? step.Rows.Count : 0);
}

/// <param name="PartOf">The kind with which these go, without being asked for; null: each is asked for.</param>
/// <param name="Property">The reference that is set to null; null: the rows go.</param>
public sealed record PlannedCascade(CascadeAction Action, string Kind, IReadOnlyList<CascadeRow> Rows, string? PartOf = null, string? Property = null);

/// <summary>A plan as people get it: what a deletion would do, which nothing has done.</summary>
/// <param name="Refused">As it was asked for, it would change nothing: <paramref name="Hindrances"/> say why.</param>
/// <param name="Total">Resources that would go, the target among them.</param>
/// <param name="Counts">The same by kind.</param>
/// <param name="Hindrances">The first of what stands in the way.</param>
/// <param name="ExpungeAt">When what goes into the recycle bin would go for good; null when nothing goes there, or not by itself.</param>
/// <param name="WithCascade">What <c>cascade=true</c> would take, when it was not asked for.</param>
public sealed record CascadeDocument(
    bool Refused, long Total, IReadOnlyDictionary<string, long> Counts, IReadOnlyList<CascadeStepDocument> Steps, IReadOnlyList<CascadeHindrance> Hindrances, long HindranceCount,
    DateTimeOffset? ExpungeAt = null, CascadeDocument? WithCascade = null)
{
    private const int Shown = 10;

    public static CascadeDocument Of(CascadePlan plan, DateTimeOffset? expungeAt = null)
    {
        List<PlannedCascade> steps = [.. plan.Steps.Select(step => plan.TargetAction == CascadeAction.Recycle && step.PartOf == plan.Target.Kind ? step with { Action = CascadeAction.Recycle } : step), new(plan.TargetAction, plan.Target.Kind, [plan.Target])];
        var counts = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var step in steps.Where(step => step.Property is null))
            counts[step.Kind] = counts.GetValueOrDefault(step.Kind) + step.Rows.Count;
        return new(plan.Refused, counts.Values.Sum(), counts, [.. steps.Select(Step)], plan.Hindrances, plan.HindranceCount, expungeAt);
    }

    private static CascadeStepDocument Step(PlannedCascade step) =>
        new(step.Action, step.Kind, step.Rows.Count, [.. step.Rows.Take(Shown).Select(row => new CascadedResource(row.Id, row.Name))], step.PartOf);
}

/// <param name="Count">How many resources of the kind.</param>
/// <param name="Resources">The first of them.</param>
/// <param name="PartOf">They go with resources of this kind, as their parts.</param>
public sealed record CascadeStepDocument(CascadeAction Action, string Kind, long Count, IReadOnlyList<CascadedResource> Resources, string? PartOf);

public sealed record CascadedResource(Id Id, string? Name);
