using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Nssv.Server.Http;

/// <summary>Answers with problem details (RFC 9457).</summary>
internal static class ProblemWriter
{
    public const string ContentType = "application/problem+json";
    private const string TypePrefix = "https://nssv.dev/problems/";

    private static readonly JsonSerializerOptions Options = new(KernelJson.Options) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public static async Task Write(HttpContext http, Problem problem, string? correlationId = null)
    {
        var response = http.Response;
        response.StatusCode = problem.Status;
        response.ContentType = ContentType;
        response.Headers.CacheControl = "no-store";
        if (problem.RetryAfterSeconds is { } seconds)
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        if (problem.Status == StatusCodes.Status401Unauthorized)
            response.Headers.WWWAuthenticate = "Bearer";
        var body = JsonSerializer.SerializeToUtf8Bytes(Document(problem, correlationId), Options);
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(http.Request.Method))
            await response.Body.WriteAsync(body, http.RequestAborted);
    }

    private static ProblemDocument Document(Problem problem, string? correlationId) =>
        new(TypePrefix + problem.Code, problem.Title, problem.Status, problem.Code, problem.Detail, problem.Advice, problem.Field,
            problem.Errors, problem.Candidates, problem.OperationId, problem.RetryAfterSeconds, correlationId);

    /// <summary>The order in which a person wants to read it.</summary>
    private sealed record ProblemDocument(
        string Type, string Title, int Status, string Code, string? Detail, string? Advice, string? Field,
        IReadOnlyList<FieldError>? Errors, IReadOnlyList<string>? Candidates, Id? OperationId, int? RetryAfterSeconds, string? CorrelationId);
}
