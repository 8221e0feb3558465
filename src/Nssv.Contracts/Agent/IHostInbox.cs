namespace Nssv.Contracts.Agent;

/// <summary>Takes in what hosts tell by themselves. Who sends has been made sure of by its certificate.</summary>
public interface IHostInbox
{
    Task<HeartbeatReply> Heartbeat(Heartbeat heartbeat);

    Task<ReportReceipt> Report(HostReport report);
}
