using Nssv.Agent.Protocol;
using Nssv.Contracts.Agent;
using Nssv.Kernel;
using Nssv.Kernel.Agents;

namespace Nssv.Simulator;

/// <summary>A simulated agent's wire to the managers; a dead agent sends nothing.</summary>
internal sealed class SimulatedManagerLink(SimulatedNetwork network, Id hostId, SimulatedHost.Life life) : IManagerLink
{
    private readonly ManagerRoute _route = network.Route();

    public bool IsAllowed(string callbackUrl) => callbackUrl.Length > 0;

    public Task<ResultReceipt> Deliver(string callbackUrl, ResultBatch batch, CancellationToken cancel) =>
        Exchange(callbackUrl, "results", batch, (port, message) => port.TakeResults(message), cancel);

    public Task<HeartbeatReply> Beat(Heartbeat heartbeat, CancellationToken cancel) =>
        _route.Beat(manager => Exchange(manager, "heartbeat", heartbeat, (port, message) => port.TakeHeartbeat(message), cancel));

    public Task<ReportReceipt> Report(HostReport report, CancellationToken cancel) =>
        _route.Send(manager => Exchange(manager, "report", report, (port, message) => port.TakeReport(message), cancel));

    private async Task<TAnswer> Exchange<TMessage, TAnswer>(string to, string kind, TMessage message, Func<IManagerPort, TMessage, Task<TAnswer>> handle, CancellationToken cancel)
    {
        if (life.IsDead)
            throw new LinkBrokenException("The agent is dead");
        return await network.Exchange<TMessage, TAnswer>(hostId.ToString(), to, kind, message, arrived => handle(network.Manager(to), arrived), cancel);
    }
}
