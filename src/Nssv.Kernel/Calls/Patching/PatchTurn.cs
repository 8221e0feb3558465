using System.Text.Json.Nodes;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;
using Nssv.Kernel.Tags;

namespace Nssv.Kernel.Calls.Patching;

/// <summary>Decides on a patch of any resource: editable fields only, then the rules of its kind. A patch that changes nothing succeeds and leaves the version as it is.</summary>
public sealed class PatchTurn<T>(ResourceModels models, IEnumerable<IResourceRules> rules, TagRules tags) : AcceptTurn<PatchResource<T>, T> where T : Resource
{
    public override async ValueTask<Decision> Decide(PatchResource<T> request, T resource, AcceptContext turn)
    {
        var after = Patch.Apply(models.Table<T>(), resource, request.Patch);
        var errors = rules.SelectMany(rule => rule.Check(resource, after)).ToList();
        if (errors.Count > 0)
            throw Patch.Invalid(errors).AsException();
        if (resource is NamedResource named && after is NamedResource wanted && !ReferenceEquals(wanted.Tags, named.Tags))
            after = (T)(Resource)(wanted with { Tags = await tags.Stored(typeof(T), named.Tags, wanted.Tags, turn.Store) });
        return ReferenceEquals(after, resource)
            ? Decision.Done()
            : Decision.Done(new UnitOfWork().Update(resource, Complete(resource, after, turn.Now) with { UpdatedAt = turn.Now }), Result(resource, after));
    }

    private JsonObject? Result(T before, T after) =>
        rules.SelectMany(rule => rule.FromNextStart(before, after)).Select(field => (JsonNode)field).ToArray() is { Length: > 0 } fields ? new() { ["fromNextStart"] = new JsonArray(fields) } : null;

    private T Complete(T before, T after, DateTimeOffset now) => rules.Aggregate(after, (complete, rule) => (T)rule.Complete(before, complete, now));
}
