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
    private readonly HashSet<(Id Host, string Command)> _toldRunning = [];
    private readonly Dictionary<(Id Host, Id Operation), long> _done = [];

    public List<string> Violations { get; } = [];

    public IAgentTransport Around(IAgentTransport transport) => new Watched(this, transport);

    public void Takes(HostNode host, Command command, CommandScope scope)
    {
        world.Note(host.Context.Name, $"does {scope.CommandId[^Math.Min(24, scope.CommandId.Length)..]} {command.GetType().Name}");
        var operation = (host.Id, scope.OperationId);
        var epoch = _sent.GetValueOrDefault((host.Id, scope.CommandId));
        if (epoch < _answered.GetValueOrDefault(operation) && !_toldRunning.Contains((host.Id, scope.CommandId)))
            Violations.Add($"{host.Name} does {scope.CommandId}, sent with epoch {epoch}, although {_answered[operation]} has asked");
        // What ran while it was asked for was told to run, and may end; but not after its new owner has done something itself.
        if (epoch < _done.GetValueOrDefault(operation))
            Violations.Add($"{host.Name} does {scope.CommandId}, sent with epoch {epoch}, after a command of epoch {_done[operation]}");
        _done[operation] = Math.Max(_done.GetValueOrDefault(operation), epoch);
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
            foreach (var command in reply.Commands)
            {
                if (command.State == CommandState.Running)
                    watch._toldRunning.Add((hostId, command.CommandId));
                else
                    watch._toldRunning.Remove((hostId, command.CommandId));
            }

            watch._answered[(hostId, ask.OperationId)] = Math.Max(watch._answered.GetValueOrDefault((hostId, ask.OperationId)), ask.Epoch);
            return reply;
        }

        public Task Forget(Id hostId, Forget forget, CancellationToken cancel) => transport.Forget(hostId, forget, cancel);
    }
}
