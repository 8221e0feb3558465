using System.Collections.ObjectModel;
using System.Text.Json;
using Nssv.Kernel.Cascade;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;
using Nssv.Kernel.Ownership;
using Nssv.Kernel.Tags;

namespace Nssv.Kernel.Calls;

/// <summary>Finds the turn of a request.</summary>
public sealed class TurnCatalog
{
    private readonly Dictionary<Type, AcceptBinding> _accept = [];
    private readonly Dictionary<Type, object> _call = [];
    private readonly Dictionary<string, Type> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<Type, Type> _deletions = [];

    /// <exception cref="InvalidOperationException">Two turns want the same request.</exception>
    public TurnCatalog(IEnumerable<ITurn> turns, TagRules tags)
    {
        foreach (var turn in turns)
        {
            for (var t = turn.GetType().BaseType; t is not null; t = t.BaseType)
            {
                if (!t.IsGenericType)
                    continue;
                var definition = t.GetGenericTypeDefinition();
                var request = t.GetGenericArguments()[0];
                var added = definition == typeof(AcceptTurn<,>) ? _accept.TryAdd(request, Bind(typeof(ResourceBinding<,>), t, turn))
                    : definition == typeof(CreateTurn<>) ? _accept.TryAdd(request, Bind(typeof(CreateBinding<>), t, turn, tags))
                    : definition != typeof(CallTurn<,>) || _call.TryAdd(request, turn);
                if (!added)
                    throw new InvalidOperationException($"two turns decide on {request.Name}");
                if (definition == typeof(AcceptTurn<,>) || definition == typeof(CreateTurn<>) || definition == typeof(CallTurn<,>))
                    _names.Add(NameOf(request), request);
                if (definition == typeof(AcceptTurn<,>) && typeof(DeleteRequest).IsAssignableFrom(request) && !_deletions.TryAdd(t.GetGenericArguments()[1], request))
                    throw new InvalidOperationException($"two requests delete a {t.GetGenericArguments()[1].Name}");
            }
        }
    }

    /// <summary>What a request's type is called between management nodes.</summary>
    internal static string NameOf(Type request) => request.IsGenericType
        ? $"{request.Name[..request.Name.IndexOf('`', StringComparison.Ordinal)]}/{string.Join('/', request.GetGenericArguments().Select(NameOf))}"
        : request.Name;

    /// <exception cref="ProblemException">501 unknown-request: the other node is of a newer version.</exception>
    internal Type TypeOf(string name) => _names.GetValueOrDefault(name)
        ?? throw new Problem(501, "unknown-request", "This version does not know the request.", $"There is no turn for '{name}'.", "Bring all management nodes to the same version.").AsException();

    /// <summary>The request that deletes a resource of this type; null when there is none.</summary>
    internal Type? DeletionOf(Type resource) => _deletions.GetValueOrDefault(resource);

    public bool CanAccept(Type request) => _accept.ContainsKey(request);

    internal AcceptBinding Accept(Type request) =>
        _accept.TryGetValue(request, out var turn) ? turn : throw new InvalidOperationException($"no turn decides on {request.Name}");

    internal object Call(Type request) =>
        _call.GetValueOrDefault(request) ?? throw new InvalidOperationException($"no turn answers {request.Name}");

    /// <summary>The turn of a call that another node makes.</summary>
    internal CallBinding CallTurn(Type request)
    {
        var turn = Call(request);
        for (var t = turn.GetType().BaseType; t is not null; t = t.BaseType)
        {
            if (t.IsGenericType && t.GetGenericTypeDefinition() == typeof(CallTurn<,>))
                return (CallBinding)Activator.CreateInstance(typeof(CallBinding<>.Of<>).MakeGenericType(t.GetGenericArguments()[1], request), turn)!;
        }

        throw new InvalidOperationException($"{turn.GetType().Name} answers no call");
    }

    private static AcceptBinding Bind(Type binding, Type turnType, params object[] parts) =>
        (AcceptBinding)Activator.CreateInstance(binding.MakeGenericType(turnType.GetGenericArguments()), parts)!;

