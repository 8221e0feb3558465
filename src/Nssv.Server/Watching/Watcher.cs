using Nssv.Kernel.Authorization;
using Nssv.Kernel.Query;
using Nssv.Server.Events;

namespace Nssv.Server.Watching;

/// <summary>One who watches: what of a batch of changes is news to it, and how it reads that.</summary>
/// <param name="scope">Which rows of the kind may be seen.</param>
/// <param name="access">The same for every kind that the query touches.</param>
/// <param name="asks">Who asks: two with the same rights and the same query share the database's answer.</param>
internal sealed class Watcher(WatchQuery query, ReadScope scope, AccessPredicate access, string asks, Collections collections, ToldRows told, TimeProvider time)
{
    /// <summary>What is appended before it is sent.</summary>
    private const int MostPending = 64 * 1024;

    private const int PageSize = 500;

    private readonly string _question = string.Join('\0', [asks, query.Query.Filter ?? "", string.Join(',', query.Query.Fields), string.Join(',', query.Query.Expand)]);

    /// <summary>Sends all that meets the query now, page by page: a page is read when the one before has been taken.</summary>
    public async Task SendInitial(EventResponse response, ChangeReader reader, CancellationToken stop)
    {
        string? cursor = null;
        told.BeginWhole();
        do
        {
            var page = await collections.List(query.Table, query.Query with { Limit = PageSize, Cursor = cursor }, access, stop);
            var documents = await reader.Documents(query.Table, page.Items);
            for (var i = 0; i < documents.Count; i++)
            {
                var id = ResourceView.IdOf(query.Table, page.Items[i]);
                told.Tell(id, meets: true);
                await Send(response, WatchFrames.Initial(id, documents[i]), stop);
            }
            cursor = page.NextCursor;
        }
        while (cursor is not null);
    }

    /// <summary>Sends what is news of a batch after <paramref name="place"/>.</summary>
    /// <exception cref="ProblemException">400: the database stopped the question that the filter needs.</exception>
    public async Task SendChanges(EventResponse response, ChangeBatch batch, long place, CancellationToken stop)
    {
        var isPicked = !query.FiltersAlone || !query.ShowsAlone;
        var picked = isPicked && batch.Present.Count > 0
            ? await batch.Picked(_question, () => collections.Pick(query.Table, query.Query, batch.Present, access).AsTask())
            : null;
        var now = query.At(time.GetUtcNow());
        foreach (var change in batch.Changes)
        {
            if (change.Sequence <= place)
                continue;
            var shown = change.Row is null ? null
                : isPicked ? picked!.GetValueOrDefault(change.Id)
                : Covers(change) && now.Holds(change.Row) ? change.Row : null;
            // Even what was created after its place may be with a watcher that has come back: the rows of a beginning are newer than the number that goes with them.
            var news = told.Tell(change.Id, shown is not null);
            if (news != RowNews.Nothing)
                await Send(response, WatchFrames.Change(news, change, shown is null ? [] : Document(change, shown)), stop);
        }
        if (response.Pending > 0)
            await response.Flush(stop);
    }

    private bool Covers(RowChange change) => change.Row is not Kernel.Model.Resource { ProjectId: var project } || scope.Covers(project);

    private ReadOnlySpan<byte> Document(RowChange change, object shown) =>
        query.ShowsAll ? change.Document.Span : ChangeReader.Document(query.Table, query.ShowsAlone && query.FiltersAlone ? query.Shown(shown) : shown);

    private static async Task Send(EventResponse response, byte[] frame, CancellationToken stop)
    {
        response.Append(frame);
        if (response.Pending >= MostPending)
            await response.Flush(stop);
    }
}
