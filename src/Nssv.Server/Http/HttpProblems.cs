namespace Nssv.Server.Http;

/// <summary>What can be wrong with a request before anyone looks at what it wants.</summary>
internal static class HttpProblems
{
    public static Problem NoSuchPath(string path) =>
        new(404, "no-such-path", "There is nothing under this path.", $"The API has no '{path}'.", "See /api/v1/openapi.json for what there is.");

    public static Problem MethodNotAllowed(string method, string path) =>
        new(405, "method-not-allowed", "This path does not take that method.", $"{method} is not possible on '{path}'.", "The Allow header names the methods that are.");

    public static Problem Malformed(string detail) =>
        new(400, "malformed-json", "The body is not valid JSON.", detail, "Send one JSON object in UTF-8 without anything after it.");

    public static Problem ContentType(string? given, string expected) =>
        new(415, "unsupported-media-type", "The body's type is not the one that is wanted.", given is null ? "The request has a body but no Content-Type." : $"The Content-Type is '{given}'.", $"Send it as {expected}.");

    public static Problem TooLarge(long limit) =>
        new(413, "body-too-large", "The body is too large.", $"A request has at most {limit} bytes.", "Send images with PUT /api/v1/images/{id}/content.");

    public static Problem NotAnId(string field, string value) =>
        Problems.Invalid(field, $"'{Shorten(value)}' is not an id: a UUID in lower case with hyphens.", "Look the id up in the list of the collection.", "invalid-id");

    public static Problem Header(string name, string detail) =>
        new(400, "invalid-header", "A header of the request is not valid.", detail, $"Correct the header {name} or leave it out.", name);

    public static Problem Parameter(string name, string detail) =>
        new(400, "invalid-parameter", "A parameter of the request is not valid.", detail, $"Correct '{name}' or leave it out.", name);

    public static Problem Invalid(IReadOnlyList<FieldError> errors) =>
        new(400, errors.Count == 1 ? errors[0].Code : "invalid-request", "The request is not valid.", errors[0].Detail, $"Correct '{errors[0].Field}' and send the request again.", errors[0].Field)
        {
            Errors = errors,
        };

    public static Problem AgentUnknown { get; } =
        new(403, "agent-unknown", "The agent's certificate is not accepted.", "It is none of a host of this platform, or the host was removed or enrolled anew.", "Enrol the host's agent again.");

    public static Problem PeerUnknown { get; } =
        new(403, "peer-unknown", "Only management nodes of this platform may ask this.", "The certificate is none of a management node.", "Issue the node's certificate anew from the platform's authority.");

    private static string Shorten(string value) => value.Length <= 80 ? value : value[..80] + "…";
}
