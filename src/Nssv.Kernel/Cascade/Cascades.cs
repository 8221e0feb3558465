using System.Text.Json;
using System.Text.Json.Nodes;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Deletion;
using Nssv.Kernel.Flows;
using Nssv.Kernel.Model;

namespace Nssv.Kernel.Cascade;

/// <summary>Context of flow "cascade.delete".</summary>
[FlowContext]
public sealed record CascadeDelete
{
    public required string Kind { get; init; }
    public required Id TargetId { get; init; }

    /// <summary>For messages.</summary>
    public string? TargetName { get; init; }

    /// <summary>The request that deletes the target itself, when nothing depends on it any more.</summary>
    public required string Request { get; init; }

    public required JsonObject Fields { get; init; }
}

/// <summary>Plans deletions: for a dry run, for an accept turn, and for the step that does it.</summary>
public sealed class Cascades
{
    private const string CascadeFlow = "cascade.delete";
    private const int Named = 3;

    private readonly ResourceModels _models;
    private readonly IStore _store;
    private readonly CascadeReader _reader;
    private readonly TurnCatalog _turns;
    private readonly TimeProvider _time;
    private readonly IIdSource _ids;
    private readonly DeletionRules _deletion;
    private readonly Dictionary<string, IRecycledKind> _recycled;

    internal Cascades(ResourceModels models, IStore store, CascadeCatalog catalog, CascadeReader reader, TurnCatalog turns, TimeProvider time, IIdSource ids, DeletionRules deletion,
        IEnumerable<IRecycledKind> recycled)
    {
        (_models, _store, Catalog, _reader, _turns, _time, _ids) = (models, store, catalog, reader, turns, time, ids);
        (_deletion, _recycled) = (deletion, recycled.ToDictionary(kind => kind.Kind, StringComparer.Ordinal));
    }

    internal CascadeCatalog Catalog { get; }

    /// <param name="cascade">False: what the deletion takes by itself, and everything else stands in the way.</param>
    /// <param name="action">What is done with the target at the end.</param>
    public async ValueTask<CascadePlan> Plan(TableModel table, Resource target, bool cascade = true, CascadeAction action = CascadeAction.Delete) =>
        CascadePlanner.Plan(await _reader.Read(table, target, cascade), Catalog.Kind, action);

    /// <summary>What a request would do, which is neither done nor kept.</summary>
    /// <exception cref="ProblemException">404, 412: it is refused before there is anything to plan.</exception>
    public async ValueTask<CascadeDocument> DryRun(Request request, Caller caller, long? ifMatch)
    {
        var binding = _turns.Accept(request.GetType());
        var context = new AcceptContext(_store, _time, _ids, caller, _ids.Next(), null);
        var target = await binding.Read(request, context, ifMatch) ?? throw new InvalidOperationException($"{request.GetType().Name} has no target to look at");
        var table = _models.Table(binding.ResourceType);
        if (request is not DeleteRequest delete)
            return await Detachment(request, table, target, binding, context, ifMatch);

        var (action, expungeAt) = Action(delete, table, target);
        var whole = CascadeDocument.Of(await Plan(table, target, action: action), expungeAt);
        if (delete.Cascade)
            return whole;
        var alone = CascadeDocument.Of(await Plan(table, target, cascade: false, action), expungeAt);
        if (!alone.Refused && await Refusal(delete with { DryRun = false }, table, target, binding, context, ifMatch) is { } refusal)
            alone = alone with { Refused = true, Hindrances = [refusal], HindranceCount = 1 };
        return alone with { WithCascade = whole };
    }

    /// <summary>The decision on a deletion with everything that depends on it.</summary>
    /// <exception cref="ProblemException">409 cascade-refused.</exception>
    internal async ValueTask<Decision> Decide(DeleteRequest request, Type resource, Resource target)
    {
        var table = _models.Table(resource);
        if (await Plan(table, target) is { Refused: true } plan)
            throw Refused(plan).AsException();
        var alone = request with { Cascade = false };
        return Decision.Run(CascadeFlow, new CascadeDelete
        {
            Kind = table.Singular,
            TargetId = target.Id,
            TargetName = (target as INamed)?.Name,
            Request = TurnCatalog.NameOf(alone.GetType()),
            Fields = JsonSerializer.SerializeToNode(alone, alone.GetType(), KernelJson.Options)!.AsObject(),
        });
    }

