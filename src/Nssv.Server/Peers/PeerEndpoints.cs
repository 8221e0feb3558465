using System.Text.Json;
using Nssv.Kernel.Peers;
using Nssv.Server.Http;

namespace Nssv.Server.Peers;

/// <summary>What other management nodes ask of this one. On the agents' port, for certificates of managers only.</summary>
internal sealed partial class PeerEndpoints(PeerInbox inbox, ILogger<PeerEndpoints> log)
{
    public const string Messages = "/peer-api/v1/messages";

    /// <summary>What nodes of the first level ask to see whether this one answers.</summary>
    public const string Health = "/peer-api/v1/health";
    private const long LargestMessage = 32L * 1024 * 1024;

    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost(Messages, Take).Allow(Access.Peer).WithMetadata(new Microsoft.AspNetCore.Mvc.RequestSizeLimitAttribute(LargestMessage));
        endpoints.MapGet(Health, http => ApiJson.Write(http.Response, StatusCodes.Status200OK, new { status = "alive" })).Allow(Access.Peer);
    }

    private async Task Take(HttpContext http)
    {
        var reply = await Answer(http);
        await ApiJson.Write(http.Response, StatusCodes.Status200OK, writer => JsonSerializer.Serialize(writer, reply, KernelJson.Options));
    }

    private async Task<PeerReply> Answer(HttpContext http)
    {
        PeerRequest? request;
        try
        {
            request = await JsonSerializer.DeserializeAsync<PeerRequest>(http.Request.Body, KernelJson.Options, http.RequestAborted);
        }
        catch (JsonException e)
        {
            throw new ProblemException(HttpProblems.Malformed("The message is not what management nodes send."), e);
        }

        try
        {
            return await inbox.Take(request ?? throw HttpProblems.Malformed("It is null.").AsException());
        }
        catch (Exception e) when (e is not ProblemException)
        {
            LogFailed(log, http.Features.Get<PeerNode>()!.MemberId, request!.GetType().Name, e);
            return new PeerReply(PeerOutcome.Unknown, Detail: "The management node that owns the resource met an error of its own; its log tells more.");
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "What management node {MemberId} asked for ({Request}) failed")]
    private static partial void LogFailed(ILogger log, Id memberId, string request, Exception error);
}
