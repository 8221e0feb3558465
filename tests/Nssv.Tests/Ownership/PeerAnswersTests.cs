using Nssv.Kernel.Ownership;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Ownership;

/// <summary>When a peer counts as silent, by a lease of 3 s.</summary>
public sealed class PeerAnswersTests
{
    private readonly PeerAnswers _peer = new(TimeSpan.FromSeconds(3));

    [Fact]
    public void Silent_is_who_leaves_everything_of_two_leases_unanswered()
    {
        Hears(false, 0, 3).ShouldBeFalse();
        Hears(false, 3, 5.9).ShouldBeFalse();
        Hears(false, 5.9, 6).ShouldBeTrue();
    }

    [Fact]
    public void One_answer_in_between_begins_it_anew()
    {
        Hears(false, 0, 3);
        Hears(true, 3, 4);
        Hears(false, 4, 7).ShouldBeFalse();
        Hears(false, 7, 10).ShouldBeTrue();
    }

    [Fact]
    public void Who_did_not_come_to_ask_accuses_nobody()
    {
        Hears(false, 0, 0.1);
        // A minute in which this node stood still.
        Hears(false, 60, 60.1).ShouldBeFalse();
        Hears(false, 61, 64).ShouldBeFalse();
        Hears(false, 64, 66).ShouldBeTrue();
    }

    [Fact]
    public void Nor_who_stood_still_in_the_middle_of_a_question()
    {
        Hears(true, 0, 0);
        Hears(false, 1, 30).ShouldBeFalse();
        Hears(false, 30.5, 33.5).ShouldBeFalse();
        Hears(false, 33.5, 36.5).ShouldBeTrue();
    }

    [Fact]
    public void Who_was_silent_must_answer_for_a_lease()
    {
        Hears(false, 0, 3);
        Hears(false, 3, 6).ShouldBeTrue();
        Hears(true, 7, 7).ShouldBeTrue();
        Hears(false, 8, 8).ShouldBeTrue();
        Hears(true, 9, 9).ShouldBeTrue();
        Hears(true, 11, 11.9).ShouldBeTrue();
        Hears(true, 12, 12).ShouldBeFalse();
    }

    private bool Hears(bool answered, double asked, double now)
    {
        _peer.Heard(answered, TimeSpan.FromSeconds(asked), TimeSpan.FromSeconds(now));
        return _peer.IsSilent;
    }
}
