using Nssv.Agent;
using Nssv.Kernel;
using Nssv.Kernel.Agents;

namespace Nssv.Simulation.Tests.World;

/// <summary>
/// Watches invariant 3 from outside, by what the managers sent and were answered: once a host has answered an owner's question, no command that was only sent
/// with an older epoch begins there.
/// </summary>
internal sealed class SupersededWatch(SimulatedWorld world)
{
    private readonly Dictionary<(Id Host, string Command), long> _sent = [];
    private readonly Dictionary<(Id Host, Id Operation), long> _answered = [];

    public List<string> Violations { get; } = [];

    public IAgentTransport Around(IAgentTransport transport) => new Watched(this, transport);

    public void Takes(HostNode host, Command command, CommandScope scope)
    {
        world.Note(host.Context.Name, $"does {scope.CommandId[^Math.Min(24, scope.CommandId.Length)..]} {command.GetType().Name}");
        if (_answered.TryGetValue((host.Id, scope.OperationId), out var asked) && _sent.GetValueOrDefault((host.Id, scope.CommandId)) < asked)
            Violations.Add($"{host.Name} does {scope.CommandId}, sent with an older epoch than {asked}, which has asked");
    }

    private sealed class Watched(SupersededWatch watch, IAgentTransport transport) : IAgentTransport
    {
        public Task<CommandReceipt> Send(Id hostId, CommandBatch batch, CancellationToken cancel)
        {
            foreach (var command in batch.Commands)
                watch._sent[(hostId, command.Id)] = Math.Max(watch._sent.GetValueOrDefault((hostId, command.Id)), command.Epoch);
            return transport.Send(hostId, batch, cancel);
        }

        public async Task<AskReply> Ask(Id hostId, Ask ask, CancellationToken cancel)
        {
            var reply = await transport.Ask(hostId, ask, cancel);
            watch._answered[(hostId, ask.OperationId)] = Math.Max(watch._answered.GetValueOrDefault((hostId, ask.OperationId)), ask.Epoch);
            return reply;
        }

        public Task Forget(Id hostId, Forget forget, CancellationToken cancel) => transport.Forget(hostId, forget, cancel);
    }
}
