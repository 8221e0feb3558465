using Nssv.Kernel;
using Nssv.Kernel.Agents;

namespace Nssv.Simulator;

/// <summary>A manager's wire to simulated hosts.</summary>
/// <param name="callbackUrl">Under which the manager's own port is attached to the network.</param>
public sealed class InProcessTransport(SimulatedNetwork network, string callbackUrl) : IAgentTransport
{
    public Task<CommandReceipt> Send(Id hostId, CommandBatch batch, CancellationToken cancel) =>
        Exchange(hostId, "commands", batch, (host, message) => host.TakeCommands(message, callbackUrl), cancel);

    public Task<AskReply> Ask(Id hostId, Ask ask, CancellationToken cancel) =>
        Exchange(hostId, "ask", ask, (host, message) => host.TakeAsk(message), cancel);

    public Task Forget(Id hostId, Forget forget, CancellationToken cancel) =>
        Exchange(hostId, "forget", forget, (host, message) => host.TakeForget(message), cancel);

    private async Task<TAnswer> Exchange<TMessage, TAnswer>(Id hostId, string kind, TMessage message, Func<SimulatedHost, TMessage, Task<TAnswer>> handle, CancellationToken cancel)
    {
        try
        {
            return await network.Exchange<TMessage, TAnswer>(callbackUrl, hostId.ToString(), kind, message, arrived => handle(network.Host(hostId), arrived), cancel);
        }
        catch (LinkBrokenException exception)
        {
            throw new HostUnreachableException(hostId, exception.Message, exception);
        }
        catch (ProblemException exception) when (exception.Problem.Status == 503)
        {
            throw new HostUnreachableException(hostId, exception.Message, exception);
        }
    }
}
