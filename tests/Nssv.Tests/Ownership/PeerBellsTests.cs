using Nssv.Kernel;
using Nssv.Kernel.Peers;
using Shouldly;
using Xunit;

namespace Nssv.Tests.Ownership;

/// <summary>Who is rung when, and what is known of who answers, by a lease of 3 s.</summary>
public sealed class PeerBellsTests : IPeerTransport, IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1), Lease = 3 * Second;
    private static readonly PeerAddress First = Address('A'), Other = Address('B');

    private readonly Turns _turns = new();
    private readonly SynchronizationContext? _before = SynchronizationContext.Current;
    private readonly SteppedTime _time = new();
    private readonly HashSet<PeerAddress> _away = [];
    private readonly List<(PeerAddress Peer, long? Number, TaskCompletionSource<PeerReply> Answer)> _rung = [];
    private readonly PeerBells _bells;

    public PeerBellsTests()
    {
        _bells = new(this, _time, Lease);
        SynchronizationContext.SetSynchronizationContext(_turns);
    }

    public void Dispose() => SynchronizationContext.SetSynchronizationContext(_before);

    [Fact]
    public void A_peer_that_hears_nothing_is_rung_every_third_of_a_lease()
    {
        Look(7, First).ShouldBe([(First, 7)]);
        Look(8, First).ShouldBeEmpty("it was just rung");
        Advance(Second);
        Look(8, First).ShouldBe([(First, 7)]);
    }

    [Fact]
    public void One_bell_at_a_time_and_then_the_newest_number()
    {
        _away.Add(First);
        Look(7, First).ShouldBe([(First, 7)]);
        _bells.Ring(8);
        _bells.Ring(9);
        Rung(from: 1).ShouldBeEmpty();
        _away.Clear();
        _rung[0].Answer.SetResult(new(PeerOutcome.Done));
        Rung(from: 1).ShouldBe([(First, 9)]);
    }

    [Fact]
    public void A_peer_that_leaves_two_leases_unanswered_is_silent_until_it_has_answered_for_one()
    {
        _away.Add(First);
        for (var asked = 0; asked < 2; asked++)
        {
            _bells.Silent.ShouldBeEmpty();
            Look(1, First, Other).ShouldBe([(First, 1), (Other, 1)]);
            Advance(Lease);
        }

        _bells.Silent.ShouldBe([First.MemberId]);
        _away.Clear();
        for (var second = 0; second < 3; second++)
        {
            Look(1, First, Other);
            _bells.Silent.ShouldBe([First.MemberId], $"it has answered for {second} s only");
            Advance(Second);
        }

        Look(1, First, Other);
        _bells.Silent.ShouldBeEmpty();
    }

    [Fact]
    public void How_long_the_last_answer_took_is_known_also_when_none_comes_any_more()
    {
        _bells.HealthOf(First.MemberId).ShouldBeNull();
        _away.Add(First);
        Look(1, First);
        Advance(Second);
        _rung[0].Answer.SetResult(new(PeerOutcome.Done));
        _turns.Run();
        var answered = new PeerHealth(true, _time.GetUtcNow(), Second);
        _bells.HealthOf(First.MemberId).ShouldBe(answered);

        Look(1, First).Count.ShouldBe(1);
        Advance(Lease);
        _bells.HealthOf(First.MemberId).ShouldBe(answered with { Answers = false });
    }

    [Fact]
    public void Who_has_left_or_moved_is_known_no_more()
    {
        Look(1, First);
        Look(1).ShouldBeEmpty();
        _bells.HealthOf(First.MemberId).ShouldBeNull();
        Look(1, First).ShouldBe([(First, 1)]);
        var moved = First with { Url = "https://elsewhere/" };
        Look(1, moved).ShouldBe([(moved, 1)]);
    }

    [Fact]
    public void Changes_of_members_are_told_to_all_whether_they_answer_or_not()
    {
        Look(1, First, Other);
        _away.Add(First);
        var told = _bells.TellOfMembers();
        Rung(from: 2).ShouldBe([(First, null), (Other, null)]);
        told.IsCompleted.ShouldBeFalse("one has not answered");
        Advance(Lease);
        told.IsCompletedSuccessfully.ShouldBeTrue("it was given up");
    }

    Task<PeerReply> IPeerTransport.Send(PeerAddress peer, PeerRequest request, CancellationToken cancel)
    {
        var answer = new TaskCompletionSource<PeerReply>();
        cancel.Register(() => answer.TrySetCanceled(cancel), useSynchronizationContext: false);
        _rung.Add((peer, ((PeerBell)request).Sequence, answer));
        if (!_away.Contains(peer))
            answer.SetResult(new(PeerOutcome.Done));
        return answer.Task;
    }

    /// <returns>The bells that were rung then.</returns>
    private IReadOnlyList<(PeerAddress Peer, long? Number)> Look(long head, params PeerAddress[] peers)
    {
        var before = _rung.Count;
        _bells.Look(peers.ToDictionary(peer => peer.MemberId), head);
        return Rung(before);
    }

    private IReadOnlyList<(PeerAddress Peer, long? Number)> Rung(int from)
    {
        _turns.Run();
        return [.. _rung[from..].Select(bell => (bell.Peer, bell.Number))];
    }

    private void Advance(TimeSpan by)
    {
        _time.Advance(by);
        _turns.Run();
    }

    private static PeerAddress Address(char name) => new(Id.Parse($"01890000-0000-7000-8000-{0x300 + name:x12}"), $"https://{name}/", $"https://{name}/");

    /// <summary>What is posted runs here, on the test's thread, when it is asked for.</summary>
    private sealed class Turns : SynchronizationContext
    {
        private readonly Queue<(SendOrPostCallback Callback, object? State)> _posted = new();

        public override void Post(SendOrPostCallback d, object? state) => _posted.Enqueue((d, state));

        public void Run()
        {
            while (_posted.TryDequeue(out var next))
                next.Callback(next.State);
        }
    }
}
