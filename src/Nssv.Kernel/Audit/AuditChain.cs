using System.Text.Json.Nodes;

namespace Nssv.Kernel.Audit;

/// <summary>Puts entries at the end of the chain. Pure.</summary>
internal static class AuditChain
{
    /// <summary>The same entries with their places and hashes, and the head after them.</summary>
    public static (IReadOnlyList<AuditEntry> Entries, AuditHead Head) Append(AuditHead head, IEnumerable<AuditEntry> entries)
    {
        var line = new AuditLine();
        var (sequence, hash) = (head.Sequence, head.Hash);
        List<AuditEntry> chained = [];
        foreach (var entry in entries)
        {
            // As it will be read back: what is hashed must not depend on how the details were made.
            var placed = entry with { Sequence = ++sequence, PreviousHash = hash, Details = JsonNode.Parse(entry.Details.ToJsonString(KernelJson.Options))!.AsObject() };
            hash = line.HashOf(placed);
            chained.Add(placed with { Hash = hash });
        }
        return (chained, head with { Sequence = sequence, Hash = hash });
    }
}
