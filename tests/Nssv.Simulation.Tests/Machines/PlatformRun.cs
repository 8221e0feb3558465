using Microsoft.Extensions.DependencyInjection;
using Nssv.Contracts.Agent;
using Nssv.Contracts.Compute;
using Nssv.Contracts.Inventory;
using Nssv.Kernel;
using Nssv.Kernel.Agents;
using Nssv.Kernel.Calls;
using Nssv.Kernel.Data;
using Nssv.Kernel.Model;
using Nssv.Services;
using Nssv.Services.Inventory.Observation;
using Nssv.Simulation.Tests.Invariants;
using Nssv.Simulation.Tests.World;
using Nssv.Simulator;

namespace Nssv.Simulation.Tests.Machines;

/// <summary>The product itself: its requests, flows and observation of hosts, on simulated hosts.</summary>
internal abstract class PlatformRun : ScenarioRun
{
    private readonly List<string> _twice = [];

    protected PlatformRun(ulong seed, Mutation mutation, bool verbose, int managers, int hosts) : base(seed, mutation, verbose, managers, hosts, Models)
    {
        foreach (var host in Cluster.Hosts)
        {
            var watch = host.Effect;
            host.Effect = (node, command, scope) =>
            {
                watch?.Invoke(node, command, scope);
                NeverTwice(node, command);
            };
        }
    }

    protected static ResourceModels Models { get; } = ResourceModels.FromAssemblies(typeof(VirtualMachine).Assembly);

    protected override void AddServices(IServiceCollection services)
    {
        services.AddPlatformServices();
        services.AddSingleton<IManagerPort, PlatformPort>();
        services.AddSingleton<ISecretSource>(new SeededSecrets(Cluster.World.Dice.Fork()));
    }

    protected override void Begun(IServiceProvider services) => _ = services.GetRequiredService<HostObservation>().Watch(CancellationToken.None);

    protected bool Answered() => Cluster.Run(() => Person.Open == 0, TimeSpan.FromMinutes(1)) && Person.Refused.Count == 0;

    protected void StartManagers()
    {
        foreach (var manager in Cluster.Managers)
            manager.Start();
    }

    /// <summary>The hosts begin, and are known.</summary>
    protected bool Started()
    {
        Cluster.StartAll();
        return Quiet();
    }

    /// <summary>A stage of the set-up: all of it is accepted, and done before the next one.</summary>
    protected bool Asked(params IEnumerable<Request> requests)
    {
        foreach (var request in requests)
            Person.Ask(request);
        // Before the hosts are up nothing is quiet.
        return Answered() && (Cluster.Hosts.TrueForAll(host => host.Context.IsDead) || Quiet());
    }

    /// <summary>Invariant 4, looked at each time a domain is about to start.</summary>
    private void NeverTwice(HostNode node, Command command)
    {
        if (command is not StartDomain start)
            return;
        foreach (var other in Cluster.Hosts.Where(host => host != node))
        {
            if (other.Machine.Domains.Any(domain => domain.VirtualMachineId == start.VirtualMachineId && domain.State is (DomainState.Running or DomainState.Paused or DomainState.ShuttingDown)))
                _twice.Add($"{start.VirtualMachineId.Short} starts on {node.Name} while it runs on {other.Name}");
        }
    }

    /// <summary>Long enough for every host to tell everything once more.</summary>
    protected override TimeSpan RestFor => TimeSpan.FromMinutes(6);

    protected override bool IsForgotten(HostNode host) => Now(Cluster.Store.Find<Host>(host.Id)) is null;

    /// <summary>States that only a report ends have ended.</summary>
    protected override bool IsAtRest(IStore store) =>
        Now(store.List<VirtualMachine>()).All(vm => vm.State != VmState.Unknown) && Now(store.List<Host>()).All(host => host.State == HostState.Connected);

    protected override async Task<(string Type, IReadOnlyDictionary<Id, string> Rows)> States(IStore store) =>
        ("virtual-machine", (await store.List<VirtualMachine>()).ToDictionary(vm => vm.Id, vm => vm.State.ToString()));

    protected override async Task Check(IStore store, Findings findings)
    {
        findings.AddAll(Invariant.RunsTwice, _twice);
        await CascadeChecks.Whole(store, Models, findings);
        await MachineChecks.Agree(store, Cluster.Hosts, host => Chaos?.LostPower(host) == true, findings);
    }

    protected static Id Named(int number) => Id.Parse($"01890000-0000-7000-8000-{0x5000_0000_0000L + number:x12}");
}
