using Nssv.Contracts.Agent;
using Nssv.Contracts.Identity;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Composition;
using Nssv.Kernel.Data;

namespace Nssv.Services.Inventory.Enrolments;

/// <summary>
/// Lets an agent in: <see cref="IHostInbox.Enrol"/>. The certificate is signed first and counts only once its fingerprint stands with the host,
/// in the unit that spends the token; a crash in between leaves a certificate that nobody accepts and a token that still works.
/// </summary>
public sealed class HostEnrolment(IBus bus, IStore store, IAgentAuthority authority, NodeIdentity node, AgentApiAddress address)
{
    /// <exception cref="ProblemException">403 enrolment-refused; 400 invalid-certificate-request or agent-url-invalid: the token is not spent.</exception>
    public async Task<EnrolReply> Enrol(EnrolRequest request)
    {
        if (!HostRules.IsAgentUrl(request.AgentUrl))
        {
            throw Problems.Invalid(
                "agentUrl", "The agent's URL is not of the form https://host:port.", "Look at the agent's configured address and port.", "agent-url-invalid").AsException();
        }

        var hash = EnrolmentTokens.Hash(request.Token);
        var enrolment = await store.First<Enrolment>(Condition.Equal(nameof(Enrolment.TokenHash), hash))
            ?? throw EnrolmentTokens.Refused.AsException();
        var certificate = authority.SignAgent(enrolment.HostId, request.CertificateRequestPem);
        var host = await bus.Call(new SpendEnrolment(enrolment.HostId, hash, request.AgentUrl, certificate.Fingerprint));
        return new EnrolReply(host, node.PlatformId, certificate.CertificatePem, certificate.AuthorityPem, address.Url.GetLeftPart(UriPartial.Authority));
    }

    /// <summary>
    /// Certifies a new key of an agent that has proved itself by its certificate. Nothing is lost on the way: until the agent shows the new one, the one that
    /// it has counts, and a repeat makes another.
    /// </summary>
    /// <exception cref="ProblemException">400 invalid-certificate-request.</exception>
    public async Task<RenewedCertificate> Renew(RenewCertificate request)
    {
        var certificate = authority.SignAgent(request.HostId, request.CertificateRequestPem);
        await bus.Call(new ExpectCertificate(request.HostId, certificate.Fingerprint));
        return new RenewedCertificate(certificate.CertificatePem);
    }
}
