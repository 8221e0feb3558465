using Nssv.Kernel.Calls;
using Nssv.Kernel.Calls.Patching;
using Nssv.Kernel.Model;
using Nssv.Kernel.Settings;

namespace Nssv.Kernel.Deletion;

/// <summary>What deleting a resource does.</summary>
public enum DeletionPolicy
{
    /// <summary>It is removed at once, for good.</summary>
    Immediate,
    /// <summary>It goes into the recycle bin, from which it can be recovered for a time; then it is removed.</summary>
    Delayed,
    /// <summary>It goes into the recycle bin and stays there until a person expunges it.</summary>
    Never,
}

/// <summary>A resource that may lie in the recycle bin: there it is left out of lists and nothing is done with it, but it occupies what it did.</summary>
public interface IRecyclable
{
    /// <summary>Null: as the setting of its kind says.</summary>
    DeletionPolicy? DeletionPolicy { get; }

    /// <summary>Since when it has been in the recycle bin; null: it is not there.</summary>
    DateTimeOffset? DeletedAt { get; }

    /// <summary>When it is removed for good; null: not by itself.</summary>
    DateTimeOffset? ExpungeAt { get; }
}

/// <summary>One kind of resource that may lie in the recycle bin; registered wherever turns are.</summary>
public interface IRecycledKind
{
    /// <summary>Singular kebab-case.</summary>
    string Kind { get; }

    /// <summary>What deleting this one would do now, unless it is to be expunged at once.</summary>
    DeletionPolicy PolicyOf(IRecyclable resource);

    /// <summary>Removes one for good if its time had come by then, and leaves it as it is otherwise (it was recovered).</summary>
    Request Expunge(Id id, DateTimeOffset ifDueBy);
}

[SettingGroup]
public static class DeletionSettings
{
    public static DurationSetting RecycleTime { get; } = new("deletion.recycleTime", "Time in the recycle bin",
        "How long what is deleted with policy 'delayed' can be recovered. It holds for what is deleted from now on; what is in the recycle bin keeps its time.",
        TimeSpan.FromDays(7), TimeSpan.FromMinutes(1), TimeSpan.FromDays(3_650));
}

/// <summary>Which policy holds for a resource, and until when it can be recovered.</summary>
public sealed class DeletionRules(SettingValues settings)
{
    public DeletionPolicy Of(IRecyclable resource, ChoiceSetting<DeletionPolicy> kind) => resource.DeletionPolicy ?? settings.Get(kind);

    /// <summary>Of what has no policy of its own.</summary>
    public DeletionPolicy Default(ChoiceSetting<DeletionPolicy> kind) => settings.Get(kind);

    /// <summary>When something that is deleted now goes for good; null: not by itself.</summary>
    public DateTimeOffset? ExpungeAt(DeletionPolicy policy, DateTimeOffset now) => policy == DeletionPolicy.Never ? null : now + settings.Get(DeletionSettings.RecycleTime);
}

/// <summary>What lies in the recycle bin cannot be changed.</summary>
public sealed class RecycledRules : IResourceRules
{
    /// <exception cref="ProblemException">409 recycled.</exception>
    public IEnumerable<FieldError> Check(Resource before, Resource after) =>
        before is IRecyclable { DeletedAt: not null } ? throw RecycleProblems.Recycled(before).AsException() : [];
}

public static class RecycleProblems
{
    public static Problem Recycled(Resource resource) =>
        new(409, "recycled", "The resource is in the recycle bin.", $"'{NameOf(resource)}' was deleted.", "Recover it first, or expunge it.");

    public static Problem NotRecycled(Resource resource) =>
        new(409, "not-recycled", "The resource is not in the recycle bin.", $"'{NameOf(resource)}' is not deleted, or was recovered meanwhile.", "Delete it, with expunge=true if it is to be removed at once.");

    private static string NameOf(Resource resource) => resource is NamedResource named ? named.Name : resource.Id.ToString();
}
