using Nssv.Kernel.Model;

namespace Nssv.Kernel.Events;

/// <summary>How far a durable observer has come in the platform's events.</summary>
[Table("observer_positions")]
public sealed record ObserverPosition
{
    [Key] public required string Name { get; init; }

    /// <summary>Number of the last event that is done with.</summary>
    public required long Sequence { get; init; }

    public required DateTimeOffset At { get; init; }
}
