using Nssv.Kernel.Model;

namespace Nssv.Kernel.Calls.Patching;

/// <summary>What a resource must be after a change. Register one for each kind that has rules of its own; those of a base type hold for all below it.</summary>
public interface IResourceRules
{
    /// <summary>What is wrong with <paramref name="after"/>; nothing when the rules are of another kind.</summary>
    IEnumerable<FieldError> Check(Resource before, Resource after);

    /// <summary><paramref name="after"/> with what follows from the change (a schedule's next time); asked when nothing is wrong with it.</summary>
    Resource Complete(Resource before, Resource after, DateTimeOffset now) => after;

    /// <summary>Fields that are changed, and count only from the next start of what runs with the old ones: the operation's result names them.</summary>
    IEnumerable<string> FromNextStart(Resource before, Resource after) => [];
}

/// <summary>Rules for one kind of resource, or for a base type of several. Pure.</summary>
public abstract class ResourceRules<T> : IResourceRules where T : Resource
{
    public IEnumerable<FieldError> Check(Resource before, Resource after) =>
        before is T was && after is T becomes ? Check(was, becomes) : [];

    public Resource Complete(Resource before, Resource after, DateTimeOffset now) =>
        before is T was && after is T becomes ? Complete(was, becomes, now) : after;

    public IEnumerable<string> FromNextStart(Resource before, Resource after) =>
        before is T was && after is T becomes ? FromNextStart(was, becomes) : [];

    protected abstract IEnumerable<FieldError> Check(T before, T after);

    protected virtual T Complete(T before, T after, DateTimeOffset now) => after;

    protected virtual IEnumerable<string> FromNextStart(T before, T after) => [];
}
