using Nssv.Kernel.Data;
using Nssv.Kernel.Ownership;
using Nssv.Kernel.Peers;
using Nssv.Server.Composition;
using Nssv.Server.Peers;

namespace Nssv.Server.Members;

/// <summary>Reads who the management nodes are and how they do.</summary>
internal sealed class ManagementNodes(IStore store, IOwnership ownership, MemberFence fence, MemberAddresses addresses, PeerTimes times, TimeProvider time)
{
    private readonly DateTimeOffset _startedAt = Clock.Now(time);

    public async Task<IReadOnlyList<ManagementNode>> List()
    {
        var begun = time.GetTimestamp();
        var held = (await store.Select("SELECT member_id, count(*) FROM shards GROUP BY member_id", [], row => (Member: row.IsDBNull(0) ? "" : row.GetString(0), Count: row.GetInt64(1))))
            .ToDictionary(row => row.Member, row => row.Count);
        var database = new DatabaseHealth(Milliseconds(time.GetElapsedTime(begun)));
        if (ownership is not Membership membership)
            return [Alone(database)];
        var serving = membership.Serving;
        return [.. membership.Members.OrderBy(member => member.MemberId).Select(member => Of(member, membership, serving.Contains(member.MemberId), held.GetValueOrDefault(member.MemberId.ToString()), database))];
    }

    private ManagementNode Of(MemberLease member, Membership membership, bool serves, long shards, DatabaseHealth database) => new()
    {
        Id = member.MemberId,
        Name = member.Name,
        ProductVersion = member.ProductVersion,
        Level = member.Level,
        Generation = member.Generation,
        Self = member.MemberId == fence.Member,
        ApiUrl = member.ApiUrl,
        AgentUrl = member.AgentUrl,
        PeerUrl = member.PeerUrl,
        JoinedAt = member.JoinedAt,
        ShardCount = shards,
        StandsAside = !serves,
        LeaseAgeMilliseconds = (long?)membership.LeaseAge(member.MemberId)?.TotalMilliseconds,
        Database = member.MemberId == fence.Member ? database : null,
        Peer = member.MemberId == fence.Member ? null : Reach(member.MemberId, membership.HealthOf(member.MemberId)),
    };

    private PeerReach Reach(Id memberId, PeerHealth? health) => new(
        health is { Answers: true } ? PeerState.Answers : PeerState.Silent, health?.AnsweredAt, health?.RoundTrip is { } took ? Milliseconds(took) : null, times.Of(memberId));

    /// <summary>On SQLite there is but one node, and no lease.</summary>
    private ManagementNode Alone(DatabaseHealth database) => new()
    {
        Id = fence.Member,
        Name = addresses.Name,
        ProductVersion = addresses.ProductVersion,
        Level = addresses.Level,
        Generation = fence.Generation,
        Self = true,
        ApiUrl = addresses.ApiUrl,
        AgentUrl = addresses.AgentUrl,
        PeerUrl = addresses.PeerUrl,
        JoinedAt = _startedAt,
        ShardCount = Shards.Count,
        StandsAside = false,
        Database = database,
    };

    private static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds, 3);
}
