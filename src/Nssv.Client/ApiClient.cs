using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nssv.Client.Operations;
using Nssv.Client.Problems;
using Nssv.Client.Transport;

namespace Nssv.Client;

/// <summary>A client of the platform's public API, version 1. Resources are JSON objects, so that a client need not know every field of a newer server.</summary>
public sealed partial class ApiClient : IDisposable
{
    /// <summary>The path before every collection.</summary>
    public const string Root = "/api/v1";

    private const int PageSize = 500;
    private readonly ApiConnection connection;
    private readonly HttpClient http;

    /// <summary>Prepares a client; nothing is sent yet.</summary>
    public ApiClient(ApiConnection connection)
    {
        this.connection = connection;
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = !connection.Server.IsLoopback,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
        };
        handler.SslOptions.RemoteCertificateValidationCallback = connection.Trust.Accepts;
        http = new HttpClient(handler) { BaseAddress = connection.Server, Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Where this client's server is.</summary>
    public Uri Server => connection.Server;

    /// <summary>Opens a session by password; the answer has <c>token</c> and <c>expiresAt</c>.</summary>
    public async Task<JsonObject> SignIn(string accountName, string password, CancellationToken cancellation = default)
    {
        var request = new ApiRequest(HttpMethod.Post, $"{Root}/sessions") { Body = new JsonObject { ["accountName"] = accountName, ["password"] = password } };
        return JsonObjectOf(await Checked(request, signed: false, cancellation));
    }

    /// <summary>True when the manager says that it is ready to work.</summary>
    public async Task<bool> IsReady(CancellationToken cancellation = default) => (await WhyNotReady(cancellation)).Count == 0;

    /// <summary>What keeps the manager from serving, one sentence each; nothing when it is ready.</summary>
    public async Task<IReadOnlyList<string>> WhyNotReady(CancellationToken cancellation = default)
    {
        try
        {
            var answer = await SendOnce(new ApiRequest(HttpMethod.Get, "/health/ready"), token: null, cancellation);
            if (answer.IsSuccess)
                return [];
            var failed = JsonObjectOf(answer)["checks"] as JsonArray ?? [];
            return failed.OfType<JsonObject>().Where(check => check["ok"]?.GetValue<bool>() == false).Select(check => $"{check["name"]}: {check["detail"]}").ToList() is { Count: > 0 } reasons
                ? reasons
                : [$"It answers with status {(int)answer.Status}."];
        }
        catch (Exception fault) when (fault is HttpRequestException or TimeoutException or ApiProblemException or System.Text.Json.JsonException)
        {
            return ["It does not answer."];
        }
    }

    /// <summary>One resource; a problem of status 404 when there is none.</summary>
    public async Task<JsonObject> Get(string collection, string id, CancellationToken cancellation = default) =>
        JsonObjectOf(await Checked(new ApiRequest(HttpMethod.Get, $"{Root}/{collection}/{Uri.EscapeDataString(id)}"), signed: true, cancellation));

    /// <summary>A collection that is small and comes whole.</summary>
    public async Task<JsonObject> Get(string collection, CancellationToken cancellation = default) =>
        JsonObjectOf(await Checked(new ApiRequest(HttpMethod.Get, $"{Root}/{collection}"), signed: true, cancellation));

    /// <summary>The resources of a collection that fit, page after page.</summary>
    public async IAsyncEnumerable<JsonObject> List(string collection, ListQuery query, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var left = query.Limit ?? int.MaxValue;
        string? cursor = null;
        while (left > 0)
        {
            var page = JsonObjectOf(await Checked(query.ToRequest($"{Root}/{collection}", Math.Min(left, PageSize), cursor), signed: true, cancellation));
            foreach (var item in (page["items"] as JsonArray ?? []).OfType<JsonObject>())
            {
                if (left-- <= 0)
                {
                    yield break;
                }

                yield return item;
            }

            var next = page["nextCursor"].AsText();
            if (string.IsNullOrEmpty(next) || next == cursor)
            {
                yield break;
            }

            cursor = next;
        }
    }

    /// <summary>Groups of a collection instead of its resources: one object each, with the fields that are grouped by and what was asked about them.</summary>
    public async Task<IReadOnlyList<JsonObject>> Groups(string collection, ListQuery query, CancellationToken cancellation = default)
    {
        var answer = JsonObjectOf(await Checked(query.ToRequest($"{Root}/{collection}", pageSize: null, cursor: null), signed: true, cancellation));
        return [.. (answer["groups"] as JsonArray ?? []).OfType<JsonObject>()];
    }

    /// <summary>Asks for a change and gives the operation that makes it. The idempotency key is the same on every attempt, so a repeat after a lost answer changes nothing twice.</summary>
    public async Task<OperationSnapshot> Mutate(ApiRequest request, CancellationToken cancellation = default)
    {
        var keyed = request with { IdempotencyKey = request.IdempotencyKey ?? Guid.CreateVersion7().ToString() };
        return OperationSnapshot.FromJson(JsonObjectOf(await Checked(keyed, signed: true, cancellation)));
    }

    /// <summary>Asks with <c>dryRun</c> what a deletion or detachment would do.</summary>
    public async Task<JsonObject> Plan(ApiRequest request, CancellationToken cancellation = default) =>
        JsonObjectOf(await Checked(request with { IsRead = true }, signed: true, cancellation));

    /// <summary>A call whose answer, good or bad, is the caller's to judge.</summary>
    public Task<ApiAnswer> Send(ApiRequest request, CancellationToken cancellation = default) => SendSigned(request, cancellation);

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    internal async Task<ApiAnswer> Checked(ApiRequest request, bool signed, CancellationToken cancellation)
    {
        var answer = signed ? await SendSigned(request, cancellation) : await SendRetrying(request, token: null, cancellation);
        return answer.IsSuccess ? answer : throw new ApiProblemException(ProblemReader.FromBody(answer.Status, answer.Body));
    }

    private static JsonObject JsonObjectOf(ApiAnswer answer)
    {
        try
        {
            return JsonNode.Parse(answer.Body) as JsonObject ?? throw new JsonException("not an object");
        }
        catch (JsonException fault)
        {
            var problem = new ApiProblem { Status = (int)answer.Status, Code = "unexpected-answer", Title = "The server's answer is not what this client understands", Detail = fault.Message, Advice = "Check that the address is that of an nSSV manager." };
            throw new ApiProblemException(problem, fault);
        }
    }

    private async Task<ApiAnswer> SendSigned(ApiRequest request, CancellationToken cancellation)
    {
        var token = await connection.Token(false, cancellation);
        var answer = await SendRetrying(request, token, cancellation);
        if (answer.Status != HttpStatusCode.Unauthorized)
        {
            return answer;
        }

        var renewed = await connection.Token(true, cancellation);
        return renewed is null || renewed == token ? answer : await SendRetrying(request, renewed, cancellation);
    }

    private async Task<ApiAnswer> SendRetrying(ApiRequest request, string? token, CancellationToken cancellation)
    {
        var repeatable = request.Method == HttpMethod.Get || request.Method == HttpMethod.Head || request.IsRead || request.IdempotencyKey is not null;
        for (var attempt = 1; ; attempt++)
        {
            var last = !repeatable || attempt >= connection.Retry.Attempts;
            TimeSpan? askedFor = null;
            try
            {
                var answer = await SendOnce(request, token, cancellation, after => askedFor = after);
                if (last || !RetryPolicy.IsTransient(answer.Status))
                {
                    return answer;
                }
            }
            catch (HttpRequestException fault) when (!last && RetryPolicy.IsTransient(fault))
            {
                // Lost on the way: whether the server saw it is unknown, and the key makes a repeat harmless.
            }
            catch (TimeoutException) when (!last)
            {
                // As above.
            }

            await Task.Delay(connection.Retry.DelayAfter(attempt, askedFor), connection.Time, cancellation);
        }
    }

    private async Task<ApiAnswer> SendOnce(ApiRequest request, string? token, CancellationToken cancellation, Action<TimeSpan?>? retryAfter = null)
    {
        using var message = Message(request, token);
        using var limit = new CancellationTokenSource(connection.AnswerTimeout + (request.Wait ?? TimeSpan.Zero), connection.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            using var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, both.Token);
            retryAfter?.Invoke(response.Headers.RetryAfter?.Delta);
            var body = await response.Content.ReadAsStringAsync(both.Token);
            return new(response.StatusCode, body, response.Content.Headers.ContentType?.MediaType, response.Headers.ETag?.Tag.Trim('"'));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // Of this limit, or of the shorter one for connecting.
            throw new TimeoutException($"{Server.Authority} gave no answer within {connection.AnswerTimeout.TotalSeconds:0} s.");
        }
        catch (IOException fault)
        {
            // The connection broke inside the body; the same kind of fault as one before the headers.
            throw new HttpRequestException(HttpRequestError.ResponseEnded, fault.Message, fault);
        }
    }

