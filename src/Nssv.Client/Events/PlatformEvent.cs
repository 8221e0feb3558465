using System.Text.Json.Nodes;

namespace Nssv.Client.Events;

/// <summary>Something that changed on the platform.</summary>
/// <param name="Id">Its sequence number, which resumes the stream after it.</param>
/// <param name="Type">What happened, for example <c>virtual-machine.updated</c>.</param>
/// <param name="Document">The event as the server wrote it.</param>
public sealed record PlatformEvent(string? Id, string Type, JsonObject Document)
{
    /// <summary>The operation that caused it.</summary>
    public string? OperationId => Document["operationId"].AsText();

    /// <summary>The resource that changed.</summary>
    public string? ResourceId => Document["resourceId"].AsText();
}
