using System.Text.Json.Nodes;

namespace Nssv.Plugins;

/// <summary>
/// A step in a flow of the platform. It goes into the plans of operations that start while the plugin is there. Both halves may run twice with the same
/// <see cref="FlowCall.Key"/>, and <see cref="Undo"/> may run though <see cref="Run"/> never began.
/// </summary>
public abstract class InsertedStep : Extension
{
    /// <summary>Name of the flow: "virtual-machine.start". The flows are in the platform's repository, named *.flow.xml.</summary>
    public abstract string Flow { get; }

    /// <summary>Name of the flow's step before or behind which it goes: "compute.begin-start".</summary>
    public abstract string Beside { get; }

    public virtual Place Place => Place.Before;

    /// <summary>True: where it fails the operation fails, and is taken back. False: the operation goes on without it.</summary>
    public virtual bool Required => false;

    /// <summary>1 s to 5 minutes.</summary>
    public virtual TimeSpan Deadline => TimeSpan.FromSeconds(10);

    /// <exception cref="RefusedException">What people are told.</exception>
    public abstract Task Run(FlowCall call, CancellationToken cancelled);

    public virtual Task Undo(FlowCall call, CancellationToken cancelled) => Task.CompletedTask;
}

public enum Place { Before, Behind }

/// <param name="Key">The same whenever this step of this operation runs.</param>
/// <param name="TargetKind">Singular kebab-case kind of the operation's target.</param>
/// <param name="Context">What the flow knows at this point. Its shape belongs to the flow and may change with the platform's version.</param>
/// <param name="Target">The target as the API shows it; null when its row is gone.</param>
public sealed record FlowCall(string Key, string OperationId, string Flow, string TargetKind, string TargetId, JsonObject Context, JsonObject? Target);

/// <summary>The plugin says no, and why. It does not count as a failure of the plugin.</summary>
public sealed class RefusedException(string reason, string? advice = null) : Exception(reason)
{
    public string? Advice { get; } = advice;
}
