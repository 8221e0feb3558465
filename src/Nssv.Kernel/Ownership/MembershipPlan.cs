namespace Nssv.Kernel.Ownership;

/// <summary>What a node saw when it last looked: all live members, and who holds what.</summary>
/// <param name="Changes">Counts the changes of shards.</param>
/// <param name="Head">Number of the last event.</param>
internal sealed record MembershipView(IReadOnlyList<MemberLease> Members, IReadOnlyList<Shard> Shards, long Changes, long Head);

/// <summary>What a node does about it.</summary>
/// <param name="Dead">Their leases have run out: to be removed, and their shards freed.</param>
/// <param name="Release">Held by this node, but another live one's.</param>
/// <param name="Claim">This node's, and free (or this node's own from before).</param>
/// <param name="StandsAside">This node lives, but leaves all shards to others, since it and they do not hear each other.</param>
internal sealed record MembershipPlan(IReadOnlyList<MemberLease> Dead, IReadOnlyList<int> Release, IReadOnlyList<int> Claim, bool StandsAside)
{
    /// <summary>Pure. A shard that a live member holds is left to it, whoever it should belong to: it moves by its owner's own release.</summary>
    /// <param name="held">Shards under a hold of this node.</param>
    /// <param name="hasRunOut">Whether a member's lease has not been renewed for too long.</param>
    public static MembershipPlan Decide(MembershipView view, Id me, IReadOnlySet<int> held, Func<MemberLease, bool> hasRunOut)
    {
        var dead = view.Members.Where(member => member.MemberId != me && hasRunOut(member)).ToList();
        var live = view.Members.Except(dead).Select(member => member.MemberId).ToHashSet();
        var serving = Serving([.. view.Members.Except(dead)]);
        List<int> release = [], claim = [];
        foreach (var shard in view.Shards)
        {
            var number = (int)shard.Number;
            var mine = Ownership.Shards.Winner(number, serving) == me;
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

        return new(dead, release, claim, !serving.Contains(me));
    }

    /// <summary>
    /// The live members that share the shards: all of them while all hear each other. Of two that do not, one stands aside, since work that needs both could not go on:
    /// the one with more such troubles, whichever way; of two with as many, the one that is missed more, whose door is closed; else the younger.
    /// All read the same rows, so all come to the same answer. Beside an older build nobody stands aside: it would not claim what is given up.
    /// </summary>
    public static IReadOnlySet<Id> Serving(IReadOnlyList<MemberLease> live)
    {
        if (live.Any(member => member.Level < PlatformLevel.StandingAside))
            return live.Select(member => member.MemberId).ToHashSet();
        var missed = live.SelectMany(by => by.SilentPeers.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(of => (By: by.MemberId, Of: Id.Parse(of)))).ToHashSet();
        missed.RemoveWhere(miss => live.All(member => member.MemberId != miss.Of));
        var serving = new HashSet<Id>();
        var byTrouble = live.OrderBy(member => missed.Count(miss => miss.Of == member.MemberId || miss.By == member.MemberId))
            .ThenBy(member => missed.Count(miss => miss.Of == member.MemberId)).ThenBy(member => member.Generation);
        foreach (var member in byTrouble)
        {
            if (!serving.Any(other => missed.Contains((member.MemberId, other)) || missed.Contains((other, member.MemberId))))
                serving.Add(member.MemberId);
        }

        return serving;
    }
}
