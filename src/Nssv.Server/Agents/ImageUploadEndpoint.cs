using System.Net;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Nssv.Contracts.Images;
using Nssv.Kernel.Agents;
using Nssv.Server.Audit;
using Nssv.Server.Http;
using Nssv.Server.OpenApi;

namespace Nssv.Server.Agents;

/// <summary>PUT /api/v1/images/{id}/content: bytes flow through to the host as they come. Nothing is kept here, and nobody sends faster than the host writes.</summary>
internal sealed class ImageUploadEndpoint(IImageUploads uploads, AgentClient agents, Acceptance acceptance)
{
    public const string Permission = "image.upload";
    private const string ContentType = "application/octet-stream";

    public void Map(IEndpointRouteBuilder endpoints) =>
        endpoints.MapPut($"{ApiPaths.Root}/images/{{id}}/content", Handle).Allow(Access.Permitted(Permission)).WithMetadata(new Audited("image.upload"), new Microsoft.AspNetCore.Mvc.DisableRequestSizeLimitAttribute(),
            new Answers("Upload an image's bytes (application/octet-stream)", ("202", typeof(Kernel.Operations.Operation))));

    private async Task Handle(HttpContext http)
    {
        QueryParameters.Check(http.Request.Query);
        if (!string.Equals(http.Request.ContentType, ContentType, StringComparison.OrdinalIgnoreCase))
            throw HttpProblems.ContentType(http.Request.ContentType, ContentType).AsException();
        var upload = await uploads.Begin(http.RouteId()!.Value, http.Caller());
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = null;
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
            rate.MinDataRate = null; // a slow line is no attack; a dead one ends with the connection
        await Send(http, upload);
        await acceptance.Answer(http, await uploads.Complete(upload), RequestHeaders.Wait(http.Request.Headers));
    }

    private async Task Send(HttpContext http, ImageUpload upload)
    {
        try
        {
            var url = await agents.Url(upload.HostId, $"/agent/v1/images/{upload.ImageId}/content?imageStorageId={upload.ImageStorageId}");
            using var request = new HttpRequestMessage(HttpMethod.Put, url) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower };
            request.Content = new StreamContent(http.Request.Body);
            request.Content.Headers.ContentType = new(ContentType);
            request.Content.Headers.ContentLength = http.Request.ContentLength;
            using var answer = await agents.Of(upload.HostId).SendAsync(request, http.RequestAborted);
            if (!answer.IsSuccessStatusCode)
                throw (await AgentProblem(answer, http.RequestAborted)).AsException();
        }
        catch (Exception e) when (e is HttpRequestException { InnerException: not BadHttpRequestException } or HostUnreachableException)
        {
            throw new ProblemException(new Problem(502, "host-unreachable", "The host that keeps the image does not answer.", "The upload was broken off; nothing of it is used.", "See that the host is connected, then upload again."), e);
        }
        catch (HttpRequestException e)
        {
            throw new ProblemException(new Problem(400, "upload-incomplete", "The upload was cut off.", "Fewer bytes came than were announced.", "Upload again."), e);
        }
    }

    /// <summary>The agent's own problem where it gave one (no space, too large), else what its status says.</summary>
    internal static async Task<Problem> AgentProblem(HttpResponseMessage answer, CancellationToken cancel)
    {
        try
        {
            await answer.Content.LoadIntoBufferAsync(64 * 1024, cancel);
            if (System.Text.Json.JsonSerializer.Deserialize<Problem>(await answer.Content.ReadAsByteArrayAsync(cancel), KernelJson.Options) is { Status: >= 400 and < 600, Code.Length: > 0 } problem)
                return problem;
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or HttpRequestException)
        {
            // Not a problem document: the status has to do.
        }
        return new Problem(502, "host-refused", "The host refused.", $"Its agent answered with status {(int)answer.StatusCode}.", "Look at the agent's log.");
    }
}
