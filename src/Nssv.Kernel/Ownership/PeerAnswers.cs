namespace Nssv.Kernel.Ownership;

/// <summary>
/// Whether one peer answers. Only what was asked counts, and only while it was asked again and again: a node that did not come to ask knows nothing, and accuses nobody.
/// Both ways it takes a while, so that shards do not move back and forth with every packet that is lost.
/// </summary>
internal sealed class PeerAnswers(TimeSpan lease)
{
    private TimeSpan? _failingSince;
    private TimeSpan? _answeringSince;
    private TimeSpan _heard;

    /// <summary>It has left all questions of at least two leases unanswered, and has not answered all of those of one lease since.</summary>
    public bool IsSilent { get; private set; }

    /// <summary>The outcome of one question.</summary>
    /// <param name="asked">When it was asked, by this node's steady clock.</param>
    /// <param name="now">By the same clock.</param>
    public void Heard(bool answered, TimeSpan asked, TimeSpan now)
    {
        // A question is given up after a lease: one that took much longer was asked by a node that stood still meanwhile.
        if (asked - _heard > lease || now - asked > lease * 1.5)
            _failingSince = _answeringSince = null;
        _heard = now;
        asked = now - asked > lease * 1.5 ? now : asked;
        if (answered)
        {
            _failingSince = null;
            _answeringSince ??= asked;
            IsSilent &= now - _answeringSince < lease;
        }
        else
        {
            _answeringSince = null;
            _failingSince ??= asked;
            IsSilent |= now - _failingSince >= lease * 2;
        }
    }
}