    /// <summary>
    /// Nobody keeps the target or a part of it. What goes as a part of another has been asked about with that one; what goes by a cascade is asked about once more when its turn
    /// comes, since that may be long after the plan.
    /// </summary>
    /// <exception cref="ProblemException">409 deletion-refused.</exception>
    internal async ValueTask DemandFree(Request request, string? parentKind, TurnCatalog.AcceptBinding binding, AcceptContext context, long? ifMatch)
    {
        if (!_reader.HasGuards || !(request is DeleteRequest && parentKind is null or CascadeFlow || request is IRemovesTarget) || await binding.Read(request, context, ifMatch) is not { } target)
            return;
        var kept = await _reader.Kept(_models.Table(binding.ResourceType), target);
        if (kept.Count > 0)
        {
            throw new Problem(409, "deletion-refused", "It must not be deleted.", string.Join(" ", kept.Take(Named).Select(hindrance => hindrance.Because)), kept[0].Advice).AsException();
        }
    }

    /// <summary>The target as it is now; null when it is gone.</summary>
    internal async ValueTask<Resource?> Find(string kind, Id id)
    {
        if (!_models.TrySingular(kind, out var table))
            throw new InvalidOperationException($"'{kind}' is no kind of resource");
        return await (ValueTask<Resource?>)typeof(Cascades).GetMethod(nameof(FindAs), System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Instance)!
            .MakeGenericMethod(table.Type).Invoke(this, [id])!;
    }

    internal ValueTask<CascadePlan> Plan(Resource target) => Plan(_models.Table(target.GetType()), target);

    internal static Problem Refused(CascadePlan plan)
    {
        var shown = string.Join(" ", plan.Hindrances.Take(Named).Select(hindrance => hindrance.Because));
        var more = plan.HindranceCount > Named ? $" And {plan.HindranceCount - Named} more." : "";
        return new(409, "cascade-refused", "Something stands in the way of deleting all of it.", shown + more,
            $"{plan.Hindrances[0].Advice} Everything in the way is shown with dryRun=true.");
    }

    private async ValueTask<Resource?> FindAs<T>(Id id) where T : Resource => await _store.Find<T>(id);

    private static async ValueTask<CascadeDocument> Detachment(Request request, TableModel table, Resource target, TurnCatalog.AcceptBinding binding, AcceptContext context, long? ifMatch)
    {
        var refusal = await Refusal(request, table, target, binding, context, ifMatch);
        var step = new CascadeStepDocument(CascadeAction.Detach, table.Singular, 1, [new(target.Id, (target as INamed)?.Name)], null);
        return new(refusal is not null, 0, new Dictionary<string, long>(), [step], refusal is null ? [] : [refusal], refusal is null ? 0 : 1);
    }

    /// <summary>Why its own turn would refuse; null when it would not.</summary>
    private static async ValueTask<CascadeHindrance?> Refusal(Request request, TableModel table, Resource target, TurnCatalog.AcceptBinding binding, AcceptContext context, long? ifMatch)
    {
        try
        {
            await binding.Decide(request, context, ifMatch);
            return null;
        }
        catch (ProblemException e) when (e.Problem.Status == 409)
        {
            return new(table.Singular, target.Id, (target as INamed)?.Name, e.Problem.Detail ?? e.Problem.Title, e.Problem.Advice ?? "Correct this first.");
        }
    }

    /// <summary>What becomes of the target, and when it would go for good if it goes into the recycle bin, or lies there.</summary>
    private (CascadeAction Action, DateTimeOffset? ExpungeAt) Action(DeleteRequest request, TableModel table, Resource target)
    {
        if (JsonSerializer.SerializeToNode(request, request.GetType(), KernelJson.Options)!["expunge"]?.GetValue<bool>() == true)
            return (CascadeAction.Expunge, null);
        if (target is not IRecyclable recyclable || _recycled.GetValueOrDefault(table.Singular)?.PolicyOf(recyclable) is not { } policy || policy == DeletionPolicy.Immediate)
            return (CascadeAction.Delete, null);
        return (CascadeAction.Recycle, recyclable.DeletedAt is null ? _deletion.ExpungeAt(policy, Clock.Now(_time)) : recyclable.ExpungeAt);
    }
}
