using Nssv.Kernel;

namespace Nssv.Contracts.Agent;

/// <summary>Takes in what hosts tell by themselves. Who sends has been made sure of by its certificate, but for <see cref="Enrol"/>.</summary>
public interface IHostInbox
{
    Task<HeartbeatReply> Heartbeat(Heartbeat heartbeat);

    Task<ReportReceipt> Report(HostReport report);

    /// <summary>Spends the one-use token, signs the certificate and remembers its fingerprint with the host.</summary>
    /// <exception cref="ProblemException">403 enrolment-refused: the token is unknown, spent or expired.</exception>
    Task<EnrolReply> Enrol(EnrolRequest request);
}
