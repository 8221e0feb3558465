namespace Nssv.Kernel.Agents;

/// <summary>Signs the certificates of hosts' agents. The key is made on the host and never leaves it.</summary>
public interface IAgentAuthority
{
    /// <summary>
    /// Signs a PKCS#10 request (PEM) as agent <paramref name="hostId"/>. Only the request's key is taken over: subject and extensions are ours.
    /// </summary>
    /// <exception cref="ProblemException">400 invalid-certificate-request: unreadable, wrongly signed, or a key of another kind than ECDSA P-256 or P-384.</exception>
    IssuedCertificate SignAgent(Id hostId, string certificateRequestPem);
}

/// <param name="Fingerprint">SHA-256 of the certificate, lower-case hex: what the host's row keeps, so that it can be revoked.</param>
public sealed record IssuedCertificate(string CertificatePem, string AuthorityPem, string Fingerprint);
