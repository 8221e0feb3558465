using Nssv.Kernel;
using Nssv.Kernel.Ownership;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Ownership;

/// <summary>Who shares the shards, and what a node does about it: decided from rows alone.</summary>
public sealed class MembershipPlanTests
{
    private static readonly IReadOnlySet<int> Nothing = new HashSet<int>();

    [Theory]
    // Who misses whom, of three members of which A is the oldest; and who serves then.
    [InlineData("", "ABC")]
    [InlineData("A:B B:A", "AC")]
    [InlineData("B:A", "BC")]
    [InlineData("A:B", "AC")]
    [InlineData("A:C B:C", "AB")]
    [InlineData("C:A C:B", "AB")]
    [InlineData("A:B A:C B:A B:C C:A C:B", "A")]
    [InlineData("A:D D:A", "ABC")]
    public void Of_two_that_do_not_hear_each_other_one_serves(string misses, string serving)
    {
        List<MemberLease> members = [.. "ABC".Select(name => Lease(name, string.Join(' ', misses.Split(' ').Where(miss => miss.StartsWith(name)).Select(miss => Member(miss[2])))))];
        MembershipPlan.Serving(members).ShouldBe(serving.Select(Member), ignoreOrder: true);
        MembershipPlan.Serving([.. members.AsEnumerable().Reverse()]).ShouldBe(serving.Select(Member), ignoreOrder: true, "whatever order the rows come in");
    }

    /// <summary>It knows nothing of standing aside: shards that are given up for it nobody would serve.</summary>
    [Fact]
    public void Beside_an_older_build_nobody_stands_aside()
    {
        MemberLease[] members = [Lease('A', Member('B').ToString()), Lease('B', Member('A').ToString()), Lease('C', "") with { Level = PlatformLevel.StandingAside - 1 }];
        MembershipPlan.Serving(members).Count.ShouldBe(3);
        MembershipPlan.Serving([members[0], members[1], members[2] with { Level = PlatformLevel.StandingAside }]).ShouldBe([Member('A'), Member('C')], ignoreOrder: true);
    }

    [Fact]
    public void Whatever_they_miss_somebody_serves_and_those_who_do_hear_each_other()
    {
        var chance = new Random(7);
        for (var run = 0; run < 500; run++)
        {
            List<MemberLease> members = [.. "ABCDE".Select(name => Lease(name, string.Join(' ', "ABCDE".Where(other => other != name && chance.Next(4) == 0).Select(Member))))];
            var serving = MembershipPlan.Serving(members);
            serving.ShouldNotBeEmpty();
            foreach (var member in members.Where(member => serving.Contains(member.MemberId)))
                serving.ShouldAllBe(other => !member.SilentPeers.Contains(other.ToString()));
        }
    }

    [Fact]
    public void Who_stands_aside_gives_everything_away_and_the_other_takes_it_only_then()
    {
        MemberLease[] members = [Lease('A', Member('B').ToString()), Lease('B', Member('A').ToString())];
        List<Shard> shards = [.. Enumerable.Range(0, Shards.Count).Select(number => new Shard { Number = number, MemberId = Member(number % 2 == 0 ? 'A' : 'B'), Epoch = 1 })];
        var view = new MembershipView(members, shards, 1, 0);
        var odd = Enumerable.Range(0, Shards.Count).Where(number => number % 2 == 1).ToHashSet();

        var aside = MembershipPlan.Decide(view, Member('B'), odd, _ => false);
        (aside.StandsAside, aside.Release.Count, aside.Claim.Count).ShouldBe((true, odd.Count, 0));
        var stays = MembershipPlan.Decide(view, Member('A'), Enumerable.Range(0, Shards.Count).Except(odd).ToHashSet(), _ => false);
        (stays.StandsAside, stays.Release.Count, stays.Claim.Count).ShouldBe((false, 0, 0));

        var released = view with { Shards = [.. shards.Select(shard => shard.MemberId == Member('B') ? shard with { MemberId = null } : shard)] };
        MembershipPlan.Decide(released, Member('A'), Nothing, _ => false).Claim.Count.ShouldBe(Shards.Count);
        MembershipPlan.Decide(released, Member('B'), Nothing, _ => false).Claim.ShouldBeEmpty();
    }

    [Fact]
    public void What_the_dead_said_counts_no_more()
    {
        MemberLease[] members = [Lease('A', ""), Lease('B', Member('A').ToString())];
        var view = new MembershipView(members, [.. Enumerable.Range(0, Shards.Count).Select(number => new Shard { Number = number, Epoch = 0 })], 1, 0);
        MembershipPlan.Decide(view, Member('A'), Nothing, _ => false).StandsAside.ShouldBeTrue();
        var alone = MembershipPlan.Decide(view, Member('A'), Nothing, _ => true);
        (alone.StandsAside, alone.Dead.Count, alone.Claim.Count).ShouldBe((false, 1, Shards.Count));
    }

    private static Id Member(char name) => Id.Parse($"01890000-0000-7000-8000-{0x300 + name:x12}");

    private static MemberLease Lease(char name, string silent) => new()
    {
        MemberId = Member(name),
        Generation = name,
        Renewals = 1,
        Name = $"{name}",
        ProductVersion = "1.0.0",
        Level = PlatformLevel.Current,
        PeerUrl = "",
        AgentUrl = "",
        ApiUrl = "",
        JoinedAt = DateTimeOffset.UnixEpoch,
        SilentPeers = silent,
    };
}
