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

/// <summary>
/// Makes a key on this host, has the manager certify it against a token of one use, and keeps the result. The key never leaves the host, and the manager is
/// trusted by the authority's certificate that the administrator brought along, never by what it says of itself.
/// </summary>
internal sealed class Enroller(AgentHome home, TimeProvider time)
{
    private const int LargestAnswer = 256 * 1024;
    private const int LongestToken = 4096;

    /// <exception cref="SetupException">It did not succeed; the host is as it was before.</exception>
    public async Task<AgentSettings> Enrol(EnrolOrder order, CancellationToken cancel)
    {
        using var authority = ReadAuthority(order.AuthorityFile);
        var token = ReadToken(order.TokenFile);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=nSSV agent", key, HashAlgorithmName.SHA256);
        var agentUrl = new UriBuilder(Uri.UriSchemeHttps, order.Address, order.Port).Uri.GetLeftPart(UriPartial.Authority);

        var reply = await Send(order.Manager, authority, new(token, request.CreateSigningRequestPem(), agentUrl), cancel);
        using var certified = X509Certificate2.CreateFromPem(reply.CertificatePem);
        using var own = certified.CopyWithPrivateKey(key);
        Check(own, authority, reply);

        var settings = new AgentSettings
        {
            PlatformId = reply.PlatformId,
            HostId = reply.HostId,
            Managers = [.. new[] { order.Manager.GetLeftPart(UriPartial.Authority), reply.ManagerAgentApiUrl }.Distinct(StringComparer.OrdinalIgnoreCase)],
            Url = agentUrl,
            ListenAddress = IPAddress.TryParse(order.Address, out var address) && IPAddress.IsLoopback(address) ? order.Address : null,
            ListenPort = order.Port,
        };
        home.Create();
        home.Write(settings, own, authority.ExportCertificatePem());
        return settings;
    }

    private async Task<EnrolReply> Send(Uri manager, X509Certificate2 authority, EnrolRequest request, CancellationToken cancel)
    {
        var trust = new PlatformTrust(authority, null, time);
        using var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                    certificate is X509Certificate2 shown && trust.Verify(shown, asClient: false)?.Role == PlatformIdentity.Manager,
            },
        };
        using var client = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(60), MaxResponseContentBufferSize = LargestAnswer };
        try
        {
            using var answer = await client.PostAsJsonAsync(new Uri(manager, "/enroll"), request, KernelJson.Options, cancel);
            if (answer.IsSuccessStatusCode)
                return await answer.Content.ReadFromJsonAsync<EnrolReply>(KernelJson.Options, cancel) ?? throw new JsonException("it is empty");
            throw Refused(answer.StatusCode, await answer.Content.ReadAsStringAsync(cancel));
        }
        catch (HttpRequestException exception) when (exception.InnerException is System.Security.Authentication.AuthenticationException)
        {
            throw new SetupException($"{manager} did not prove to be a manager of this platform.", "Take ca.crt from the manager's folder, and check the URL.", exception);
        }
        catch (HttpRequestException exception)
        {
            throw new SetupException($"{manager} does not answer: {exception.Message}", "See that the manager runs and that its port for agents is reachable from this host.", exception);
        }
        catch (JsonException exception)
        {
            throw new SetupException($"The answer of {manager} cannot be read: {exception.Message}", "Bring manager and agent to versions that fit.", exception);
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

    private void Check(X509Certificate2 own, X509Certificate2 authority, EnrolReply reply)
    {
        var identity = new PlatformTrust(authority, reply.PlatformId, time).Verify(own, asClient: true);
        if (identity is not { Role: PlatformIdentity.Agent } || identity.Id != reply.HostId)
            throw new SetupException("The certificate that came back is not for this host.", "Check the clocks of host and manager, then enrol again.");
        if (!Uri.TryCreate(reply.ManagerAgentApiUrl, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttps)
            throw new SetupException($"The manager calls itself '{reply.ManagerAgentApiUrl}', which is no https URL.", "Correct the manager's URL for agents.");
    }

    private static X509Certificate2 ReadAuthority(string path)
    {
        try
        {
            return X509CertificateLoader.LoadCertificateFromFile(path);
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new SetupException($"The authority's certificate {path} cannot be read: {exception.Message}", "Copy ca.crt from the manager's folder.", exception);
        }
    }

    private static string ReadToken(string path)
    {
        try
        {
            var token = File.ReadAllText(path).Trim();
            return token.Length is > 0 and <= LongestToken ? token : throw new SetupException($"{path} holds no token.", "Ask the manager for one with 'hosts/{id}:enroll'.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SetupException($"The token file {path} cannot be read: {exception.Message}", "Name a file that holds the token and nothing else.", exception);
        }
    }
}

/// <param name="Manager">The manager's URL for agents.</param>
/// <param name="Address">Under which managers reach this host.</param>
internal sealed record EnrolOrder(Uri Manager, string AuthorityFile, string TokenFile, string Address, int Port);
