using System.Diagnostics;
using Nssv.Server.Metrics;

namespace Nssv.Server.Http;

/// <summary>One line a request, and its figures: method, route, status, time, operation, account. Never headers, parameters or bodies, so never a secret.</summary>
internal sealed partial class RequestLog(ILogger<RequestLog> log, HttpMetrics metrics)
{
    private const string Unmatched = "(no route)";

    /// <summary>Notes the operation that the request led to.</summary>
    public static void Name(HttpContext http, Id operationId) => http.Items[typeof(RequestLog)] = operationId;

    public async Task Write(HttpContext http, Func<Task> next)
    {
        var start = Stopwatch.GetTimestamp();
        metrics.Began();
        try
        {
            await next();
        }
        finally
        {
            var route = (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? Unmatched;
            var method = Method(http.Request.Method);
            var took = Stopwatch.GetElapsedTime(start);
            metrics.Answered(method, route, http.Response.StatusCode, took);
            var level = http.Response.StatusCode >= 500 ? LogLevel.Warning : IsRoutine(http, route) ? LogLevel.Debug : LogLevel.Information;
            if (log.IsEnabled(level))
            {
                Answered(level, method, route, http.Response.StatusCode, took.TotalMilliseconds,
                    http.Items[typeof(RequestLog)] as Id?, http.Features.Get<Services.Identity.ActiveSession>()?.Caller.Name);
            }
        }
    }

    /// <summary>Health checks, and what agents and managers send all the time: with 5,000 hosts that would be some gigabytes of log a day.</summary>
    private static bool IsRoutine(HttpContext http, string route) =>
        route.StartsWith("/health", StringComparison.Ordinal) || http.Response.StatusCode < 400 && (route.StartsWith("/agent-api/", StringComparison.Ordinal) || route.StartsWith("/peer-api/", StringComparison.Ordinal));

    public void Failed(string correlationId, Exception error) => Unhandled(correlationId, error);

    /// <summary>A method is whatever the client sends: only known ones go into the log.</summary>
    private static string Method(string method) => HttpMethods.GetCanonicalizedValue(method) is var known
        && (HttpMethods.IsGet(known) || HttpMethods.IsPost(known) || HttpMethods.IsPatch(known) || HttpMethods.IsDelete(known) || HttpMethods.IsPut(known) || HttpMethods.IsHead(known) || HttpMethods.IsOptions(known)) ? known : "(other)";

    [LoggerMessage(EventId = 1, Message = "{Method} {Route} {Status} {Milliseconds:0.0} ms operation={OperationId} account={Account}")]
    private partial void Answered(LogLevel level, string method, string route, int status, double milliseconds, Id? operationId, string? account);

    [LoggerMessage(EventId = 2, Level = LogLevel.Error, Message = "Unhandled error, correlation id {CorrelationId}")]
    private partial void Unhandled(string correlationId, Exception error);
}
