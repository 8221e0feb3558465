using Nssv.Kernel.Model;

namespace Nssv.Kernel.Events;

/// <summary>The one row that holds the number of the last event. Advanced as the last step of a batch, so that numbers follow the order of commits.</summary>
[Table("outbox_head")]
internal sealed record OutboxHead
{
    public const string Advance = "UPDATE outbox_head SET seq = seq + @p0 WHERE id = 1 RETURNING seq";

    [Key] public required long Id { get; init; }

    public required long Seq { get; init; }
}
