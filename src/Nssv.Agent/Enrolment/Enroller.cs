using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Nssv.Agent.Enrolment;

/// <summary>
/// Makes a key on this host, has the manager certify it against a token of one use, and keeps the result. The key never leaves the host, and the manager is
/// trusted by the authority's certificate that the administrator brought along, never by what it says of itself.
/// </summary>
internal sealed class Enroller(AgentHome home, TimeProvider time)
{
    private const int LongestToken = 4096;

    /// <exception cref="SetupException">It did not succeed; the host is as it was before.</exception>
    public async Task<AgentSettings> Enrol(EnrolOrder order, CancellationToken cancel)
    {
        using var authority = ReadAuthority(order.AuthorityFile);
        using var certification = new Certification(order.Manager, authority, time);
        var agentUrl = new UriBuilder(Uri.UriSchemeHttps, order.Address, order.Port).Uri.GetLeftPart(UriPartial.Authority);
        var (own, reply) = await certification.Certify(ReadToken(order.TokenFile), agentUrl, cancel);
        using (own)
        {
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
