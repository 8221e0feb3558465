using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Nssv.Client.Problems;

/// <summary>Turns whatever an error answer carries into an <see cref="ApiProblem"/>; a body that is no problem document still yields a readable one.</summary>
public static class ProblemReader
{
    private const int QuotedBody = 300;

    /// <summary>Reads a problem document, for example an operation's <c>error</c>.</summary>
    public static ApiProblem FromJson(JsonObject document, int fallbackStatus = 0) => new()
    {
        Status = document["status"].AsInt32() ?? fallbackStatus,
        Title = document["title"].AsText() ?? document["code"].AsText() ?? "The request failed",
        Code = document["code"].AsText(),
        Detail = document["detail"].AsText(),
        Advice = document["advice"].AsText(),
        Field = document["field"].AsText(),
        OperationId = document["operationId"].AsText(),
        Errors = [.. Objects(document["errors"]).Select(e => new FieldProblem(e["field"].AsText() ?? "", e["code"].AsText(), e["detail"].AsText()))],
        Candidates = document["candidates"] is JsonArray candidates ? [.. candidates.Select(ReadCandidate)] : [],
        Document = (JsonObject)document.DeepClone(),
    };

    /// <summary>Reads the body of an error answer.</summary>
    public static ApiProblem FromBody(HttpStatusCode status, string body)
    {
        try
        {
            if (JsonNode.Parse(body) is JsonObject document && (document.ContainsKey("title") || document.ContainsKey("code") || document.ContainsKey("detail")))
            {
                return FromJson(document, (int)status);
            }
        }
        catch (JsonException)
        {
            // Not written by the platform: a proxy's page, or nothing at all. The status still says something.
        }

        var text = body.Trim();
        return new ApiProblem
        {
            Status = (int)status,
            Title = $"The server answered {(int)status} {status}",
            Code = "unexpected-answer",
            Detail = text.Length == 0 ? null : text.Length <= QuotedBody ? text : text[..QuotedBody] + "…",
        };
    }

    private static Candidate ReadCandidate(JsonNode? candidate) => candidate is JsonObject c
        ? new(c["id"].AsText() ?? "", c["name"].AsText(), c["detail"].AsText())
        : ReadText(candidate.AsText() ?? "");

    /// <summary>The platform writes a word, or a resource as its id and its name.</summary>
    private static Candidate ReadText(string text) =>
        text.IndexOf(' ') is > 0 and var end && Guid.TryParseExact(text[..end], "D", out _) ? new(text[..end], text[(end + 1)..]) : new(text, null);

    private static IEnumerable<JsonObject> Objects(JsonNode? node) => node is JsonArray array ? array.OfType<JsonObject>() : [];
}