    internal abstract class AcceptBinding
    {
        public abstract Type ResourceType { get; }

        /// <summary>The resource it is about; null for one that is only made by it.</summary>
        /// <exception cref="ProblemException">404 not-found, 412 version-mismatch.</exception>
        public virtual ValueTask<Resource?> Read(Request request, AcceptContext context, long? ifMatch) => new((Resource?)null);

        /// <summary>The decision, and the project and name of the resource it is about.</summary>
        public abstract ValueTask<(Decision Decision, Id ProjectId, string? Name)> Decide(Request request, AcceptContext context, long? ifMatch);
    }

    private sealed class CreateBinding<TRequest>(CreateTurn<TRequest> turn, TagRules tags) : AcceptBinding where TRequest : Request
    {
        public override Type ResourceType => turn.ResourceType;

        public override async ValueTask<(Decision, Id, string?)> Decide(Request request, AcceptContext context, long? ifMatch)
        {
            if (request is CreateRequest { Tags.Count: > 0 } tagged)
                request = tagged with { Tags = await tags.Stored(turn.ResourceType, ReadOnlyDictionary<string, string>.Empty, tagged.Tags, context.Store) };
            var decision = await turn.Decide((TRequest)request, context);
            return (decision, context.Caller.ProjectId, Made(decision, request.Target));
        }

        private static string? Made(Decision decision, Id id)
        {
            foreach (var change in decision.Unit.Changes)
            {
                if (change is Change.Insert { Row: INamed named and Resource made } && made.Id == id)
                    return named.Name;
            }
            return null;
        }
    }

    private sealed class ResourceBinding<TRequest, TResource>(AcceptTurn<TRequest, TResource> turn) : AcceptBinding
        where TRequest : Request where TResource : Resource
    {
        public override Type ResourceType => typeof(TResource);

        public override async ValueTask<(Decision, Id, string?)> Decide(Request request, AcceptContext context, long? ifMatch)
        {
            var resource = await Find(request, context, ifMatch);
            return (await turn.Decide((TRequest)request, resource, context), resource.ProjectId, (resource as INamed)?.Name);
        }

        public override async ValueTask<Resource?> Read(Request request, AcceptContext context, long? ifMatch) => await Find(request, context, ifMatch);

        private static async ValueTask<TResource> Find(Request request, AcceptContext context, long? ifMatch)
        {
            var resource = await context.Store.Get<TResource>(request.Target);
            if (ifMatch is { } version && version != resource.Version)
                throw Problems.VersionMismatch((resource as INamed)?.Name ?? resource.Id.ToString(), resource.Version, version).AsException();
            return resource;
        }
    }
}

/// <summary>Runs a call that another node makes: neither its request nor its result is known by type.</summary>
internal abstract class CallBinding
{
    public abstract Task<JsonElement?> Run(OwnTurns own, Request request, CallKey? key, ShardHold hold, StepGuard? guard);
}

/// <summary>Runs a call whose request's type is only known when it is made.</summary>
internal abstract class CallBinding<TResult> : CallBinding
{
    public abstract bool NaturallyKeyed { get; }
    public abstract ValueTask<Answer<TResult>> Decide(Request<TResult> request, TurnContext turn);

    public static CallBinding<TResult> For(TurnCatalog catalog, Type request) =>
        (CallBinding<TResult>)Activator.CreateInstance(typeof(Of<>).MakeGenericType(typeof(TResult), request), catalog.Call(request))!;

    public override async Task<JsonElement?> Run(OwnTurns own, Request request, CallKey? key, ShardHold hold, StepGuard? guard) =>
        JsonSerializer.SerializeToElement(await own.Call(this, (Request<TResult>)request, key, hold, null, guard), KernelJson.Options);

    internal sealed class Of<TRequest>(CallTurn<TRequest, TResult> turn) : CallBinding<TResult> where TRequest : Request<TResult>
    {
        public override bool NaturallyKeyed => turn.NaturallyKeyed;
        public override ValueTask<Answer<TResult>> Decide(Request<TResult> request, TurnContext context) => turn.Decide((TRequest)request, context);
    }
}
