using System.Security.Cryptography;
using Nssv.Kernel.Authorization;
using Nssv.Kernel.Data;
using Nssv.Server.Agents;
using Nssv.Server.Audit;
using Nssv.Server.Metrics;
using Nssv.Server.Peers;
using Nssv.Services.Identity;

namespace Nssv.Server.Http;

/// <summary>What every request passes before its endpoint: the log, errors to problems, the right port, the session, the permission.</summary>
internal sealed class Pipeline(
    RequestLog log, Sessions sessions, IAuthoriser authoriser, AgentIdentity agents, PeerIdentity peers, ScrapeToken scrape, HttpMetrics metrics, AuditTrail audit, TimeProvider time)
{
    private const string StrictTransport = "max-age=31536000";

    public void Use(WebApplication app)
    {
        app.Use(next => http => log.Write(http, () => Guard(http, next)));
        app.UseRouting();
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = TimeSpan.FromSeconds(30) });
        app.Use(next => http => Admit(http, next));
    }

    /// <summary>Whatever goes wrong below becomes a problem; an empty refusal of the framework's too.</summary>
    private async Task Guard(HttpContext http, RequestDelegate next)
    {
        if (http.Request.IsHttps)
            http.Response.Headers.StrictTransportSecurity = StrictTransport;
        http.Response.Headers.XContentTypeOptions = "nosniff";
        var begun = Clock.Now(time);
        try
        {
            await next(http);
            await audit.Done(http, begun);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            return; // nobody is there to be told
        }
        catch (Exception error)
        {
            await Fail(http, error, begun);
            return;
        }
        if (!http.Response.HasStarted && http.Response.StatusCode >= 400 && http.Response.ContentType is null)
            await ProblemWriter.Write(http, OfStatus(http));
    }

    private async Task Fail(HttpContext http, Exception error, DateTimeOffset begun)
    {
        var (problem, correlationId) = error switch
        {
            ProblemException { Problem: var known } => (known, null),
            BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => (HttpProblems.TooLarge(RequestBody.Limit), null),
            BadHttpRequestException => (new Problem(400, "bad-request", "The request is not valid HTTP.", "It was cut off, or its headers contradict its body.", "Send it again."), null),
            OutcomeUnknownException => (Problems.Unavailable("The connection to the database was lost while writing: whether the change was made is not known."), (string?)null),
            _ => (Problems.Internal("The request could not be carried out; it may be repeated with the same Idempotency-Key."), Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))),
        };
        metrics.Refused(problem.Code);
        await audit.Refused(http, problem, begun);
        if (correlationId is not null)
            log.Failed(correlationId, error);
        if (http.Response.HasStarted)
        {
            http.Abort(); // an answer that cannot be taken back must not look whole
            return;
        }
        var transport = http.Response.Headers.StrictTransportSecurity;
        http.Response.Clear();
        http.Response.Headers.StrictTransportSecurity = transport;
        http.Response.Headers.XContentTypeOptions = "nosniff";
        await ProblemWriter.Write(http, correlationId is null ? problem : problem with { Advice = "Look at the manager's log for the correlation id." }, correlationId);
    }

    private static Problem OfStatus(HttpContext http) => http.Response.StatusCode switch
    {
        404 => HttpProblems.NoSuchPath(Shown(http.Request.Path)),
        405 => HttpProblems.MethodNotAllowed(Shown(http.Request.Method), Shown(http.Request.Path)),
        413 => HttpProblems.TooLarge(RequestBody.Limit),
        415 => HttpProblems.ContentType(null, RequestBody.Json),
        var status => new Problem(status, "bad-request", "The request was refused.", $"Status {status}."),
    };

    private static string Shown(string text) => text.Length <= 200 ? text : text[..200] + "…";

    /// <summary>Lets a request through to its endpoint, or throws the reason why not.</summary>
    private async Task Admit(HttpContext http, RequestDelegate next)
    {
        var endpoint = http.GetEndpoint();
        if (endpoint is not RouteEndpoint)
        {
            await next(http); // nothing there, or routing's own refusal of the method
            return;
        }
        var access = endpoint.Metadata.GetMetadata<Access>() ?? throw new InvalidOperationException($"{endpoint.DisplayName} says nothing about who may call it.");
        if (http.Features.Get<ListenerFeature>()?.Listener != access.Listener)
            throw HttpProblems.NoSuchPath(Shown(http.Request.Path)).AsException();
        switch (access.Kind)
        {
            case AccessKind.Scrape when RequestHeaders.BearerToken(http.Request.Headers) is { } shown && scrape.Is(shown):
                break;
            case AccessKind.Session or AccessKind.Scrape:
                var session = RequestHeaders.BearerToken(http.Request.Headers) is { } token ? await sessions.Find(token) : null;
                http.Features.Set(session ?? throw IdentityProblems.SessionNeeded.AsException());
                if (access.Permission is { } permission && authoriser.Refusal(session.Caller, permission) is { } refusal)
                    throw refusal.AsException();
                break;
            case AccessKind.Agent:
                http.Features.Set(await agents.Find(http) ?? throw HttpProblems.AgentUnknown.AsException());
                break;
            case AccessKind.Peer:
                http.Features.Set(peers.Find(http.Connection.ClientCertificate) ?? throw HttpProblems.PeerUnknown.AsException());
                break;
        }
        await next(http);
    }
}
