using Nssv.Kernel.Data;
using Nssv.Kernel.Events;

namespace Nssv.Server.Events;

/// <summary>Reads events from a place on: from memory while it reaches back that far, else from the database.</summary>
internal sealed class EventLog(EventFeed feed, IStore store)
{
    private static readonly IReadOnlyList<object?> None = [];

    public Task Next => feed.Next;

    /// <summary>The number of the last event; 0 before the first.</summary>
    public async ValueTask<long> Head() => (await store.Select("SELECT seq FROM outbox_head WHERE id = 1", None, row => row.GetInt64(0)))[0];

    /// <summary>The number of the first event that is still kept; 1 before the first.</summary>
    public async ValueTask<long> Oldest() => (await store.Select("SELECT coalesce(min(sequence), 0) FROM events", None, row => row.GetInt64(0)))[0] is > 0 and var first ? first : await Head() + 1;

    /// <summary>Events after <paramref name="sequence"/> in order and without a gap; none when there are none yet.</summary>
    /// <exception cref="ProblemException">410 events-expired: those that come next have been removed, or were never there.</exception>
    public async ValueTask<IReadOnlyList<PublishedEvent>> After(long sequence, int most)
    {
        if (feed.After(sequence, most) is { } recent)
            return recent;
        // Numbers are dense, so a range of numbers is a limit.
        var stored = await store.List<Event>(
            Condition.Greater(nameof(Event.Sequence), sequence),
            new Condition(nameof(Event.Sequence), Comparison.LessOrEqual, sequence + most));
        if (stored is [var first, ..])
            return first.Sequence == sequence + 1 ? [.. stored.Select(row => new PublishedEvent(row))] : throw Expired(sequence).AsException();
        return await Head() == sequence ? [] : await Settle(sequence, most);
    }

    /// <summary>Nothing follows though the head is elsewhere: removed, or committed between the two reads.</summary>
    private async ValueTask<IReadOnlyList<PublishedEvent>> Settle(long sequence, int most)
    {
        var again = await store.List<Event>(
            Condition.Greater(nameof(Event.Sequence), sequence),
            new Condition(nameof(Event.Sequence), Comparison.LessOrEqual, sequence + most));
        return again is [var first, ..] && first.Sequence == sequence + 1 ? [.. again.Select(row => new PublishedEvent(row))] : throw Expired(sequence).AsException();
    }

    private static Problem Expired(long sequence) =>
        new(410, "events-expired", "These events are no longer kept.", $"What followed event {sequence} has been removed, or the number is not of this platform.",
            "Read the resources anew and listen from now on, without Last-Event-ID.");
}
