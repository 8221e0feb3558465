using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Nssv.Agent.Protocol;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Trust;

namespace Nssv.Agent.Http;

/// <summary>What managers (and, for images, other agents) may ask of this host.</summary>
/// <param name="served">Which agent the connection leads to: this process's only one, or, in a simulator, one of many.</param>
internal sealed class AgentEndpoints(Func<HttpContext, ValueTask<ServedAgent>> served, CancellationToken stopping)
{
    private const string Root = "/agent/v1";
    private const string CallbackHeader = "X-Callback-Url";
    private const long LargestMessage = 32L * 1024 * 1024;

    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost($"{Root}/commands", Commands).For(PlatformIdentity.Manager);
        endpoints.MapPost($"{Root}/operations/ask", Ask).For(PlatformIdentity.Manager);
        endpoints.MapPost($"{Root}/operations/forget", Forget).For(PlatformIdentity.Manager);
        endpoints.MapPost($"{Root}/heartbeat", BeatNow).For(PlatformIdentity.Manager);
        endpoints.MapPut($"{Root}/images/{{imageId}}/content", Upload).For(PlatformIdentity.Manager);
        endpoints.MapGet($"{Root}/images/{{imageId}}/content", Download).For(PlatformIdentity.Manager, PlatformIdentity.Agent);
        // A WebSocket comes as GET with an upgrade on HTTP/1.1 and as CONNECT on HTTP/2 (RFC 8441).
        endpoints.MapMethods($"{Root}/console/{{virtualMachineId}}", [HttpMethods.Get, HttpMethods.Connect], Console).For(PlatformIdentity.Manager);
    }

    private async Task Commands(HttpContext http)
    {
        if (http.Request.Headers[CallbackHeader] is not [{ Length: > 0 } callbackUrl])
            throw Problems.Invalid(CallbackHeader, "The header with the URL for the results is missing.").AsException();
        var receipt = await (await served(http)).Desk.Accept(await Read<CommandBatch>(http), callbackUrl);
        await Answers.Write(http, StatusCodes.Status202Accepted, receipt);
    }

    private async Task Ask(HttpContext http) => await Answers.Write(http, StatusCodes.Status200OK, await (await served(http)).Desk.Ask(await Read<Ask>(http)));

    private async Task Forget(HttpContext http)
    {
        await (await served(http)).Desk.Forget(await Read<Forget>(http));
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task BeatNow(HttpContext http)
    {
        (await served(http)).BeatNow();
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task Upload(HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = null;
        using var ending = Ending(http);
        await (await served(http)).Engine.ReceiveUpload(StorageId(http), RouteId(http, "imageId"), http.Request.Body, http.Request.ContentLength, ending.Token);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task Download(HttpContext http)
    {
        using var ending = Ending(http);
        var image = await (await served(http)).Engine.OpenImage(StorageId(http), RouteId(http, "imageId"), ending.Token);
        await using var content = image.Content;
        http.Response.ContentType = image.MediaType;
        http.Response.ContentLength = image.Length;
        http.Response.Headers[StoredImage.ChecksumHeader] = image.StoredSha256;
        await content.CopyToAsync(http.Response.Body, 1 << 20, ending.Token);
    }

    private async Task Console(HttpContext http)
    {
        if (!http.WebSockets.IsWebSocketRequest)
            throw new Problem(426, "websocket-needed", "The console is a WebSocket.", null, "Connect with a WebSocket client.").AsException();
        using var ending = Ending(http);
        await using var console = await (await served(http)).Engine.OpenConsole(RouteId(http, "virtualMachineId"), ending.Token);
        using var socket = await http.WebSockets.AcceptWebSocketAsync();
        await ConsoleBridge.Run(socket, console, ending.Token);
    }

    /// <summary>What flows for long ends with its caller and with the agent.</summary>
    private CancellationTokenSource Ending(HttpContext http) => CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);

    private static Id RouteId(HttpContext http, string name) => Id.TryParse(Convert.ToString(http.Request.RouteValues[name], CultureInfo.InvariantCulture), null, out var id)
        ? id
        : throw Problems.Invalid(name, $"{name} in the path is no id.").AsException();

    private static Id? StorageId(HttpContext http) => http.Request.Query["imageStorageId"] switch
    {
        [] => null,
        [var text] when Id.TryParse(text, null, out var id) => id,
        _ => throw Problems.Invalid("imageStorageId", "imageStorageId is no id.").AsException(),
    };

    private static async Task<T> Read<T>(HttpContext http)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = LargestMessage;
        try
        {
            return await JsonSerializer.DeserializeAsync<T>(http.Request.Body, KernelJson.Options, http.RequestAborted)
                ?? throw new JsonException("It is null.");
        }
        catch (JsonException exception)
        {
            throw new ProblemException(Problems.Invalid("body", $"The message is no {typeof(T).Name}: {exception.Message}", "Bring manager and agent to versions that fit.", "malformed-message"), exception);
        }
    }
}

/// <summary>An agent as its endpoints see it.</summary>
internal sealed record ServedAgent(CommandDesk Desk, IHostEngine Engine, Action BeatNow)
{
    public static ServedAgent Of(AgentCore core, IHostEngine engine) => new(core.Desk, engine, core.BeatNow);
}

/// <summary>Which roles an endpoint serves. One that says nothing serves nobody.</summary>
internal sealed record ServedRoles(IReadOnlyList<string> Roles);

internal static class EndpointRoles
{
    public static void For(this IEndpointConventionBuilder endpoint, params IReadOnlyList<string> roles) => endpoint.WithMetadata(new ServedRoles(roles));
}
