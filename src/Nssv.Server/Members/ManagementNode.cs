using System.Text.Json.Serialization;
using Nssv.Server.Peers;

namespace Nssv.Server.Members;

/// <summary>A live management node, as the one that answers sees it.</summary>
internal sealed record ManagementNode
{
    public required Id Id { get; init; }

    /// <summary>Of its machine.</summary>
    public required string Name { get; init; }

    /// <summary>Of its software.</summary>
    public required string ProductVersion { get; init; }

    /// <summary>The features that it knows: one is used once all nodes have reached its level.</summary>
    public required long Level { get; init; }

    /// <summary>Of its start: higher than that of every earlier start of any node.</summary>
    public required long Generation { get; init; }

    /// <summary>It is the one that answers.</summary>
    public required bool Self { get; init; }

    /// <summary>Where people reach it.</summary>
    public required string ApiUrl { get; init; }

    /// <summary>Where agents reach it.</summary>
    public required string AgentUrl { get; init; }

    /// <summary>Where the other nodes reach it.</summary>
    public required string PeerUrl { get; init; }

    public required DateTimeOffset JoinedAt { get; init; }

    /// <summary>Of the 1,024 shards, those that it holds.</summary>
    public required long ShardCount { get; init; }

    /// <summary>It leaves all shards to others, since it and they do not hear each other.</summary>
    public required bool StandsAside { get; init; }

    /// <summary>How long ago it renewed its lease; null for a node that is alone and needs none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? LeaseAgeMilliseconds { get; init; }

    /// <summary>How the answering node reaches the database; only on itself.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DatabaseHealth? Database { get; init; }

    /// <summary>How the answering node reaches this one; not on itself.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PeerReach? Peer { get; init; }
}

/// <param name="LatencyMilliseconds">Of a trivial query.</param>
internal sealed record DatabaseHealth(double LatencyMilliseconds);

/// <param name="AnsweredAt">Last; null: never.</param>
/// <param name="RoundTripMilliseconds">Of that answer.</param>
/// <param name="Calls">Requests that the answering node forwarded to it.</param>
internal sealed record PeerReach(PeerState State, DateTimeOffset? AnsweredAt, double? RoundTripMilliseconds, CallTimes? Calls);

/// <summary>Whether another management node answers this one.</summary>
internal enum PeerState { Answers, Silent }

/// <summary>All live management nodes, by id.</summary>
internal sealed record ManagementNodeList(IReadOnlyList<ManagementNode> Items);
