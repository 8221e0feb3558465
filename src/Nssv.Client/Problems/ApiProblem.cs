using System.Text.Json.Nodes;

namespace Nssv.Client.Problems;

/// <summary>One field of a refused request: which, why as a stable code, and why in words.</summary>
public sealed record FieldProblem(string Field, string? Code, string? Detail);

/// <summary>A resource that an ambiguous name could mean.</summary>
public sealed record Candidate(string Id, string? Name, string? Detail = null);

/// <summary>Why the platform refused or failed a request (RFC 9457 problem details with <c>code</c> and <c>advice</c>).</summary>
public sealed record ApiProblem
{
    /// <summary>The HTTP status, or 0 when the problem was found before a request was sent.</summary>
    public int Status { get; init; }

    /// <summary>One short line that is the same for every problem of this code.</summary>
    public required string Title { get; init; }

    /// <summary>The stable code that programs compare, for example <c>vm-volume-in-use</c>.</summary>
    public string? Code { get; init; }

    /// <summary>What happened here, with names.</summary>
    public string? Detail { get; init; }

    /// <summary>What a person can do about it.</summary>
    public string? Advice { get; init; }

    /// <summary>The field that is at fault when there is just one.</summary>
    public string? Field { get; init; }

    /// <summary>The operation that failed, or that stands in the way.</summary>
    public string? OperationId { get; init; }

    /// <summary>Every field at fault.</summary>
    public IReadOnlyList<FieldProblem> Errors { get; init; } = [];

    /// <summary>What an ambiguous name could have meant.</summary>
    public IReadOnlyList<Candidate> Candidates { get; init; } = [];

    /// <summary>The problem as the server wrote it, extension members included.</summary>
    public JsonObject? Document { get; init; }

    /// <summary>The problem as JSON: the server's own document, or one made of the members here.</summary>
    public JsonObject ToJson()
    {
        if (Document is not null)
        {
            return (JsonObject)Document.DeepClone();
        }

        var json = new JsonObject { ["title"] = Title };
        Put("status", Status == 0 ? null : JsonValue.Create(Status));
        Put("code", Code);
        Put("detail", Detail);
        Put("advice", Advice);
        Put("field", Field);
        Put("operationId", OperationId);
        Put("errors", Errors.Count == 0 ? null : new JsonArray([.. Errors.Select(e => new JsonObject { ["field"] = e.Field, ["code"] = e.Code, ["detail"] = e.Detail })]));
        Put("candidates", Candidates.Count == 0 ? null : new JsonArray([.. Candidates.Select(c => new JsonObject { ["id"] = c.Id, ["name"] = c.Name, ["detail"] = c.Detail })]));
        return json;

        void Put(string name, JsonNode? value)
        {
            if (value is not null)
            {
                json[name] = value;
            }
        }
    }
}
