using System.Text.Json.Nodes;

namespace Nssv.Client;

/// <summary>One call: method, path below the server and what goes with it.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">The path with its query, for example <c>/api/v1/hosts?limit=10</c>.</param>
public sealed record ApiRequest(HttpMethod Method, string Path)
{
    /// <summary>The JSON body.</summary>
    public JsonNode? Body { get; init; }

    /// <summary>A body that is sent as it is; takes the place of <see cref="Body"/>.</summary>
    public string? RawBody { get; init; }

    /// <summary>Makes repeats of a mutation harmless; the same on every attempt.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>It changes nothing, whatever its method: it may be repeated.</summary>
    public bool IsRead { get; init; }

    /// <summary>The version that the resource must still have.</summary>
    public string? IfMatch { get; init; }

    /// <summary>How long the server may hold the answer until the operation ends (RFC 7240).</summary>
    public TimeSpan? Wait { get; init; }

    /// <summary>Further headers.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];
}

/// <summary>What came back.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">The body as text.</param>
/// <param name="ContentType">The body's media type.</param>
/// <param name="ETag">The resource's version, without quotes.</param>
public sealed record ApiAnswer(System.Net.HttpStatusCode Status, string Body, string? ContentType, string? ETag)
{
    /// <summary>True for 200 to 299.</summary>
    public bool IsSuccess => (int)Status is >= 200 and < 300;
}
