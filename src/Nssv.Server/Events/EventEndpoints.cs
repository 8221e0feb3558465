using System.Globalization;
using System.Text.Json.Serialization;
using Nssv.Kernel.Authorization;
using Nssv.Kernel.Events;
using Nssv.Kernel.Model;
using Nssv.Kernel.Query;
using Nssv.Server.Http;
using Nssv.Server.OpenApi;
using Nssv.Services.Identity;

namespace Nssv.Server.Events;

/// <summary>GET /api/v1/events: what happens, as a stream or as a list.</summary>
internal sealed class EventEndpoints(EventLog log, Collections collections, IAuthoriser authoriser, Sessions sessions, TimeProvider time, IHostApplicationLifetime lifetime)
{
    public const string Permission = "event.read";

    private const int Batch = 200;
    private const int DefaultLimit = 100;
    private const int LargestLimit = 1_000;

    private readonly TableModel _table = collections.Models.Table<Event>();

    public void Map(IEndpointRouteBuilder endpoints) => endpoints.MapGet($"{ApiPaths.Root}/events", Handle).Allow(Access.Permitted(Permission))
        .WithMetadata(new Answers("What happened: a list, or a stream for Accept: text/event-stream", ("200", typeof(EventPage))) { Parameters = ["filter", "resourceId", "sort", "limit", "cursor", "after"] });

    private Task Handle(HttpContext http)
    {
        var accepts = http.Request.Headers.Accept.ToString();
        return accepts.Contains(EventResponse.ContentType, StringComparison.OrdinalIgnoreCase) ? Stream(http) : List(http);
    }

    private async Task Stream(HttpContext http)
    {
        QueryParameters.Check(http.Request.Query, "after", "filter");
        var query = WatchQuery.Read(collections.Models, collections.Tags, _table, new() { Filter = QueryParameters.Text(http.Request.Query, "filter") }, time.GetUtcNow());
        var scope = authoriser.Scope(http.Caller(), Permission);
        var place = EventResponse.Place(http) ?? await log.Head();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        // Asked before the answer begins, so that a place that is too old gets a problem and not a broken stream.
        var bell = log.Next;
        var events = await log.After(place, Batch);

        var response = new EventResponse(http, time);
        response.Begin();
        try
        {
            response.AppendHeartbeat();
            await response.Flush(stop.Token);
            while (true)
            {
                if (events is [.., var last])
                {
                    var now = query.At(time.GetUtcNow());
                    foreach (var item in events.Where(item => scope.Covers(item.Event.ProjectId) && now.Holds(item.Event)))
                        response.Append(item.Frame.Span);
                    if (response.Pending > 0)
                        await response.Flush(stop.Token);
                    place = last.Event.Sequence;
                }
                else if (!await Rings(bell, stop.Token))
                {
                    if (RequestHeaders.BearerToken(http.Request.Headers) is not { } token || await sessions.Find(token) is null)
                        return; // signed out, or the session has ended
                    // Who is told of nothing must not fall behind what is kept.
                    response.AppendHeartbeat(query.Query.Filter is null ? null : place);
                    await response.Flush(stop.Token);
                    continue;
                }
                bell = log.Next;
                events = await log.After(place, Batch);
            }
        }
        catch (OperationCanceledException)
        {
            http.Abort();
        }
    }

    /// <summary>False when nothing was committed for as long as a heartbeat takes.</summary>
    private async Task<bool> Rings(Task bell, CancellationToken cancel)
    {
        try
        {
            await bell.WaitAsync(EventResponse.Heartbeat, time, cancel);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private async Task List(HttpContext http)
    {
        var query = http.Request.Query;
        QueryParameters.Check(query, "after", "limit", "cursor", "resourceId", "filter", "sort");
        var limit = (int)(QueryParameters.Number(query, "limit", 1, LargestLimit) ?? DefaultLimit);
        var scope = authoriser.Scope(http.Caller(), Permission);
        var resource = query.TryGetValue("resourceId", out var text)
            ? Id.TryParse(text.ToString(), null, out var id) ? id : throw HttpProblems.NotAnId("resourceId", text.ToString()).AsException()
            : (Id?)null;
        var cursor = QueryParameters.Number(query, "cursor", 0, long.MaxValue - LargestLimit);
        var filter = QueryParameters.Text(query, "filter") is { Length: > 0 } asked ? asked : null;
        var place = EventResponse.Place(http);
        var found = IsNewestFirst(query) ? await Filtered(filter, resource, "sequence desc", place ?? 0, cursor, limit, scope, http.RequestAborted)
            : filter is not null ? await Filtered(filter, resource, "sequence", cursor ?? place ?? 0, null, limit, scope, http.RequestAborted)
            : await Unfiltered(resource, cursor ?? place ?? await log.Oldest() - 1, limit, scope);
        var next = found.Count == limit ? found[^1].Sequence.ToString(CultureInfo.InvariantCulture) : null;
        await ApiJson.Write(http.Response, StatusCodes.Status200OK, new EventPage(found, next));
    }

    private async Task<IReadOnlyList<Event>> Unfiltered(Id? resource, long place, int limit, ReadScope scope)
    {
        var found = new List<Event>();
        IReadOnlyList<PublishedEvent> events;
        do
        {
            events = await log.After(place, Batch);
            foreach (var item in events)
            {
                place = item.Event.Sequence;
                if (scope.Covers(item.Event.ProjectId) && (resource is null || item.Event.ResourceId == resource))
                    found.Add(item.Event);
                if (found.Count == limit)
                    break;
            }
        }
        while (events.Count > 0 && found.Count < limit);
        return found;
    }

    /// <summary>Events are in the order of their numbers; a person looks at the newest first.</summary>
    private static bool IsNewestFirst(IQueryCollection query) => QueryParameters.Text(query, "sort")?.Trim() switch
    {
        null or "" or "sequence" or "sequence asc" => false,
        "sequence desc" => true,
        { } other => throw Problems.Invalid("sort", $"Events cannot be sorted by '{(other.Length <= 80 ? other : other[..80] + "…")}'.", "Leave it out, or write: sequence desc.", "invalid-sort").AsException(),
    };

    /// <summary>The database looks through all that is kept, within the time that a query has.</summary>
    private async Task<IReadOnlyList<Event>> Filtered(string? filter, Id? resource, string sort, long after, long? before, int limit, ReadScope scope, CancellationToken cancellation)
    {
        // On its own first: its mistakes are to be named by their place in what was written.
        _ = WatchQuery.Read(collections.Models, collections.Tags, _table, new() { Filter = filter }, time.GetUtcNow());
        List<string> parts = [FormattableString.Invariant($"sequence > {after}")];
        if (before is { } end)
            parts.Add(FormattableString.Invariant($"sequence < {end}"));
        if (resource is { } id)
            parts.Add($"resourceId = \"{id}\"");
        if (filter is not null)
            parts.Add($"({filter})");
        var page = await collections.List(_table, new() { Filter = string.Join(" AND ", parts), Sort = sort, Limit = limit },
            scope.ProjectIds is { } projects ? AccessPredicate.InProjects(projects) : AccessPredicate.All, cancellation);
        return [.. page.Items.Cast<Event>()];
    }
}

/// <summary>Some events in order, and where to go on.</summary>
internal sealed record EventPage(IReadOnlyList<Event> Items, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextCursor);
