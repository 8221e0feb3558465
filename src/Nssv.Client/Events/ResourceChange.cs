using System.Text.Json.Nodes;

namespace Nssv.Client.Events;

/// <summary>What a watch tells.</summary>
public enum ChangeKind
{
    /// <summary>The watch begins, at first or anew after it was away for too long: what is not added until <see cref="Ready"/> is not there.</summary>
    Begun,

    /// <summary>A resource meets the filter; also one that is known already, after a lost connection.</summary>
    Added,

    /// <summary>A resource that met the filter has changed and meets it still.</summary>
    Changed,

    /// <summary>A resource is gone, or does not meet the filter any more; also one that was never added, after a lost connection.</summary>
    Removed,

    /// <summary>What was there at the beginning has been added.</summary>
    Ready,
}

/// <summary>One piece of news of a watch.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Id">Of the resource.</param>
/// <param name="Resource">As it is now; null when it is removed.</param>
/// <param name="Document">What the server wrote.</param>
public sealed record ResourceChange(ChangeKind Kind, string? Id, JsonObject? Resource, JsonObject Document)
{
    /// <summary>The operation that caused it.</summary>
    public string? OperationId => Document["operationId"].AsText();

    internal static ResourceChange Begun { get; } = new(ChangeKind.Begun, null, null, []);

    /// <summary>Null for what this client does not know.</summary>
    internal static ResourceChange? Of(PlatformEvent item) => item.Type switch
    {
        "added" => new(ChangeKind.Added, item.Document["id"].AsText(), item.Document["resource"] as JsonObject, item.Document),
        "changed" => new(ChangeKind.Changed, item.Document["id"].AsText(), item.Document["resource"] as JsonObject, item.Document),
        "removed" => new(ChangeKind.Removed, item.Document["id"].AsText(), null, item.Document),
        "ready" => new(ChangeKind.Ready, null, null, item.Document),
        _ => null,
    };
}
