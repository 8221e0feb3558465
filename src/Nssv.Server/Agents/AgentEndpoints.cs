using System.Text.Json;
using Nssv.Contracts.Agent;
using Nssv.Kernel.Agents;
using Nssv.Server.Http;
using Nssv.Services.Inventory.Enrolments;

namespace Nssv.Server.Agents;

/// <summary>What agents send by themselves: results, heartbeats, reports, requests for a new certificate. On the agents' port only.</summary>
internal sealed class AgentEndpoints(IAgentInbox results, IHostInbox hosts, HostEnrolment enrolment)
{
    private const string Root = "/agent-api/v1";
    private const long LargestMessage = 32L * 1024 * 1024;

    public void Map(IEndpointRouteBuilder endpoints)
    {
        Post<ResultBatch, ResultReceipt>(endpoints, $"{Root}/results", (host, batch) =>
            batch.HostId == host ? results.Results(host, batch) : throw Stranger(host).AsException());
        Post<Heartbeat, HeartbeatReply>(endpoints, $"{Root}/heartbeat", (host, heartbeat) =>
            heartbeat.HostId == host ? hosts.Heartbeat(heartbeat) : throw Stranger(host).AsException());
        Post<HostReport, ReportReceipt>(endpoints, $"{Root}/reports", (host, report) =>
            report.HostId == host ? hosts.Report(report) : throw Stranger(host).AsException());
        Post<RenewCertificate, RenewedCertificate>(endpoints, $"{Root}/certificate", (host, request) =>
            request.HostId == host ? enrolment.Renew(request) : throw Stranger(host).AsException());
    }

    private static void Post<TMessage, TReply>(IEndpointRouteBuilder endpoints, string path, Func<Id, TMessage, Task<TReply>> take) where TReply : notnull =>
        endpoints.MapPost(path, async (HttpContext http) =>
        {
            var host = http.Features.Get<AgentHost>()!.HostId;
            var reply = await take(host, await Read<TMessage>(http));
            await ApiJson.Write(http.Response, StatusCodes.Status200OK, reply);
        }).Allow(Access.Agent).WithMetadata(new Microsoft.AspNetCore.Mvc.RequestSizeLimitAttribute(LargestMessage));

    /// <summary>Fields that this version does not know are passed over: an agent may be newer than its manager while both are upgraded.</summary>
    private static async Task<TMessage> Read<TMessage>(HttpContext http)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync<TMessage>(http.Request.Body, KernelJson.Options, http.RequestAborted)
                ?? throw HttpProblems.Malformed("It is null.").AsException();
        }
        catch (JsonException e)
        {
            throw new ProblemException(HttpProblems.Malformed("The message is not what agents send."), e);
        }
    }

    private static Problem Stranger(Id host) =>
        new(403, "host-mismatch", "An agent speaks for its own host only.", $"The certificate is of host {host}; the message names another.", "Enrol the agent anew.");
}