    private static HttpRequestMessage Message(ApiRequest request, string? token)
    {
        var message = new HttpRequestMessage(request.Method, request.Path);
        message.Headers.UserAgent.Add(new ProductInfoHeaderValue("nssv-cli", typeof(ApiClient).Assembly.GetName().Version?.ToString(3)));
        message.Headers.Accept.ParseAdd("application/json");
        if (token is not null)
        {
            message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        if ((request.RawBody ?? request.Body?.ToJsonString()) is { } body)
        {
            message.Content = new StringContent(body, Encoding.UTF8, request.Method == HttpMethod.Patch ? "application/merge-patch+json" : "application/json");
        }

        Set("Idempotency-Key", request.IdempotencyKey);
        Set("If-Match", request.IfMatch is null ? null : request.IfMatch == "*" ? "*" : $"\"{request.IfMatch.Trim('"')}\"");
        Set("Prefer", request.Wait is { } wait ? $"wait={(int)wait.TotalSeconds}" : null);
        foreach (var (name, value) in request.Headers)
        {
            if (name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase))
            {
                message.Content ??= new ByteArrayContent([]);
                message.Content.Headers.Remove(name);
                message.Content.Headers.TryAddWithoutValidation(name, value);
            }
            else
            {
                message.Headers.Remove(name);
                message.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return message;

        void Set(string name, string? value)
        {
            if (value is not null)
            {
                message.Headers.TryAddWithoutValidation(name, value);
            }
        }
    }
}
