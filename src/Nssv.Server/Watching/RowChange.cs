namespace Nssv.Server.Watching;

/// <summary>A resource that events spoke of, as it was found after them.</summary>
/// <param name="Sequence">Of the last of these events.</param>
/// <param name="Row">Null when it is gone, or in the recycle bin.</param>
/// <param name="Document">The row as the API shows it; empty without one.</param>
internal sealed record RowChange(Id Id, long Sequence, DateTimeOffset At, Id? OperationId, object? Row, ReadOnlyMemory<byte> Document);
