using System.Text.Json.Nodes;

namespace Nssv.Plugins;

/// <summary>
/// Asked before resources of its kind are deleted, whether by themselves or together with others; what it answers is shown by dryRun. While the plugin is
/// not there nothing of this kind is deleted.
/// </summary>
public abstract class DeletionGuard : Extension
{
    /// <summary>Singular kebab-case.</summary>
    public abstract string Kind { get; }

    /// <summary>Who must stay, and why. Ends within 10 s. At most 1,000 resources are asked for at a time.</summary>
    /// <param name="resources">As the API shows them.</param>
    public abstract Task<IReadOnlyList<Hindrance>> Hindrances(IReadOnlyList<JsonObject> resources, CancellationToken cancelled);
}

/// <param name="Because">"it is on legal hold until 2027-01-01": stands behind the resource's name.</param>
/// <param name="Advice">What a person can do about it.</param>
public sealed record Hindrance(string ResourceId, string Because, string Advice);
