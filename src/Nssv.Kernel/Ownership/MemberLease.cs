using Nssv.Kernel.Model;

namespace Nssv.Kernel.Ownership;

/// <summary>
/// A live management node. It renews the row while it lives; who sees the row unchanged for the length of a lease, by its own steady clock, may remove it
/// and take over. No wall clock is compared, so none that jumps can do harm.
/// </summary>
[Table("member_leases")]
public sealed record MemberLease
{
    [Key] public required Id MemberId { get; init; }

    /// <summary>Of the start that holds the lease.</summary>
    public required long Generation { get; init; }

    /// <summary>Grows with each renewal.</summary>
    public required long Renewals { get; init; }

    /// <summary>Name of the machine, for people.</summary>
    public required string Name { get; init; }

    /// <summary>Of the software.</summary>
    public required string ProductVersion { get; init; }

    /// <summary>The features that the node knows: flows may use a new step once every live node has reached its level.</summary>
    public required long Level { get; init; }

    /// <summary>Where its peers reach it; empty: nowhere, it is alone.</summary>
    public required string PeerUrl { get; init; }

    /// <summary>Where agents reach it.</summary>
    public required string AgentUrl { get; init; }

    /// <summary>Where people reach it.</summary>
    public required string ApiUrl { get; init; }

    public required DateTimeOffset JoinedAt { get; init; }

    /// <summary>The members that do not answer this one: their ids, with a space between.</summary>
    public string SilentPeers { get; init; } = "";
}

/// <summary>Who holds a shard. The row <see cref="Changes"/> is none: its epoch counts the changes of the others, so that whoever looks need not read them all.</summary>
[Table("shards")]
public sealed record Shard
{
    public const long Changes = -1;

    [Key] public required long Number { get; init; }

    /// <summary>Null: nobody; whoever it should belong to may claim it.</summary>
    public Id? MemberId { get; init; }

    /// <summary>Grows with each claim.</summary>
    public required long Epoch { get; init; }
}
