using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Identity;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Data;

namespace Nssv.Services.Identity;

/// <summary>
/// How a host's agent becomes known: an administrator takes a token that is good once and for 15 minutes; the agent shows it with a request for the key that it
/// has made, and gets its certificate. The token is kept as its SHA-256; enrolling anew replaces the host's certificate, which revokes the old one.
/// </summary>
public sealed class HostEnrolment(IStore store, IWriter writer, IAgentAuthority authority, AgentApiAddress address, Kernel.Composition.NodeIdentity node, TimeProvider time, ISecretSource secrets)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);
    private const int TokenBytes = 32;
    private const int Attempts = 5;

    /// <exception cref="ProblemException">404.</exception>
    public async Task<EnrolmentToken> Issue(Id hostId)
    {
        var host = await store.Get<Host>(hostId);
        var bytes = new byte[TokenBytes];
        secrets.Fill(bytes);
        var token = Base64Url.EncodeToString(bytes);
        var (now, expires) = (Clock.Now(time), Clock.Now(time) + Lifetime);
        await writer.Commit(new UnitOfWork()
            .Execute("enrolments", "DELETE FROM enrolments WHERE host_id = @p0 OR expires_at < @p1", null, host.Id, now)
            .Insert(new Enrolment { TokenHash = HashOf(token), HostId = host.Id, ExpiresAt = expires }));
        return new EnrolmentToken(token, expires);
    }

    /// <summary>Spends the token, signs the certificate and remembers its fingerprint with the host.</summary>
    /// <exception cref="ProblemException">403 enrolment-refused; 400 invalid-certificate-request or agentUrl.</exception>
    public async Task<EnrolReply> Enrol(EnrolRequest request)
    {
        if (!Uri.TryCreate(request.AgentUrl, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttps || url.PathAndQuery != "/" || url.UserInfo.Length > 0 || request.AgentUrl.Length > 300)
            throw Problems.Invalid("agentUrl", "The agent's address is of the form https://name:port.").AsException();
        var enrolment = await store.First<Enrolment>(Condition.Equal(nameof(Enrolment.TokenHash), HashOf(request.Token)));
        if (enrolment is null || enrolment.ExpiresAt <= time.GetUtcNow())
            throw Refused.AsException();
        var issued = authority.SignAgent(enrolment.HostId, request.CertificateRequestPem);
        for (var attempt = 1; ; attempt++)
        {
            var host = await store.Find<Host>(enrolment.HostId) ?? throw Refused.AsException();
            var unit = new UnitOfWork()
                .Delete(enrolment)
                .Update(host, host with { CertificateFingerprint = issued.Fingerprint, AgentUrl = url.GetLeftPart(UriPartial.Authority), UpdatedAt = Clock.Now(time) });
            try
            {
                await writer.Commit(unit);
                return new EnrolReply(host.Id, node.PlatformId, issued.CertificatePem, issued.AuthorityPem, address.Url.GetLeftPart(UriPartial.Authority));
            }
            catch (ConcurrencyException e) when (e.Table == "hosts" && attempt < Attempts)
            {
                // Somebody changed the host at this moment: once more on what is there now.
            }
            catch (ConcurrencyException)
            {
                throw Refused.AsException();
            }
        }
    }

    private static Problem Refused { get; } =
        new(403, "enrolment-refused", "The enrolment was refused.", "The token is unknown, was used already, or is older than 15 minutes.", "Take a new one with './nssv host enroll HOST' and use it at once.");

    private static string HashOf(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}

/// <summary>What an agent enrols with, once.</summary>
public sealed record EnrolmentToken(string Token, DateTimeOffset ExpiresAt)
{
    /// <summary>Never with the token.</summary>
    public override string ToString() => "enrolment token";
}
