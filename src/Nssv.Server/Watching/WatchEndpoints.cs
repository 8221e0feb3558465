using Nssv.Kernel.Authorization;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Model;
using Nssv.Kernel.Query;
using Nssv.Server.Admission;
using Nssv.Server.Events;
using Nssv.Server.Http;
using Nssv.Services.Identity;

namespace Nssv.Server.Watching;

/// <summary>GET /api/v1/&lt;collection&gt;:watch of every declared resource whose changes make events: what a query meets, and how that changes.</summary>
internal sealed class WatchEndpoints(
    Collections collections, KindFeeds feeds, ChangeReader reader, EventLog log, WatcherSeats seats, IAuthoriser authoriser, Sessions sessions, TimeProvider time, IHostApplicationLifetime lifetime)
{
    public static readonly string[] Parameters = ["filter", "fields", "expand", "initial", "after"];

    /// <summary>Rows of one watcher that are remembered: less than a megabyte.</summary>
    private const int MostTold = 10_000;

    public void Map(IEndpointRouteBuilder endpoints)
    {
        foreach (var table in collections.Models.Resources.Where(table => !table.Silent))
        {
            endpoints.MapGet($"{ApiPaths.Root}/{table.Collection}:watch", http => Watch(http, table)).Allow(Access.Permitted(ResourceEndpoints.ReadPermission(table)))
                .WithMetadata(new ReadEndpoint(table, ReadKind.Watch));
        }
    }

    private async Task Watch(HttpContext http, TableModel table)
    {
        var parameters = http.Request.Query;
        QueryParameters.Check(parameters, Parameters);
        var query = await collections.Watched(table, new()
        {
            Filter = QueryParameters.Text(parameters, "filter"),
            Fields = QueryParameters.Names(parameters, "fields"),
            Expand = QueryParameters.Names(parameters, "expand"),
        });
        var isInitial = !parameters.ContainsKey("initial") || QueryParameters.Flag(parameters, "initial");
        var place = EventResponse.Place(http);
        var caller = http.Caller();
        var watcher = new Watcher(query, authoriser.Scope(caller, ResourceEndpoints.ReadPermission(table)), ResourceEndpoints.Visible(authoriser, caller), $"{caller.AccountId} {caller.Role}",
            collections, new ToldRows(MostTold), time);

        using var seat = seats.Take(caller.AccountId);
        using var lease = feeds.Open(table);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        var response = new EventResponse(http, time);
        try
        {
            await lease.Feed.Begun.WaitAsync(stop.Token);
            // Asked before the answer begins, so that a place that is too old gets a problem and not a broken stream.
            if (place is { } since)
                await log.After(since, 1);
            response.Begin();
            await Stream(http, response, table, watcher, lease.Feed, place, isInitial, stop.Token);
        }
        catch (OperationCanceledException) when (!response.ReaderIsTooSlow && lifetime.ApplicationStopping.IsCancellationRequested && !http.RequestAborted.IsCancellationRequested)
        {
            // The node ends, and with it the answer; the watcher goes on at another one.
        }
        catch (OperationCanceledException)
        {
            if (response.ReaderIsTooSlow)
                seats.Dropped();
            http.Abort();
        }
    }

    private async Task Stream(HttpContext http, EventResponse response, TableModel table, Watcher watcher, KindFeed feed, long? place, bool isInitial, CancellationToken stop)
    {
        try
        {
            var at = place ?? await log.Head();
            if (place is null)
            {
                response.AppendHeartbeat();
                await response.Flush(stop);
                if (isInitial)
                    await watcher.SendInitial(response, reader, stop);
                response.Append(WatchFrames.Ready(at));
            }
            else
            {
                response.AppendHeartbeat();
            }
            await response.Flush(stop);
            at = await CatchUp(response, table, watcher, feed, at, stop);
            await Follow(http, response, watcher, feed, at, stop);
        }
        catch (ProblemException problem)
        {
            await Drop(response, problem.Problem.Code, problem.Problem.Detail ?? problem.Problem.Title, stop);
        }
    }

    /// <summary>What happened before this node kept changes of this kind: read for this watcher alone.</summary>
    private async Task<long> CatchUp(EventResponse response, TableModel table, Watcher watcher, KindFeed feed, long place, CancellationToken stop)
    {
        while (place < feed.From)
        {
            var events = await log.After(place, KindFeed.MostEvents);
            if (events.Count == 0)
                break;
            var batch = await reader.Read(table, events);
            await watcher.SendChanges(response, batch, place, stop);
            place = batch.To;
        }
        return place;
    }

    private async Task Follow(HttpContext http, EventResponse response, Watcher watcher, KindFeed feed, long place, CancellationToken stop)
    {
        var looked = time.GetTimestamp();
        while (true)
        {
            var bell = feed.Next;
            if (feed.After(place) is not { } next)
            {
                await Drop(response, "watcher-too-slow", "More has changed than is kept for a watcher that does not keep up.", stop);
                return;
            }
            if (next.Batch is { } batch)
                await watcher.SendChanges(response, batch, place, stop);
            place = next.To;
            var quiet = time.GetElapsedTime(looked);
            if (quiet >= EventResponse.Heartbeat)
            {
                if (RequestHeaders.BearerToken(http.Request.Headers) is not { } token || await sessions.Find(token) is null)
                    return; // signed out, or the session has ended
                // A watcher to whom nothing is news must not fall behind what is kept of the events.
                response.AppendHeartbeat(place);
                await response.Flush(stop);
                looked = time.GetTimestamp();
            }
            else if (next.Batch is null)
            {
                await Rings(bell, EventResponse.Heartbeat - quiet, stop);
            }
        }
    }

    private async Task Rings(Task bell, TimeSpan longest, CancellationToken stop)
    {
        try
        {
            await bell.WaitAsync(longest, time, stop);
        }
        catch (TimeoutException)
        {
            // Time for a heartbeat.
        }
    }

    private async Task Drop(EventResponse response, string code, string detail, CancellationToken stop)
    {
        seats.Dropped();
        response.Append(WatchFrames.Dropped(code, detail));
        await response.Flush(stop);
    }
}
