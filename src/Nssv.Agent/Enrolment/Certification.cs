using System.Net;
using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Nssv.Contracts.Agent;
using Nssv.Kernel;
using Nssv.Kernel.Trust;

namespace Nssv.Agent.Enrolment;

/// <summary>Has one manager certify keys that are made here, each against a token of one use. The manager is trusted by the authority's certificate alone.</summary>
internal sealed class Certification : IDisposable
{
    private const int LargestAnswer = 256 * 1024;

    private readonly Uri _manager;
    private readonly X509Certificate2 _authority;
    private readonly TimeProvider _time;
    private readonly HttpClient _client;

    public Certification(Uri manager, X509Certificate2 authority, TimeProvider time)
    {
        (_manager, _authority, _time) = (manager, authority, time);
        var trust = new PlatformTrust(authority, null, time);
        _client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                    certificate is X509Certificate2 shown && trust.Verify(shown, asClient: false)?.Role == PlatformIdentity.Manager,
            },
        })
        { Timeout = TimeSpan.FromSeconds(60), MaxResponseContentBufferSize = LargestAnswer };
    }

    /// <summary>A new key with its certificate, and who this agent is by it.</summary>
    /// <param name="agentUrl">Where the agent will listen.</param>
    /// <exception cref="SetupException">It did not succeed; when the manager had refused, the token is not spent.</exception>
    public async Task<(X509Certificate2 Own, EnrolReply Reply)> Certify(string token, string agentUrl, CancellationToken cancel)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=nSSV agent", key, HashAlgorithmName.SHA256);
        var reply = await Send(new(token, request.CreateSigningRequestPem(), agentUrl), cancel);
        using var certified = X509Certificate2.CreateFromPem(reply.CertificatePem);
        var own = certified.CopyWithPrivateKey(key);
        try
        {
            Check(own, reply);
            return (own, reply);
        }
        catch
        {
            own.Dispose();
            throw;
        }
    }

    public void Dispose() => _client.Dispose();

    private async Task<EnrolReply> Send(EnrolRequest request, CancellationToken cancel)
    {
        try
        {
            using var answer = await _client.PostAsJsonAsync(new Uri(_manager, "/enroll"), request, KernelJson.Options, cancel);
            if (answer.IsSuccessStatusCode)
                return await answer.Content.ReadFromJsonAsync<EnrolReply>(KernelJson.Options, cancel) ?? throw new JsonException("it is empty");
            throw Refused(answer.StatusCode, await answer.Content.ReadAsStringAsync(cancel));
        }
        catch (HttpRequestException exception) when (exception.InnerException is System.Security.Authentication.AuthenticationException)
        {
            throw new SetupException($"{_manager} did not prove to be a manager of this platform.", "Take ca.crt from the manager's folder, and check the URL.", exception);
        }
        catch (HttpRequestException exception)
        {
            throw new SetupException($"{_manager} does not answer: {exception.Message}", "See that the manager runs and that its port for agents is reachable from this host.", exception);
        }
        catch (JsonException exception)
        {
            throw new SetupException($"The answer of {_manager} cannot be read: {exception.Message}", "Bring manager and agent to versions that fit.", exception);
        }
    }

    private static SetupException Refused(HttpStatusCode status, string body)
    {
        try
        {
            if (JsonSerializer.Deserialize<Problem>(body, KernelJson.Options) is { Title.Length: > 0 } problem)
                return new($"{problem.Title} {problem.Detail}".Trim(), problem.Advice ?? "Ask for a new token, then enrol again.");
        }
        catch (JsonException)
        {
            // Not a problem document: the status has to do.
        }
        return new($"The manager refused with status {(int)status}.", "Look at the manager's log, ask for a new token, then enrol again.");
    }

    private void Check(X509Certificate2 own, EnrolReply reply)
    {
        var identity = new PlatformTrust(_authority, reply.PlatformId, _time).Verify(own, asClient: true);
        if (identity is not { Role: PlatformIdentity.Agent } || identity.Id != reply.HostId)
            throw new SetupException("The certificate that came back is not for this host.", "Check the clocks of host and manager, then enrol again.");
        if (!Uri.TryCreate(reply.ManagerAgentApiUrl, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttps)
            throw new SetupException($"The manager calls itself '{reply.ManagerAgentApiUrl}', which is no https URL.", "Correct the manager's URL for agents.");
    }
}
