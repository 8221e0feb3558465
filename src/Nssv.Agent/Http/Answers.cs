using System.Text.Json;
using Nssv.Kernel;
using Nssv.Kernel.Trust;

namespace Nssv.Agent.Http;

/// <summary>How the agent answers: JSON, problems as RFC 9457 says, and nothing to a role that an endpoint does not serve.</summary>
internal static class Answers
{
    public static async Task Write<T>(HttpContext http, int status, T answer, string contentType = "application/json")
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(answer, KernelJson.Options);
        http.Response.StatusCode = status;
        http.Response.ContentType = contentType;
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }

    /// <summary>Checks the caller's role before the endpoint runs, and turns what it throws into a problem.</summary>
    public static async Task Guard(HttpContext http, RequestDelegate next, ILogger logger)
    {
        try
        {
            Authorise(http);
            await next(http);
        }
        catch (OperationCanceledException)
        {
            // The caller is gone, or the agent ends.
            http.Abort();
        }
        catch (Exception exception)
        {
            var problem = exception switch
            {
                ProblemException refused => refused.Problem,
                BadHttpRequestException bad => new Problem(bad.StatusCode, "bad-request", "The request cannot be read.", bad.Message),
                _ => new Problem(500, "agent-internal", "The host's agent met an error of its own.", null, "Look at the agent's log."),
            };
            if (exception is not (ProblemException or BadHttpRequestException))
                logger.RequestBroke(exception, http.Request.Method, http.Request.Path);
            else
                logger.RequestRefused(http.Request.Method, http.Request.Path, problem.Code, problem.Detail);
            if (http.Response.HasStarted)
                http.Abort();
            else
                await WriteProblem(http, problem);
        }
    }

    private static void Authorise(HttpContext http)
    {
        if (http.GetEndpoint() is not { } endpoint)
            throw Problems.NotFound("path", http.Request.Path).AsException();
        // The connection's certificate was verified in the handshake; what it may do is decided here.
        var role = http.Connection.ClientCertificate is { } certificate ? PlatformIdentity.Of(certificate)?.Role : null;
        if (role is null || endpoint.Metadata.GetMetadata<ServedRoles>() is not { } served || !served.Roles.Contains(role))
            throw new Problem(403, "role-not-served", "This is not served to the holder of this certificate.", $"Its role is {role ?? "unknown"}.").AsException();
    }

    private static async Task WriteProblem(HttpContext http, Problem problem)
    {
        http.Response.Clear();
        if (problem.RetryAfterSeconds is { } seconds)
            http.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        await Write(http, problem.Status, problem, "application/problem+json");
    }
}
