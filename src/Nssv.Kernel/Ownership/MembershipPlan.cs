namespace Nssv.Kernel.Ownership;

/// <summary>What a node saw when it last looked: all live members, and who holds what.</summary>
/// <param name="Changes">Counts the changes of shards.</param>
/// <param name="Head">Number of the last event.</param>
internal sealed record MembershipView(IReadOnlyList<MemberLease> Members, IReadOnlyList<Shard> Shards, long Changes, long Head);

/// <summary>What a node does about it.</summary>
/// <param name="Dead">Their leases have run out: to be removed, and their shards freed.</param>
/// <param name="Release">Held by this node, but another live one's.</param>
/// <param name="Claim">This node's, and free (or this node's own from before).</param>
internal sealed record MembershipPlan(IReadOnlyList<MemberLease> Dead, IReadOnlyList<int> Release, IReadOnlyList<int> Claim)
{
    /// <summary>Pure. A shard that a live member holds is left to it, whoever it should belong to: it moves by its owner's own release.</summary>
    /// <param name="held">Shards under a hold of this node.</param>
    /// <param name="hasRunOut">Whether a member's lease has not been renewed for too long.</param>
    public static MembershipPlan Decide(MembershipView view, Id me, IReadOnlySet<int> held, Func<MemberLease, bool> hasRunOut)
    {
        var dead = view.Members.Where(member => member.MemberId != me && hasRunOut(member)).ToList();
        var live = view.Members.Except(dead).Select(member => member.MemberId).ToHashSet();
        List<int> release = [], claim = [];
        foreach (var shard in view.Shards)
        {
            var number = (int)shard.Number;
            var mine = Ownership.Shards.Winner(number, live) == me;
            if (shard.MemberId == me)
            {
                if (!mine)
                    release.Add(number);
                else if (!held.Contains(number))
                    claim.Add(number);
            }
            else if (mine && (shard.MemberId is null || !live.Contains(shard.MemberId.Value)))
            {
                claim.Add(number);
            }
        }

        return new(dead, release, claim);
    }
}
