using System.Text.Json.Serialization;

namespace Nssv.Kernel;

/// <summary>What went wrong, for a person and for a program (RFC 9457). A wrong request changes nothing.</summary>
/// <param name="Status">HTTP status code.</param>
/// <param name="Code">Stable, kebab-case; clients may depend on it.</param>
/// <param name="Title">One short sentence that is the same for every problem of this code.</param>
/// <param name="Detail">What happened here, with names and figures.</param>
/// <param name="Advice">What the person can do about it.</param>
/// <param name="Field">The field of the request that is wrong, as a JSON path without the leading <c>$.</c>.</param>
public sealed record Problem(
    int Status,
    string Code,
    string Title,
    string? Detail = null,
    string? Advice = null,
    string? Field = null)
{
    /// <summary>Every wrong field of the request, when there are several.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<FieldError>? Errors { get; init; }

    /// <summary>What could have been meant: words, or resources as <see cref="Problems.Candidates"/> writes them.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Candidates { get; init; }

    /// <summary>The operation that is in the way or that failed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Id? OperationId { get; init; }

    /// <summary>Seconds after which a retry is sensible (429, 503).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? RetryAfterSeconds { get; init; }

    public ProblemException AsException() => new(this);
}

/// <summary>One wrong field of a request.</summary>
public sealed record FieldError(string Field, string Code, string Detail);

/// <summary>Carries a <see cref="Problem"/> to the edge, where it becomes an answer or an operation's error.</summary>
public sealed class ProblemException(Problem problem, Exception? inner = null) : Exception($"{problem.Code}: {problem.Detail ?? problem.Title}", inner)
{
    public Problem Problem { get; } = problem;
}
